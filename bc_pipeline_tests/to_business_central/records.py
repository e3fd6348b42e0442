"""Records, pendings and a snapshot for tests of the outbound core."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bc_pipeline.business_central.client import Company
from bc_pipeline.report import EntityResult
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central.export_types import LedgerEntry, Pending, Source
from bc_pipeline.to_business_central.ledger import Ledger

HOME = Company("11111111-0000-0000-0000-000000000001", "CRONUS", "CRONUS International Ltd.")
BRANCH = Company("11111111-0000-0000-0000-000000000002", "BRANCH", "CRONUS Branch")


def pending(key: str, payload_hash: str = "h1", line: int = 1, **changes: Any) -> Pending:
    given: dict[str, Any] = {
        "entity": "customers",
        "key": key,
        "payload_hash": payload_hash,
        "record": None,
        "payload": {"externalId": key},
        "company": HOME,
        "external_id": key,
        "source": Source("Customers.jsonl", 1, line),
    }
    return Pending(**{**given, **changes})


def ledger(snapshot: Snapshot, result: EntityResult | None = None, run_no: int = 1) -> Ledger:
    return Ledger(snapshot, "customers", run_no, result or EntityResult(name="outbound/customers"))


def entry(snapshot: Snapshot, key: str) -> LedgerEntry:
    return ledger(snapshot).entries([key])[key]


def drop(snapshot_dir: Path, name: str, *records: dict[str, Any] | str) -> Path:
    """Drop a file of records; a text is a line as it stands."""
    place = snapshot_dir / "outbound"
    place.mkdir(parents=True, exist_ok=True)
    lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
    temporary = place / f".{name}.part"
    temporary.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return temporary.rename(place / name)


def results(snapshot_dir: Path, name: str) -> list[dict[str, Any]]:
    """The results of a file; none when there is no results file."""
    path = snapshot_dir / "outbound" / "results" / f"{name}.results.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def done(snapshot_dir: Path) -> list[str]:
    """The names of the files in ``done``."""
    place = snapshot_dir / "outbound" / "done"
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


def left(snapshot_dir: Path) -> list[str]:
    """The names of the files still waiting."""
    place = snapshot_dir / "outbound"
    return sorted(path.name for path in place.iterdir() if path.is_file())
