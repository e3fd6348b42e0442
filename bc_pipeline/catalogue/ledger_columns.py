"""The columns of ``outbound.ledger``, in which everything written to Business Central is booked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: in the snapshot.
        sql_type: DuckDB's.
        description: for people who look into the table.
    """

    name: str
    sql_type: str
    description: str | None = None


LEDGER_COLUMNS: tuple[Column, ...] = (
    Column("entity", "VARCHAR", "The asset's name without its group"),
    Column("key", "VARCHAR", "The same for the same record, whenever it comes"),
    Column("payload_hash", "VARCHAR", "Tells whether the record has changed"),
    Column("state", "VARCHAR", "intent, created, linked, done, blocked, ambiguous or failed"),
    Column("step", "VARCHAR", "The last step begun or finished"),
    Column("bc_company", "VARCHAR", "Id of the company it goes to"),
    Column("bc_id", "VARCHAR", "Its id in Business Central"),
    Column("bc_number", "VARCHAR", "Its number there"),
    Column("action", "VARCHAR", "created, updated, unchanged, posted, skipped or failed"),
    Column("error_class", "VARCHAR", "Why it failed, in one word"),
    Column("reason", "VARCHAR", "Why it failed or waits, in the operator's words"),
    Column("attempts", "INTEGER", "Runs that have tried to write it"),
    Column("missed_lookups", "INTEGER", "How often it was looked for in vain"),
    Column("blocked_runs", "INTEGER", "Runs in a row that have found it blocked"),
    Column("record", "JSON", "The record as it came"),
    Column("detail", "JSON", "What its writer has noted, such as ids of lines"),
    Column("external_id", "VARCHAR", "The producer's id of the record"),
    Column("file", "VARCHAR", "The file it came in last"),
    Column("line", "INTEGER", "Its line there, from 1"),
    Column("run_no", "BIGINT", "The run that touched it last"),
    Column("created_at", "TIMESTAMPTZ"),
    Column("updated_at", "TIMESTAMPTZ"),
)
