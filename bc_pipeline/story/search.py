"""Looking for a record without knowing what it is: by any number, id or name of either system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.catalogue.names import has_table, labelled
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.tables import TABLES, Table
from bc_pipeline.errors import ConfigError
from bc_pipeline.run.records import LEDGER_NAME, LEDGER_NUMBER
from bc_pipeline.snapshot.rows import rows
from bc_pipeline.story import searched_files, unfound
from bc_pipeline.story.hits import FEWEST_LETTERS, Found, Hit
from bc_pipeline.story.opening import Tell, looking
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.values import storable, typed

FEWEST_OF_AN_ID = 8
"""The same of ids, which nobody remembers but copies; and shorter ones are in thousands of them."""
_IDS = frozenset({"key", "optiply_id", "uuid", "bc_id", "c_id"})

# The text in the named columns of ``known``; the first one that has it tells. All of them at once
# are looked through before, for nearly every one of a million rows has it in none.
_MATCH = """
WITH known AS ({known}), matched AS (
  SELECT *, CASE {exact} END AS whole, CASE {partial} END AS part FROM known
  WHERE contains(lower(concat_ws(chr(31), {columns})), $text))
SELECT *, coalesce(whole, part) AS by, whole IS NOT NULL AS exact FROM matched
WHERE whole IS NOT NULL OR part IS NOT NULL
ORDER BY exact DESC, number NULLS LAST, key LIMIT {limit}
"""
MOST_OF_A_KIND = 20

# Which rows may have it is found out table by table: joining a million takes three times as long.
_OPTIPLY = """
WITH ids AS MATERIALIZED (
  SELECT remote_id FROM ({called})
  WHERE contains(lower(concat_ws(chr(31), {columns})), $text)
  UNION SELECT remote_id FROM ({wanted})
  WHERE contains(lower(concat_ws(chr(31), remote_id, reference, name)), $text))
SELECT coalesce(s.remote_id, w.remote_id) AS key, coalesce(w.reference, l.number) AS number,
  coalesce(w.name, l.name) AS name, CAST(s.optiply_id AS VARCHAR) AS optiply_id,
  s.optiply_uuid AS uuid, coalesce(s.state, w.decision) AS state,
  s.last_sent->>'$.eanCode' AS ean, s.last_sent->>'$.skuCode' AS sku
FROM (FROM sync.{name} WHERE remote_id IN (FROM ids)) s
FULL JOIN (SELECT * FROM ({wanted}) WHERE remote_id IN (FROM ids)) w ON w.remote_id = s.remote_id
LEFT JOIN ({labelled}) l ON l.remote_id = s.remote_id
"""
_CODES = ("eanCode", "skuCode")
_OPTIPLY_COLUMNS = {
    "number": "number",
    "key": "Business Central's id",
    "optiply_id": "Optiply's id",
    "uuid": "Optiply's uuid",
    "name": "name",
    "ean": "eanCode",
    "sku": "skuCode",
}
_LEDGER = f"""
SELECT entity, key, coalesce(bc_number, {LEDGER_NUMBER}) AS number, {LEDGER_NAME} AS name,
  external_id, bc_id, state, {LEDGER_NUMBER} AS given FROM outbound.ledger
"""
_LEDGER_COLUMNS = {
    "number": "number",
    "given": "the producer's number",
    "external_id": "externalId",
    "key": "key",
    "bc_id": "Business Central's id",
    "name": "name",
}
# Lines that never became a record: they have an outcome and no entry in the ledger.
_OUTCOMES = """
SELECT entity, coalesce(external_id, name || ':' || line) AS key, bc_number AS number, name,
  external_id, action AS state, error_message AS note FROM outbound.outcomes WHERE key IS NULL
"""
_OUTCOME_COLUMNS = {"external_id": "externalId", "number": "number"}

_IDENTIFYING = ("number", "code", "No", "id", "displayName", "gtin", "email", "orderNumber")
_SHOWN_AS: Mapping[str, str] = {
    "items": "products",
    "vendors": "suppliers",
    "purchase_orders": "buy_orders",
    "purchase_receipts": "buy_orders",
}
_SOLD_ITEMS = """
SELECT DISTINCT i.number FROM bc.sales_order_lines l JOIN bc.items i ON i.id = l.itemId
WHERE lower(l.documentId) = lower(?) ORDER BY ALL LIMIT 5
"""


def find(tenant: Tenant, text: str, tell: Tell | None = None) -> Found:
    """Everything of a tenant that has the text as, or in, one of its numbers, ids or names.

    Args:
        tenant: whose.
        text: what is looked for.
        tell: told what is waited for.

    Raises:
        ConfigError: the text is blank.
        FileNotFoundError: the tenant has not run yet.
        TenantBusy: a run holds the snapshot.
    """
    text = storable(text).strip()
    if not text:
        raise ConfigError("there is nothing to look for: give a number, an id or a part of a name")
    given = {"text": text.lower()}
    with looking(tenant, tell=tell) as cursor:
        mapped = [hit for name in RESOURCES for hit in _optiply(cursor, tenant, name, given)]
        booked = [*_ledger(cursor, tenant, given), *_outcomes(cursor, tenant, given)]
        known = {hit.key[:36] for hit in mapped}
        mirrored = [
            hit
            for table in TABLES.values()
            if table.document is None
            for hit in _mirror(cursor, tenant, table, given)
            if hit.key.lower() not in known
        ]
        missing = unfound.reasons(cursor, tenant)
    files = list(searched_files.hits(tenant, text))
    hits = sorted(
        [*mapped, *booked, *files, *mirrored], key=lambda hit: not hit.exact
    )  # stable: those of a kind stay together
    return Found(text, tuple(hits), unfound.looked_in(tenant), missing)


def _match(
    cursor: duckdb.DuckDBPyConnection,
    known: str,
    columns: Mapping[str, str],
    given: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The rows of ``known`` with the text in one of the columns."""
    exact = " ".join(f"WHEN lower({c}) = $text THEN '{_sql(by)}'" for c, by in columns.items())
    partial = " ".join(
        f"WHEN {_long_enough(c)} AND contains(lower({c}), $text) THEN '{_sql(by)}'"
        for c, by in columns.items()
    )
    sql = _MATCH.format(
        known=known,
        exact=exact,
        partial=partial,
        columns=", ".join(columns),
        limit=MOST_OF_A_KIND,
    )
    return rows(cursor, sql, given)


