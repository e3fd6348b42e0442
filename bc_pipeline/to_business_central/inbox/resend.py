"""Bringing refused records again once their cause is repaired (flows.md 10).

Records that came in files are dropped as a new file, made from what the ledger has kept of them.
Buy orders that are held need no file: they are tried in every run, and are only reported afresh.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import orjson

from bc_pipeline import clock
from bc_pipeline.catalogue.exports import EXPORTS, export_named
from bc_pipeline.errors import ConfigError
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central import ledger_rows
from bc_pipeline.to_business_central.export_types import COMPANY_NOT_FOUND, LedgerEntry
from bc_pipeline.to_business_central.inbox import place
from bc_pipeline.to_business_central.writer import Stream
from bc_pipeline.to_business_central.writers import STREAMS

MARK = "resend"
_MATCHES = (
    " AND (key = $given OR external_id = $given OR upper(bc_number) = upper($given) "
    "OR lower(bc_id) = lower($given))"
)
_FAILED = "SELECT {names} FROM outbound.ledger WHERE entity = $entity AND state = 'failed'{matches}"
_SET_FREE = """
UPDATE outbound.ledger SET blocked_runs = 0, reason = NULL
WHERE entity = $entity AND state IN ('blocked', 'ambiguous', 'failed'){matches}
"""
_FORGET = "DELETE FROM outbound.ledger WHERE entity = ? AND key IN (SELECT unnest(?::VARCHAR[]))"


def outbound_entities(entity: str | None) -> tuple[str, ...]:
    """``customers`` or ``outbound/customers`` as entities of the ledger; None means all.

    Raises:
        ConfigError: no such entity.
    """
    if entity is None:
        return tuple(EXPORTS)
    try:
        return (export_named(entity).entity,)
    except KeyError:
        known = ", ".join(export.task for export in EXPORTS.values())
        raise ConfigError(f"there is no export {entity!r}; known are: {known}") from None


def resend(
    snapshot: Snapshot, snapshot_dir: Path, entity: str | None = None, key: str | None = None
) -> int:
    """Bring failed records again in the next run, and set held buy orders free.

    Args:
        entity: only this entity.
        key: only this record: its key, externalId, BC number or BC id.

    Returns:
        how many records that is; those that wait in a file already do not count.

    Raises:
        ConfigError: no such entity.
    """
    count = 0
    for name in outbound_entities(entity):
        if name in STREAMS:
            count += _drop_again(snapshot, snapshot_dir, STREAMS[name], key)
        else:
            count += _set_free(snapshot, name, key)
    return count


def _drop_again(snapshot: Snapshot, snapshot_dir: Path, stream: Stream, key: str | None) -> int:
    waiting = {path.name for path in place.waiting(snapshot_dir)}
    with snapshot.cursor() as cursor:
        failed = [
            entry
            for entry in _failed(cursor, stream.entity, key)
            if not (entry.file in waiting and _is_resent(entry))
        ]
    if not failed:
        return 0
    name = _drop(place.directory(snapshot_dir), stream, failed)
    # From here on they are in the file; noting that keeps a second resend from doubling them.
    now = clock.now()
    nowhere = [entry.key for entry in failed if entry.error_class == COMPANY_NOT_FOUND]
    with snapshot.transaction() as cursor:
        ledger_rows.save(
            cursor,
            [
                ledger_rows.changed(entry, file=name, line=number, updated_at=now)
                for number, entry in enumerate(failed, start=1)
            ],
        )
        # Their key holds the name of a company; they come back under that of the right one.
        cursor.execute(_FORGET, [stream.entity, nowhere])
    return len(failed)


def _set_free(snapshot: Snapshot, entity: str, key: str | None) -> int:
    with snapshot.transaction() as cursor:
        row = cursor.execute(
            _SET_FREE.format(matches=_matches(key)), _given(entity, key)
        ).fetchone()
    return int(row[0]) if row else 0


def _failed(
    cursor: duckdb.DuckDBPyConnection, entity: str, key: str | None
) -> Sequence[LedgerEntry]:
    sql = (
        _FAILED.format(names=ledger_rows.NAMES, matches=_matches(key)) + " ORDER BY created_at, key"
    )
    return [
        ledger_rows.entry_of(row) for row in cursor.execute(sql, _given(entity, key)).fetchall()
    ]


def _matches(key: str | None) -> str:
    return "" if key is None else _MATCHES


def _given(entity: str, key: str | None) -> dict[str, Any]:
    return {"entity": entity} if key is None else {"entity": entity, "given": key}


def _is_resent(entry: LedgerEntry) -> bool:
    return entry.file is not None and f".{MARK}-" in entry.file


def _drop(place: Path, stream: Stream, entries: Sequence[LedgerEntry]) -> str:
    """Write the file under a temporary name, then rename it, as any producer should."""
    place.mkdir(parents=True, exist_ok=True)
    stamp = clock.now().strftime("%Y%m%dT%H%M%S%fZ")
    name = f"{stream.name}.{MARK}-{stamp}.jsonl"
    temporary = place / f".{name}"
    with temporary.open("wb") as file:
        for entry in entries:
            file.write(orjson.dumps(dict(entry.record), option=orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(place / name)
    return name
