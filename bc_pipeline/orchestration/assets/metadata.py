"""What a materialisation shows: figures and a preview. What is the same for every run, such as the
columns, stands in the definition of the asset: here it would be stored with each run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dagster import MetadataValue, TableColumn, TableRecord, TableSchema

from bc_pipeline import links
from bc_pipeline.catalogue.resources import PRODUCTS
from bc_pipeline.catalogue.task import BC, OPTIPLY, OUTBOUND, Task
from bc_pipeline.orchestration.assets.linked import linked_table
from bc_pipeline.report import COUNT_NAMES, EntityResult
from bc_pipeline.run.tenant_run import TenantRun
from bc_pipeline.snapshot.rows import rows
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.values import is_guid

PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 8
OURS = ("extra", "source_modified_at")
"""Columns of wanted rows that serve the program only."""
NUMBER_COLUMNS = ("number", "bc_number", "reference")
"""Columns that hold what Business Central calls a record."""
FILES_SHOWN = 10
REQUESTS_SHOWN = 100

_REMOTE_ID = re.compile(r"(; )?remoteId: [0-9a-f-]{36}[^;]*")
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
        "preview": preview(snapshot, entry, result, tenant_run.tenant),
        **_dashboard(entry, result, tenant_run.tenant),
        **({"dry_run": True} if tenant_run.launch.dry_run else {}),
    }


def _dashboard(entry: Task, result: EntityResult, tenant: Tenant) -> dict[str, MetadataValue]:
    """Where Optiply itself is looked at, when there is something to look up."""
    address = links.in_optiply(tenant)
    if address is None or entry.prefix != OPTIPLY or not (result.changes or result.problems):
        return {}
    return {"in_optiply": MetadataValue.url(address)}


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
        "seconds": round(result.seconds, 3),
    }
    # Each figure is stored several times a run: what is nothing as a rule is shown when it is not.
    if result.retried or result.throttled:
        metadata["requests_retried"] = result.retried
        metadata["requests_throttled"] = result.throttled
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


def preview(snapshot: Snapshot, entry: Task, result: EntityResult, tenant: Tenant) -> MetadataValue:
    """What was sent in this run; when nothing was, rows of the table: the first ones, of the ledger
    the last ones booked. By number and name, each number a link to Business Central where its web
    client is known."""
    found = result.changes or _some_rows(snapshot, entry)
    with snapshot.cursor() as cursor:
        company = links.own_company(cursor, tenant)
    shown = [
        {name: _without_ids(value) for name, value in row.items() if not _is_id(name, value)}
        for row in found
    ]

    def address(number: str) -> str | None:
        return links.in_business_central(tenant, company, entry.entity, number)

    return linked_table(shown, NUMBER_COLUMNS, address)


def _some_rows(snapshot: Snapshot, entry: Task) -> list[dict[str, Any]]:
    if entry.prefix == OUTBOUND:
        return _rows(snapshot, _LAST_BOOKED, [entry.entity, PREVIEW_ROWS])
    found = _rows(snapshot, f"SELECT * FROM {entry.table} LIMIT ?", [PREVIEW_ROWS])
    told = [
        name
        for name in (found[0] if found else ())
        if not name.startswith("_")
        and name not in OURS
        and not any(_is_id(name, row[name]) for row in found)
    ]
    return [{name: row[name] for name in told[:PREVIEW_COLUMNS]} for row in found]


def _without_ids(value: object) -> object:
    """The changes of a record without the id it got: its number says which it is."""
    return _REMOTE_ID.sub("", value) if isinstance(value, str) else value


def _is_id(name: str, value: object) -> bool:
    """Whether it is something people neither know nor need: a GUID, or a key made of them."""
    return name == "remote_id" or (isinstance(value, str) and value != "" and is_guid(value))


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
