"""The records behind a number: those of an Optiply entity or of an export in some state, or sent in
the last run, each with its number in Business Central, its name and the reason (decisions 34)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import duckdb

from bc_pipeline.catalogue.names import has_table, labelled
from bc_pipeline.report import AsJson
from bc_pipeline.snapshot.rows import Row, rows

HELD = ("skipped", "deferred", "quarantined", "blocked", "failed", "guard")
"""Held back, left out or refused. Records of files that were refused count as quarantined in a run,
those that wait as deferred: both words are understood in both directions."""
SENT = ("created", "updated")
"""What the last run of the entity has sent."""
STATES = (*HELD, "ambiguous", "intent", "active", "disabled", "deleted", *SENT)
"""What may be asked for: every word that a run, ``status`` or a check counts records by."""

_ALIKE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "skipped": frozenset({"skipped"}),
        "deferred": frozenset({"deferred", "intent", "created"}),
        "quarantined": frozenset({"quarantined", "failed"}),
        "blocked": frozenset({"blocked", "ambiguous"}),
        "failed": frozenset({"failed", "quarantined"}),
        "guard": frozenset({"guard"}),
        "ambiguous": frozenset({"ambiguous", "intent"}),
        "intent": frozenset({"intent"}),
        "active": frozenset({"active", "done", "linked"}),
        "disabled": frozenset({"disabled"}),
        "deleted": frozenset({"deleted", "disabled"}),
        "created": frozenset(),
        "updated": frozenset(),
    }
)

# For records that never got to Optiply.
MIRROR: Mapping[str, str] = MappingProxyType(
    {
        "products": "SELECT lower(id) AS id, number, displayName AS name FROM bc.items",
        "suppliers": "SELECT lower(id) AS id, number, displayName AS name FROM bc.vendors",
        "supplier_products": "SELECT lower(id) AS id, number, displayName AS name FROM bc.items",
        "sell_orders": """
            SELECT lower(id) AS id, number, NULL AS name FROM bc.sales_invoices
            UNION ALL SELECT lower(id), number, NULL FROM bc.sales_orders
            UNION ALL SELECT lower(id), number, NULL FROM bc.sales_shipments""",
        "buy_orders": """
            SELECT lower(o.id) AS id, o.number, v.displayName AS name
            FROM bc.purchase_orders o LEFT JOIN bc.vendors v ON lower(v.id) = lower(o.vendorId)""",
        "buy_order_lines": """
            SELECT lower(l.id) AS id, o.number || ' line ' || l.sequence AS number,
              l.description AS name
            FROM bc.purchase_order_lines l LEFT JOIN bc.purchase_orders o ON o.id = l.documentId""",
        "receipt_lines": """
            SELECT lower(l.id) AS id, r.number || ' line ' || l.sequence AS number,
              i.displayName AS name
            FROM bc.purchase_receipt_lines l
            LEFT JOIN bc.purchase_receipts r ON r.id = l.documentId
            LEFT JOIN bc.items i ON i.number = l.lineObjectNumber""",
        "product_compositions": """
            SELECT lower(id) AS id, parentItemNo || ' / ' || no AS number, description AS name
            FROM bc.bom_components""",
    }
)
"""Resource -> SELECT id, number, name of the rows of the mirror its records are made of."""
_OF_OPTIPLY = """
WITH wanted AS (SELECT remote_id, reference, {wanted} FROM {table}),
both_sides AS (
  SELECT coalesce(w.remote_id, s.remote_id) AS remote_id, w.reference, w.name AS wanted_name,
    s.attempts, s.next_attempt_run, coalesce(s.reason, w.reason) AS reason,
    CASE WHEN s.state IN ('active', 'disabled') AND w.decision = 'skip' THEN 'skipped'
      ELSE s.state END AS state,
    coalesce(json_exists(s.extra, '$.unconfirmed'), false) AS unconfirmed
  FROM wanted w FULL JOIN sync.{name} s ON s.remote_id = w.remote_id)
SELECT coalesce(r.reference, l.number, m.number) AS number,
  coalesce(r.wanted_name, m.name, l.name) AS name,
  r.state, r.reason, r.remote_id AS key, r.attempts AS tries, r.next_attempt_run AS next_run,
  NULL AS file
FROM both_sides r
LEFT JOIN (SELECT id, any_value(number) AS number, any_value(name) AS name FROM ({mirror})
  GROUP BY id) m ON m.id = left(r.remote_id, 36)
LEFT JOIN ({sent}) l ON l.remote_id = r.remote_id
WHERE r.state IN (SELECT unnest(CAST($states AS VARCHAR[])))
  OR (r.unconfirmed AND list_contains(CAST($states AS VARCHAR[]), 'ambiguous'))
