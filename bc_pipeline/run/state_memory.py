"""What a snapshot told the last time, in ``status.json`` beside it, until somebody touches it: to
ask it again takes twenty times as long. Without the file it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from bc_pipeline.run import tick_memory
from bc_pipeline.run.freshness import Books
from bc_pipeline.snapshot.store import FILE_NAME, is_left_open
from bc_pipeline.tenants import files
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_optiply.held import HeldDeletion

FILE = "status.json"
_FORM = 2
"""Of the file; another one makes it void."""
_MOMENTS = ("started_at", "ended_at", "good")

Remembered = dict[str, Any]


def version(tenant: Tenant) -> str | None:
    """What makes an answer void when it changes: the snapshot, the program, the tenant's settings.
    None while the snapshot is written to, or when there is none."""
    directory = tenant.snapshot_dir
    if is_left_open(directory) or not (directory / FILE_NAME).exists():
        return None
    return f"{_FORM} {tick_memory.state_of(directory)} {tick_memory.maker(tenant)}"


def recall(tenant: Tenant, *, stale: bool = False) -> Remembered | None:
    """What the snapshot as it is now has told before; None when it has to be asked.

    Args:
        tenant: whose.
        stale: what it told before somebody touched it will do.
    """
    try:
        known = orjson.loads((tenant.snapshot_dir / FILE).read_bytes())
        form = str(known["version"]).partition(" ")[0]
        if form != str(_FORM) or (not stale and known["version"] != version(tenant)):
            return None
        return _from_json(known["told"])
    except files.UNUSABLE:
        return None


def keep(tenant: Tenant, asked_at: str | None, told: Remembered) -> None:
    """Remember what it told. Losing it costs a moment, so a failure is not told.

    Args:
        tenant: whose.
        asked_at: ``version`` before it was asked.
        told: what it told.
    """
    if asked_at is None or asked_at != version(tenant):
        return
    plain = {**told, "books": asdict(told["books"]), "deletions": _plain(told["deletions"])}
    with suppress(OSError, orjson.JSONEncodeError):
        content = orjson.dumps({"version": asked_at, "told": plain})
        files.replace(tenant.snapshot_dir / FILE, content, durable=False)


def _plain(deletions: list[HeldDeletion]) -> list[dict[str, Any]]:
    return [each.as_json() for each in deletions]


def _from_json(told: Remembered) -> Remembered:
    books = told["books"]
    entities = {name: _with_moments(row) for name, row in books["entities"].items()}
    return {
        **told,
        "books": Books(entities, books["problems"], books["unneeded"]),
        "deletions": [HeldDeletion(**each) for each in told["deletions"]],
        "settings": [(entity, text) for entity, text in told["settings"]],
        **{name: _with_moments(told[name]) for name in ("last_run", "last_good_run") if told[name]},
    }


def _with_moments(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in _MOMENTS and value else value
        for name, value in row.items()
    }
