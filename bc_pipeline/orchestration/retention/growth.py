"""How much is stored, and how fast that grows: each clean-up is compared with the one before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from bc_pipeline.tenants import files

FILE = "storage.json"
"""In BC_PIPELINE_HOME: what was stored after the last clean-up."""

_DAY = timedelta(days=1)
_LONG_ENOUGH = timedelta(hours=1)
"""What grew within minutes says nothing about a day."""


@dataclass(frozen=True)
class Stored:
    """What is stored at one moment, in bytes.

    Args:
        at: UTC.
        dagster: Dagster's own storage on this disk.
        snapshots: of each tenant.
    """

    at: datetime
    dagster: int
    snapshots: dict[str, int]

    @property
    def total(self) -> int:
        """All of it."""
        return self.dagster + sum(self.snapshots.values())

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "dagster": self.dagster, "snapshots": self.snapshots}


def per_day(before: Stored | None, now: Stored) -> int | None:
    """Bytes a day by which it grew; None when that cannot be told yet."""
    if before is None or now.at - before.at < _LONG_ENOUGH:
        return None
    return round((now.total - before.total) / ((now.at - before.at) / _DAY))


def last(home: Path) -> Stored | None:
    """What was stored after the last clean-up; None before the first one, or when that cannot be
    read."""
    try:
        told = orjson.loads((home / FILE).read_bytes())
        return Stored(datetime.fromisoformat(told["at"]), told["dagster"], told["snapshots"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note(home: Path, stored: Stored) -> None:
    """Remember it for the next clean-up."""
    files.replace(home / FILE, orjson.dumps(stored.as_json()))
