"""What the runbook promises to people, provoked in the sandbox."""
