"""How long a tenant's history stays."""

from __future__ import annotations

from pydantic import Field

from bc_pipeline.tenants.base import Settings


class RetentionSettings(Settings):
    """What the daily job ``retention`` leaves. Whatever is still needed stays beyond these limits:
    the newest run in which an entity was good, and whatever waits for somebody."""

    runs: int = Field(
        50, ge=1, description="Dagster runs that stay, the newest ones; with all their events"
    )
    failed_days: int = Field(
        30, ge=0, description="Days for which a failed run stays in Dagster, however many are newer"
    )
    history_days: int = Field(
        90,
        ge=1,
        description="Days for which the snapshot knows its runs, reads, counts and warnings, and "
        "what was sent to Optiply when",
    )