ORDER BY r.state DESC, number, r.remote_id
"""
_LAST_RUN = """
SELECT max(run_no) FROM ops.entity_counts JOIN ops.runs USING (run_no)
WHERE NOT coalesce(dry_run, false) AND entity = $task
"""
_SENT = f"""
SELECT coalesce(l.number, m.number) AS number, coalesce(l.name, m.name) AS name, t.action AS state,
  CASE WHEN t.action = 'updated' THEN 'sent: ' || CAST(t.attributes AS VARCHAR) END AS reason,
  t.remote_id AS key
FROM ops.sent t LEFT JOIN ({{sent}}) l ON l.remote_id = t.remote_id
LEFT JOIN (SELECT id, any_value(number) AS number, any_value(name) AS name FROM ({{mirror}})
  GROUP BY id) m ON m.id = left(t.remote_id, 36)
WHERE t.entity = $task AND t.action IN (SELECT unnest(CAST($states AS VARCHAR[])))
  AND t.run_no = ({_LAST_RUN})
ORDER BY t.action, number, t.remote_id
"""
_NOTHING_WANTED = "(SELECT NULL AS remote_id, NULL AS reference WHERE false)"

# What people call a record that came in a file: by its party, else by its own text.
_NAME_FIELDS = ("companyName", "vendorName", "description", "name")
_NUMBER_FIELDS = (
    "customerNumber",
    "vendorNumber",
    "billNumber",
    "paymentNumber",
    "journalEntryNumber",
)


def _first_of(names: tuple[str, ...]) -> str:
    fields = ", ".join(f"json_extract_string(record, '$.{each}')" for each in names)
    return f"coalesce({fields})"


LEDGER_NAME = _first_of(_NAME_FIELDS)
"""SQL on a row of the ledger: what people call the record."""
LEDGER_NUMBER = _first_of(_NUMBER_FIELDS)
"""The same: the number its producer gave it."""

_OF_LEDGER = f"""
SELECT coalesce(l.bc_number, {LEDGER_NUMBER}) AS number,
  coalesce({LEDGER_NAME}, json_extract_string(v.last_sent, '$.name')) AS name, l.state, l.reason,
  coalesce(l.external_id, l.key) AS key, greatest(l.attempts, l.blocked_runs) AS tries,
  NULL AS next_run, l.file || ':' || l.line AS file
FROM outbound.ledger l
LEFT JOIN sync.suppliers v ON v.state <> 'deleted'
  AND CAST(v.optiply_id AS VARCHAR) = json_extract_string(l.record, '$.supplier_id')
WHERE l.entity = $entity AND l.state IN (SELECT unnest(CAST($states AS VARCHAR[])))
ORDER BY l.state, l.file, l.line, l.key
"""
_WRITTEN = f"""
SELECT coalesce(bc_number, {LEDGER_NUMBER}) AS number, {LEDGER_NAME} AS name,
  CASE action WHEN 'updated' THEN 'updated' ELSE 'created' END AS state,
  CASE action WHEN 'posted' THEN 'posted' END AS reason, coalesce(external_id, key) AS key,
  file || ':' || line AS file
FROM outbound.ledger l
WHERE entity = $entity AND l.state = 'done' AND action IN ('created', 'posted', 'updated')
  AND CASE action WHEN 'updated' THEN 'updated' ELSE 'created' END
    IN (SELECT unnest(CAST($states AS VARCHAR[])))
  AND run_no = ({_LAST_RUN})
ORDER BY ALL
"""
# Lines that are no record at all, and records left out on purpose, have no entry in the ledger that
# says so: those of the last files are told.
_OF_OUTCOMES = """
SELECT bc_number AS number, NULL AS name, action AS state, error_message AS reason,
  external_id AS key, NULL AS tries, NULL AS next_run, o.name || ':' || line AS file
FROM outbound.outcomes o
WHERE entity = $entity AND (action = 'skipped' OR (NOT success AND key IS NULL))
  AND action IN (SELECT unnest(CAST($states AS VARCHAR[])))
  AND settled_at >= (SELECT max(started_at) FROM ops.runs WHERE NOT dry_run AND started_at <= (
    SELECT max(settled_at) FROM outbound.outcomes WHERE entity = $entity))
