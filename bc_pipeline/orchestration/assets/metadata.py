"""What a materialisation shows: figures, a preview and the column schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dagster import MetadataValue, TableColumn, TableRecord, TableSchema

from bc_pipeline.catalogue.resources import PRODUCTS
from bc_pipeline.catalogue.task import BC, OUTBOUND, Task
from bc_pipeline.orchestration.assets.schema import column_schema
from bc_pipeline.report import COUNT_NAMES, EntityResult
from bc_pipeline.run.tenant_run import TenantRun
from bc_pipeline.snapshot.rows import rows
from bc_pipeline.snapshot.store import Snapshot

PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 8
FILES_SHOWN = 10
REQUESTS_SHOWN = 100

_LAST_BOOKED = """
SELECT coalesce(external_id, key) AS record, state, action, bc_number, reason, file, line
FROM outbound.ledger WHERE entity = ? ORDER BY updated_at DESC, key LIMIT ?
"""

_LAST_FILES = """
SELECT name AS file, state, lines, done_name AS moved_to, first_seen, done_at
FROM outbound.files WHERE entity = ? ORDER BY first_seen DESC, name LIMIT ?
"""


def materialized(entry: Task, result: EntityResult, tenant_run: TenantRun) -> dict[str, Any]:
    """All a run shows of an asset."""
    snapshot = tenant_run.snapshot
    return {
        **result_metadata(entry, result),
        **_read_first(tenant_run.read_first(entry.name)),
        **files(snapshot, entry),
        **requests_noted(result),
        **stock_as_of(entry, tenant_run),
        "preview": preview(snapshot, entry, result),
        "dagster/column_schema": column_schema(entry.table),
        "dry_run": tenant_run.launch.dry_run,
    }


def stock_as_of(entry: Task, tenant_run: TenantRun) -> dict[str, MetadataValue]:
    """The moment the stock is of that was sent. Empty for other assets than products."""
    if entry.entity != PRODUCTS.name or tenant_run.looked_at is None:
        return {}
    return {"stock_as_of": MetadataValue.timestamp(tenant_run.looked_at)}


def _read_first(reads: Sequence[EntityResult]) -> dict[str, Any]:
    """What was read along, because the asset was run without what it is made from."""
    if not reads:
        return {}
    return {
        "read_first": table(
            {
                "entity": read.name,
                "rows": read.rows,
                "requests": read.requests,
                "complete": read.complete,
                "reason": "; ".join(problem.reason for problem in read.problems),
            }
            for read in reads
        )
    }


def result_metadata(entry: Task, result: EntityResult) -> dict[str, Any]:
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
        metadata["pages"] = result.pages
    else:
        metadata |= {name: getattr(result, name) for name in COUNT_NAMES}
    if result.adopted:
        metadata["adopted"] = result.adopted
    if result.mode:
        metadata["mode"] = result.mode
    if result.warnings:
        metadata["warnings"] = dict(result.warnings)
    if result.problems:
        metadata["problems"] = table(
            {"record": problem.record, "kind": problem.kind, "reason": problem.reason}
            for problem in result.problems[:20]
        )
    return metadata


def requests_noted(result: EntityResult) -> dict[str, Any]:
    """What a dry run would have sent to Business Central: every request with its body, the first
    ``REQUESTS_SHOWN`` of many (``bc-pipeline export --dry-run`` shows all). Empty for other runs.
    """
    if not result.requests_noted:
        return {}
    shown = (
        {**request, "body": json.dumps(request["body"], ensure_ascii=False)}
        for request in result.requests_noted[:REQUESTS_SHOWN]
    )
    return {"requests_noted": table(shown), "requests_noted_total": len(result.requests_noted)}


def files(snapshot: Snapshot, entry: Task) -> dict[str, MetadataValue]:
    """The files of an outbound entity, newest first; what became of each line stands in
    ``results/<file>.results.jsonl`` next to them. Empty for other assets."""
    if entry.prefix != OUTBOUND:
        return {}
    found = _rows(snapshot, _LAST_FILES, [entry.entity, FILES_SHOWN])
    return {"files": table(found)} if found else {}


def preview(snapshot: Snapshot, entry: Task, result: EntityResult) -> MetadataValue:
    """What was sent in this run; when nothing was, rows of the table: the first ones, of the ledger
    the last ones booked."""
    if result.changes:
        return table(result.changes)
    if entry.prefix == OUTBOUND:
        return table(_rows(snapshot, _LAST_BOOKED, [entry.entity, PREVIEW_ROWS]))
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


def _rows(snapshot: Snapshot, sql: str, parameters: list[object]) -> list[dict[str, Any]]:
    with snapshot.cursor() as cursor:
        return rows(cursor, sql, parameters)


def _cell(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return str(value)
