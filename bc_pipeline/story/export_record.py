"""The story of a record on its way into Business Central."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb

from bc_pipeline import links
from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.run.freshness import minute
from bc_pipeline.run.records import LEDGER_NAME
from bc_pipeline.snapshot.rows import rows
from bc_pipeline.story import buy_order, record_state
from bc_pipeline.story import rows as raw
from bc_pipeline.story.model import Story
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.inbox import place
from bc_pipeline.to_business_central.inbox.results import results_path

STEPS: Mapping[str, str] = {
    "post": "a request with the whole document was about to be sent",
    "header": "the header was about to be sent, lines would follow",
    "posted": "it was sent, and what came of it was being read back",
    "refused": "Business Central refused it",
    "lost answer": "the answer to the request was lost",
    "linked": "both sides were told of each other",
}
"""Step in the ledger -> what it means; other steps are told by their own word."""
_NAME = f"""
SELECT {LEDGER_NAME} AS name FROM outbound.ledger WHERE entity = $entity AND key = $key
"""
_RUN = "SELECT run_id FROM ops.runs WHERE run_no = ?"
_LINKED = """
SELECT remote_id FROM sync.buy_orders WHERE CAST(optiply_id AS VARCHAR) = ? AND state <> 'deleted'
"""
_SUPPLIER = """
SELECT last_sent->>'$.name' FROM sync.suppliers
WHERE CAST(optiply_id AS VARCHAR) = ? AND state <> 'deleted'
"""


def story(cursor: duckdb.DuckDBPyConnection, tenant: Tenant, entity: str, key: str) -> Story:
    """All that is known of one record for Business Central.

    Args:
        cursor: of the tenant's snapshot.
        entity: as in the ledger.
        key: of a record that is there.
    """
    data = raw.booked(cursor, entity, key)
    ledger = data["ledger"]
    (named,) = rows(cursor, _NAME, {"entity": entity, "key": key})
    name = named["name"] or _one(cursor, _SUPPLIER, str(data["record"].get("supplier_id")))
    company = links.own_company(cursor, tenant)
    page = links.in_business_central(tenant, company, entity, ledger["bc_number"])
    return Story(
        f"outbound/{entity}",
        key,
        ledger["bc_number"],
        name,
        record_state.booked(tenant.name, f"outbound/{entity}", ledger),
        ids=_ids(entity, ledger),
        facts={
            title: lines
            for title, lines in {
                "Came in": _source(tenant, entity, data),
                "Steps": _steps(cursor, ledger),
                **_of_order(cursor, entity, key, data),
                "Outcomes": [_outcome(each) for each in data["outcomes"]],
            }.items()
            if lines
        },
        links={"Business Central": page} if page else {},
        data={**data, "key": key},
    )


def _ids(entity: str, ledger: Mapping[str, Any]) -> dict[str, str]:
    own = "Optiply id" if entity == "purchase_orders" else "externalId"
    given = {
        own: ledger["external_id"] or ledger["key"],
        "Business Central number": ledger["bc_number"],
        "Business Central id": ledger["bc_id"],
    }
    return {name: str(value) for name, value in given.items() if value}


def _source(tenant: Tenant, entity: str, data: Mapping[str, Any]) -> list[str]:
    """Which file and line brought it last, whether the file still waits, where its results are."""
    file = data["ledger"]["file"]
    if not EXPORTS[entity].from_files or not file:
        return []
    directory = place.directory(tenant.snapshot_dir)
    told = [f"{file}, line {data['ledger']['line']}"]
    if (directory / file).exists():
        told.append(f"the file still waits in {directory.name}/")
    results = results_path(directory, file)
    if results.exists():
        told.append(f"results: {results.relative_to(tenant.snapshot_dir)}")
    return told


def _steps(cursor: duckdb.DuckDBPyConnection, ledger: Mapping[str, Any]) -> list[str]:
    run_id = _one(cursor, _RUN, ledger["run_no"])
    told = [f"first seen {_moment(ledger['created_at'])}"]
    if ledger["step"]:
        told.append(f"reached: {STEPS.get(ledger['step'], ledger['step'])}")
    if ledger["action"]:
        told.append(f"last write: {ledger['action']}")
    if ledger["blocked_runs"]:
        told.append(f"blocked for {ledger['blocked_runs']} runs")
    if ledger["missed_lookups"]:
        told.append(f"looked for in vain {ledger['missed_lookups']} times after a lost answer")
    by = f" by run {run_id}" if run_id else ""
    return [*told, f"last touched {_moment(ledger['updated_at'])}{by}"]


def _of_order(
    cursor: duckdb.DuckDBPyConnection, entity: str, key: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    """Of a buy order its lines: with what was received, once both sides know each other."""
    if entity != "purchase_orders":
        return {}
    remote_id = _one(cursor, _LINKED, key)
    if remote_id:
        told = buy_order.facts(cursor, remote_id, None)
        if told.get("Lines"):
            return told
    return {"Ordered": buy_order.ordered(cursor, data["record"])}


def _outcome(row: Mapping[str, Any]) -> str:
    why = f": {row['error_class']}: {row['error_message']}" if not row["success"] else ""
    number = f" as {row['bc_number']}" if row["success"] and row["bc_number"] else ""
    when = _moment(row["settled_at"])
    return f"{when} {row['file']}, line {row['line']}: {row['action']}{number}{why}"


def _moment(text: str | None) -> str:
    """A moment of a raw row, as operators read it."""
    return minute(datetime.fromisoformat(text).astimezone(UTC)) if text else "at an unknown time"


def _one(cursor: duckdb.DuckDBPyConnection, sql: str, given: object) -> str | None:
    row = cursor.execute(sql, [given]).fetchone()
    return row[0] if row else None
