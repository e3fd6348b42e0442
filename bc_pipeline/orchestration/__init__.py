"""Everything that knows Dagster: assets, checks, jobs, schedules and sensors."""
