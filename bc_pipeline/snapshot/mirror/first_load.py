"""The first read of an entity, straight into its empty mirror, in one long transaction.

Saves the way over staging, half of the work when there is a million rows. Only for what is plain:
a malformed page or a row seen twice raises NotPlain, and the caller starts again with staging.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from bc_pipeline.catalogue.tables import Table
from bc_pipeline.snapshot.mirror.pages import MalformedRows, PageLoader
from bc_pipeline.snapshot.mirror.swap import Swap


class NotPlain(Exception):
    """This read needs staging. The transaction can only be rolled back."""


class FirstLoad:
    """Fills an empty mirror inside a transaction of ``cursor`` that the caller begins and ends.

    Args:
        cursor: inside a transaction.
        table: mirror table of the rows.
        lines: mirror table of the documents' lines, None where there are none.
        expand: the property of a row that holds its lines.
        run_no: noted on each row.
        read_at: noted on each row.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        lines: Table | None,
        expand: str | None,
        *,
        run_no: int,
        read_at: datetime,
    ) -> None:
        self.pages = 0
        self._cursor = cursor
        self._table = table
        self._lines = lines
        self._loader = PageLoader(cursor, table, lines, expand)
        self._constants = {
            "_seen_run": str(run_no),
            "_read_at": f"TIMESTAMPTZ '{read_at.isoformat()}'",
        }

    @staticmethod
    def possible(cursor: duckdb.DuckDBPyConnection, table: Table, lines: Table | None) -> bool:
        """Whether the mirror of the entity is empty."""
        tables = [table, *([lines] if lines else [])]
        found = " UNION ALL ".join(f"(SELECT 1 FROM bc.{each.name} LIMIT 1)" for each in tables)
        return cursor.execute(found).fetchone() is None

    def load(self, path: Path, *, exact: bool) -> None:
        """Adds one page.

        Args:
            path: a file that holds a JSON array of rows.
            exact: its numbers are JSON strings.

        Raises:
            NotPlain: the rows cannot be what BC meant to send.
        """
        try:
            self._loader.insert(
                path,
                exact=exact,
                rows_into=f"bc.{self._table.name}",
                lines_into=f"bc.{self._lines.name}" if self._lines else "",
                constants=self._constants,
            )
        except MalformedRows as error:
            raise NotPlain(str(error)) from error
        self.pages += 1

    def finish(self) -> Swap:
        """Checks that every row came once.

        Raises:
            NotPlain: one did not.
        """
        rows = self._count(self._table)
        lines = self._count(self._lines) if self._lines else 0
        return Swap(rows, changed=rows, deleted=0, lines=lines, lines_changed=lines)

    def _count(self, table: Table) -> int:
        key = ", ".join(f'"{name}"' for name in table.key)
        row = self._cursor.execute(
            f"SELECT count(*), count(DISTINCT hash({key})) FROM bc.{table.name}"
        ).fetchone()
        rows, keys = row or (0, 0)
        if rows != keys:
            raise NotPlain(f"rows of {table.name} came twice")
        return int(rows)
