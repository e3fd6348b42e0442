"""Column schema of an asset, from the project's own declarations."""

from __future__ import annotations

from dagster import TableColumn, TableSchema

from bc_pipeline.assets.entry import BC, LEDGER
from bc_pipeline.optiply.resources import RESOURCES, Attribute
from bc_pipeline.snapshot.tables import TABLES

_DUCKDB_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(38,10)",
    "money": "DECIMAL(38,2)",
    "total": "DECIMAL(38,2)",
    "flag": "BOOLEAN",
    "instant": "TIMESTAMPTZ",
    "texts": "VARCHAR[]",
    "lines": "STRUCT(productId BIGINT, quantity BIGINT, subtotalValue DECIMAL(38,2))[]",
}

_DECISION_COLUMNS = [
    TableColumn("remote_id", "VARCHAR", "Business Central's key of the record"),
    TableColumn("reference", "VARCHAR", "What people call it: Business Central's number"),
    TableColumn("decision", "VARCHAR", "write, update_only, skip, quarantine, defer or remove"),
    TableColumn("reason", "VARCHAR", "Why it is not simply written"),
]

_LEDGER_COLUMNS = [
    TableColumn("entity", "VARCHAR", "The asset's name without its group"),
    TableColumn("key", "VARCHAR", "The same for the same record, whenever it comes"),
    TableColumn("payload_hash", "VARCHAR", "Tells whether the record has changed"),
    TableColumn("state", "VARCHAR", "intent, created, linked, done, blocked, ambiguous or failed"),
    TableColumn("step", "VARCHAR", "The last step begun or finished"),
    TableColumn("bc_company", "VARCHAR", "Id of the company it goes to"),
    TableColumn("bc_id", "VARCHAR", "Its id in Business Central"),
    TableColumn("bc_number", "VARCHAR", "Its number there"),
    TableColumn("action", "VARCHAR", "created, updated, unchanged, posted, skipped or failed"),
    TableColumn("error_class", "VARCHAR", "Why it failed, in one word"),
    TableColumn("reason", "VARCHAR", "Why it failed or waits, in the operator's words"),
    TableColumn("attempts", "INTEGER", "Runs that have tried to write it"),
    TableColumn("missed_lookups", "INTEGER", "How often it was looked for in vain"),
    TableColumn("blocked_runs", "INTEGER", "Runs in a row that have found it blocked"),
    TableColumn("record", "JSON", "The record as it came"),
    TableColumn("detail", "JSON", "What its writer has noted, such as ids of lines"),
    TableColumn("external_id", "VARCHAR", "The producer's id of the record"),
    TableColumn("file", "VARCHAR", "The file it came in last"),
    TableColumn("line", "INTEGER", "Its line there, from 1"),
    TableColumn("run_no", "BIGINT", "The run that touched it last"),
    TableColumn("created_at", "TIMESTAMPTZ"),
    TableColumn("updated_at", "TIMESTAMPTZ"),
]


def column_schema(table: str) -> TableSchema:
    """The columns of ``bc.<table>``, ``optiply.<resource>`` or ``outbound.ledger`` with DuckDB's
    types.

    Raises:
        KeyError: nothing of that name is declared.
    """
    if table == LEDGER:
        return TableSchema(columns=_LEDGER_COLUMNS)
    schema, name = table.split(".")
    if schema == BC:
        columns = TABLES[name].columns
        return TableSchema(columns=[TableColumn(column, kind) for column, kind in columns.items()])
    attributes = RESOURCES[name].attributes
    return TableSchema(columns=[*_DECISION_COLUMNS, *(_column(each) for each in attributes)])


def _column(attribute: Attribute) -> TableColumn:
    return TableColumn(attribute.name, _DUCKDB_TYPES[attribute.kind], "Sent to Optiply")