def _long_enough(column: str) -> str:
    return f"length($text) >= {FEWEST_OF_AN_ID if column in _IDS else FEWEST_LETTERS}"


def _sql(text: str) -> str:
    return text.replace("'", "''")


def _hit(
    what: str, row: Mapping[str, Any], *, note: str | None = None, command: str | None = None
) -> Hit:
    """What a row of ``_match`` has found."""
    said = (row["number"], row["name"], row["key"], row["by"], row["exact"], row.get("state"))
    return Hit(what, *said, note=note, command=command)


def _optiply(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, name: str, given: Mapping[str, Any]
) -> Iterator[Hit]:
    wanted = "SELECT NULL AS remote_id, NULL AS reference, NULL AS decision, NULL AS name LIMIT 0"
    if has_table(cursor, "optiply", name):
        has_name = any(attribute.name == "name" for attribute in RESOURCES[name].attributes)
        called = "name" if has_name else "CAST(NULL AS VARCHAR) AS name"
        wanted = f"SELECT remote_id, reference, decision, {called} FROM optiply.{name}"
    codes = [each.name for each in RESOURCES[name].attributes if each.name in _CODES]
    further = {"optiply_id": "s.optiply_id", "optiply_uuid": "s.optiply_uuid"}
    further |= {code: f"s.last_sent->>'$.{code}'" for code in codes}
    known = _OPTIPLY.format(
        name=name,
        wanted=wanted,
        called=labelled(name, further=further, ordered=False),
        columns=", ".join(("remote_id", "number", "name", *further)),
        labelled=labelled(name, "s.remote_id IN (FROM ids)", ordered=False),
    )
    for row in _match(cursor, known, _OPTIPLY_COLUMNS, given):
        shown = row["key"] if row["number"] is None else row["number"]
        yield _hit(f"optiply/{name}", row, command=_show(tenant, name, shown))


def _ledger(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, given: Mapping[str, Any]
) -> Iterator[Hit]:
    for row in _match(cursor, _LEDGER, _LEDGER_COLUMNS, given):
        task = EXPORTS[row["entity"]].task
        yield _hit(task, row, command=_show(tenant, task, row["external_id"] or row["key"]))


def _outcomes(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, given: Mapping[str, Any]
) -> Iterator[Hit]:
    for row in _match(cursor, _OUTCOMES, _OUTCOME_COLUMNS, given):
        entity = f"outbound/{row['entity']}" if row["entity"] else "file"
        command = f"bc-pipeline records {tenant.name} {row['entity']}" if row["entity"] else None
        note = f"{row['name']}: {row['note']}" if row["note"] else row["name"]
        yield _hit(entity, {**row, "name": None}, note=note, command=command)


def _mirror(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, table: Table, given: Mapping[str, Any]
) -> Iterator[Hit]:
    """Rows as Business Central has them: of what goes to Optiply those that never got there, and
    what only counts in something else."""
    columns = [name for name in _IDENTIFYING if name in table.columns]
    number = next((name for name in ("number", "code", "No") if name in columns), None)
    if number is None:
        return
    name = "displayName" if "displayName" in columns else "NULL"
    key = "lower(id)" if "id" in columns else f"""coalesce("{number}", '')"""
    selected = ", ".join(f'CAST("{each}" AS VARCHAR) AS c_{each}' for each in columns)
    known = f"""SELECT {key} AS key, "{number}" AS number, {name} AS name, {selected}
        FROM bc.{table.name}"""
    for row in _match(cursor, known, {f"c_{each}": each for each in columns}, given):
        note, command = _goes_on(cursor, tenant, table.name, row)
        yield _hit(f"bc/{table.name}", row, note=note, command=command)


def _goes_on(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, table: str, row: Mapping[str, Any]
) -> tuple[str | None, str | None]:
    """What a row of the mirror counts in, and where to look on."""
    called = row["number"] or row["key"]
    if table == "sales_orders":
        items = [number for (number,) in cursor.execute(_SOLD_ITEMS, [row["key"]]).fetchall()]
        if items:
            note = f"what is open of it is taken off the stock of {', '.join(items)}"
            return note, _show(tenant, "products", items[0])
    if table == "purchase_receipts" and row["c_orderNumber"]:
        order = row["c_orderNumber"]
        return f"receipt of purchase order {order}", _show(tenant, "buy_orders", order)
    if table == tenant.sync.sell_order_source:
        return None, _show(tenant, "sell_orders", called)
    return None, _show(tenant, _SHOWN_AS[table], called) if table in _SHOWN_AS else None


def _show(tenant: Tenant, entity: str, given: str) -> str:
    return f"bc-pipeline show {tenant.name} {entity} {typed(given)}"