ORDER BY o.name, line
"""
_LAST_PROBLEMS = """
SELECT CAST(summary->'problems' AS VARCHAR) FROM ops.runs JOIN ops.entity_counts USING (run_no)
WHERE NOT coalesce(dry_run, false) AND summary IS NOT NULL AND entity = ?
ORDER BY run_no DESC LIMIT 1
"""


@dataclass(frozen=True)
class Record(AsJson):
    """One record behind a number.

    Attributes:
        number: Business Central's, or the producer's where there is none yet; None when unknown.
        name: what people call it; None when it has none.
        key: remote id of an Optiply record, the producer's id or the buy order of an export.
        tries: how often it was tried.
        next_run: number of the run that tries it again; None = the next one.
        file: file and line it came in last.
    """

    number: str | None
    name: str | None
    state: str
    reason: str | None
    key: str | None
    tries: int | None = None
    next_run: int | None = None
    file: str | None = None

    @property
    def shown(self) -> str:
        """What stands for its number: the key only where there is neither number nor name."""
        return self.number or ("" if self.name else self.key or "")


NEXT_RUN = "next run"


def next_try(run_no: int | None, newest: int) -> str:
    """When a record is tried again, ``in 3 runs``.

    Args:
        run_no: of the run that tries it; None = the next one.
        newest: number of the newest run.
    """
    runs = max((run_no or 0) - newest, 1)
    return NEXT_RUN if runs == 1 else f"in {runs} runs"


def alike(states: Collection[str]) -> frozenset[str]:
    """The states as they stand in id maps and ledger; of none, all that are held back."""
    return frozenset[str]().union(*(_ALIKE[each] for each in states or HELD))


def records(
    cursor: duckdb.DuckDBPyConnection, task: str, states: Collection[str] = ()
) -> list[Record]:
    """The records of an entity in some states.

    Args:
        cursor: of the tenant's snapshot.
        task: ``optiply/products`` or ``outbound/customers``.
        states: of ``STATES``; empty means those of ``HELD``.
    """
    wanted = alike(states)
    group, _, name = task.partition("/")
    found = (_of_optiply if group == "optiply" else _of_exports)(cursor, name, sorted(wanted))
    sent = [each for each in SENT if each in states]
    if sent:
        found = [*found, *_sent_lately(cursor, task, sent)]
    return [Record(**row) for row in found]


def _sent_lately(cursor: duckdb.DuckDBPyConnection, task: str, actions: list[str]) -> list[Row]:
    """What the last run of an entity has created or updated."""
    group, _, name = task.partition("/")
    if group == "optiply":
        sql = _SENT.format(sent=labelled(name), mirror=MIRROR[name])
        return rows(cursor, sql, {"task": task, "states": actions})
    if not has_table(cursor, "outbound", "ledger"):
        return []
    return rows(cursor, _WRITTEN, {"task": task, "entity": name, "states": actions})


def _of_optiply(cursor: duckdb.DuckDBPyConnection, name: str, states: list[str]) -> list[Row]:
    columns = {
        column
        for (column,) in cursor.execute(
            "SELECT column_name FROM duckdb_columns() "
            "WHERE database_name = current_database() AND schema_name = 'optiply' "
            "AND table_name = ?",
            [name],
        ).fetchall()
    }
    wanted = ", ".join(
        each if each in columns else f"CAST(NULL AS VARCHAR) AS {each}"
        for each in ("name", "decision", "reason")
    )
    table = f"optiply.{name}" if columns else _NOTHING_WANTED
    sql = _OF_OPTIPLY.format(
        name=name, table=table, wanted=wanted, mirror=MIRROR[name], sent=labelled(name)
    )
    return rows(cursor, sql, {"states": states})


def _of_exports(cursor: duckdb.DuckDBPyConnection, entity: str, states: list[str]) -> list[Row]:
    if not has_table(cursor, "outbound", "ledger"):
        return []
    given = {"entity": entity, "states": states}
    booked = rows(cursor, _OF_LEDGER, given)
    known = {row["key"] for row in booked}
    waiting = _waiting(cursor, f"outbound/{entity}") if "deferred" in states else []
    return [
        *booked,
        *rows(cursor, _OF_OUTCOMES, given),
        *(row for row in waiting if row["key"] not in known),
    ]


def _waiting(cursor: duckdb.DuckDBPyConnection, task: str) -> list[Row]:
    """Records that just come again in the next run: nothing is booked of them, only told."""
    return [
        {"number": None, "name": None, "state": "deferred", "reason": each["reason"]}
        | {"key": each["remote_id"]}
        for each in last_problems(cursor, task)
        if each["kind"] == "deferred" and each["remote_id"]
    ]


def last_problems(cursor: duckdb.DuckDBPyConnection, task: str) -> list[dict[str, Any]]:
    """The problems that the last run of an entity had with it, as in the run's summary.

    Args:
        cursor: of the tenant's snapshot.
        task: ``optiply/products`` or ``outbound/customers``.
    """
    found = cursor.execute(_LAST_PROBLEMS, [task]).fetchone()
    problems = json.loads(found[0]) if found and found[0] else []
    return [each for each in problems if each["entity"] == task]
