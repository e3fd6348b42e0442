"""What is deleted when: Dagster's runs, and what the snapshots know of theirs."""
