"""Pages of one entity on their way into the mirror, in temporary tables of one connection."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bc_pipeline.catalogue.tables import Table
from bc_pipeline.snapshot.mirror.pages import PageLoader
from bc_pipeline.snapshot.schema import create_statement
from bc_pipeline.snapshot.transaction import all_or_nothing

ROWS = "staged_rows"
LINES = "staged_lines"


class Staging:
    """Collects the pages of one read. Use one cursor per read and close it afterwards.

    Args:
        cursor: where the temporary tables live.
        table: the mirror table the rows are for.
        lines: the mirror table of the documents' lines, None where there are none.
        expand: the property of a row that holds its lines.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        lines: Table | None = None,
        expand: str | None = None,
    ) -> None:
        self.table = table
        self.lines = lines
        self.pages = 0
        self._cursor = cursor
        self._loader = PageLoader(cursor, table, lines, expand)
        for name, shape in ((ROWS, table), (LINES, lines)):
            if shape:
                cursor.execute(create_statement(name, shape, "TEMP", {"_page": "BIGINT"}))

    def clear(self) -> None:
        """Forgets every page."""
        self._cursor.execute(f"DELETE FROM {ROWS}")
        if self.lines:
            self._cursor.execute(f"DELETE FROM {LINES}")
        self.pages = 0

    def load(self, path: Path, *, exact: bool) -> int:
        """Adds one page, or nothing of it.

        Args:
            path: a file that holds a JSON array of rows.
            exact: its numbers are JSON strings.

        Returns:
            Number of rows in the page.

        Raises:
            MalformedRows: the rows cannot be what BC meant to send.
        """
        with all_or_nothing(self._cursor):
            count = self._loader.insert(
                path,
                exact=exact,
                rows_into=ROWS,
                lines_into=LINES,
                constants={"_page": str(self.pages)},
            )
        self.pages += 1
        return count
