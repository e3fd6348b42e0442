"""Column schema of an asset, from the project's own declarations."""

from __future__ import annotations

from dagster import TableColumn, TableSchema

from bc_pipeline.catalogue.ledger_columns import LEDGER_COLUMNS
from bc_pipeline.catalogue.resources import RESOURCES, Attribute
from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.catalogue.task import BC, LEDGER

_DECISION_COLUMNS = [
    TableColumn("remote_id", "VARCHAR", "Business Central's key of the record"),
    TableColumn("reference", "VARCHAR", "What people call it: Business Central's number"),
    TableColumn("decision", "VARCHAR", "write, update_only, skip, quarantine, defer or remove"),
    TableColumn("reason", "VARCHAR", "Why it is not simply written"),
]


def column_schema(table: str) -> TableSchema:
    """The columns of ``bc.<table>``, ``optiply.<resource>`` or ``outbound.ledger`` with DuckDB's
    types.

    Raises:
        KeyError: nothing of that name is declared.
    """
    if table == LEDGER:
        booked = [
            TableColumn(each.name, each.sql_type, each.description) for each in LEDGER_COLUMNS
        ]
        return TableSchema(columns=booked)
    schema, name = table.split(".")
    if schema == BC:
        columns = TABLES[name].columns
        return TableSchema(columns=[TableColumn(column, kind) for column, kind in columns.items()])
    attributes = RESOURCES[name].attributes
    return TableSchema(columns=[*_DECISION_COLUMNS, *(_column(each) for each in attributes)])


def _column(attribute: Attribute) -> TableColumn:
    return TableColumn(attribute.name, attribute.form.sql_type.replace('"', ""), "Sent to Optiply")
