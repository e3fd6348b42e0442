"""Tags of runs, and what else tells whose they are."""

from __future__ import annotations

TENANT_TAG = "bc_pipeline/tenant"
PARENT_TAG = "bc_pipeline/sweep"
"""Run id of the sweep a run is part of."""
SHARD_TAG = "bc_pipeline/shard"
"""Which part of the tenants a sweep works on; two of the same part never overlap."""
PARTITION_TAG = "dagster/partition"
BY_TAG = "bc_pipeline/by"
"""Who has started it, where somebody said."""
FIRST_ASSET = "bc/companies"
"""What every run begins with."""
