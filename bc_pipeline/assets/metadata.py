"""What a materialisation shows: figures, a preview and the column schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dagster import MetadataValue, TableColumn, TableRecord, TableSchema

from bc_pipeline.assets.table import BC, AssetEntry
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.sync.model import COUNT_NAMES, EntityResult

PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 8


def result_metadata(entry: AssetEntry, result: EntityResult) -> dict[str, Any]:
    """The figures of one entity's run, under the names the JSON of ``sync`` uses."""
    metadata: dict[str, Any] = {
        "dagster/row_count": result.rows,
        "complete": result.complete,
        "requests": result.requests,
        "requests_retried": result.retried,
        "requests_throttled": result.throttled,
        "seconds": round(result.seconds, 3),
    }
    if entry.prefix == BC:
        metadata |= {"pages": result.pages}
        if result.mode:
            metadata["mode"] = result.mode
    else:
        metadata |= {name: getattr(result, name) for name in COUNT_NAMES}
    if result.warnings:
        metadata["warnings"] = dict(result.warnings)
    if result.problems:
        metadata["problems"] = table(
            {"record": problem.remote_id, "kind": problem.kind, "reason": problem.reason}
            for problem in result.problems[:20]
        )
    return metadata


def preview(snapshot: Snapshot, entry: AssetEntry, result: EntityResult) -> MetadataValue:
    """What was sent in this run; the first rows of the table when nothing was."""
    if result.changes:
        return table(result.changes)
    frame = snapshot.frame(entry.table, PREVIEW_ROWS)
    columns = [name for name in frame.columns if not name.startswith("_")][:PREVIEW_COLUMNS]
    return table(dict(zip(columns, row, strict=True)) for row in frame[columns].to_numpy())


def table(rows: Iterable[Mapping[str, Any]]) -> MetadataValue:
    """Rows as a table in Dagster's UI; the first row names the columns."""
    records = [{str(key): _cell(value) for key, value in row.items()} for row in rows]
    names = list(dict.fromkeys(name for record in records for name in record))
    if not names:
        return MetadataValue.text("none")
    return MetadataValue.table(
        [TableRecord({name: record.get(name) for name in names}) for record in records],
        TableSchema(columns=[TableColumn(name) for name in names]),
    )


def _cell(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return str(value)
