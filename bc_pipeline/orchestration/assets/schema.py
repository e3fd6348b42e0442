"""Column schema and column lineage of an asset, from the project's own declarations. Both belong to
the definition: they are the same for every run and tenant."""

from __future__ import annotations

from dagster import TableColumn, TableColumnDep, TableColumnLineage, TableSchema

from bc_pipeline.catalogue.ledger_columns import LEDGER_COLUMNS
from bc_pipeline.catalogue.lineage import LINEAGE, Origin
from bc_pipeline.catalogue.resources import RESOURCES, Attribute
from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.catalogue.task import BC, LEDGER, OPTIPLY
from bc_pipeline.orchestration.assets.keys import asset_key

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
    origins = LINEAGE[name]
    sent = [_column(each, origins[each.name]) for each in RESOURCES[name].attributes]
    return TableSchema(columns=[*_DECISION_COLUMNS, *sent])


def column_lineage(table: str) -> TableColumnLineage | None:
    """Which columns of which assets each column of ``optiply.<resource>`` is made from; None for
    tables that come as they are."""
    schema, _, name = table.partition(".")
    if schema != OPTIPLY:
        return None
    return TableColumnLineage(
        {
            attribute: [
                TableColumnDep(asset_key(each.task), each.column) for each in origin.sources
            ]
            for attribute, origin in LINEAGE[name].items()
            if origin.sources
        }
    )


def _column(attribute: Attribute, origin: Origin) -> TableColumn:
    made_of = ", ".join(f"`{source.text}`" for source in origin.sources)
    description = f"{origin.rule[0].upper()}{origin.rule[1:]}" + (
        f" ({made_of})" if made_of else ""
    )
    return TableColumn(attribute.name, attribute.form.sql_type.replace('"', ""), description)
