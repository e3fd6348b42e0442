"""One run of one tenant: its tasks, their order, its summary. Knows nothing of Dagster."""
