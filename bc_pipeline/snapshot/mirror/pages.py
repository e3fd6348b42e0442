"""Pages of JSON rows into tables: DuckDB parses, casts and hashes; Python never sees a row.

DuckDB reads a JSON number as a double. That stays exact because a page with longer numbers than a
double holds arrives with its numbers as text (``exact``); the rest is turned into decimals here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from bc_pipeline.catalogue.tables import NUMBER, Table

_LARGEST_OBJECT = 1 << 24
# Below this, a double times 10^10 is off by less than half a unit. Above it, the shortest text of
# the double is the number that was sent, as long as that had no more than 15 digits.
_DIRECTLY_EXACT = "1e5"


# Lines that were asked for and did not come are not "no lines": that is an empty list.
_LINES_MISSING = "a row came without the lines that were asked for"
_LINES = f"""CASE WHEN "{{0}}" IS NULL THEN error('{_LINES_MISSING}') ELSE "{{0}}" END"""


class MalformedRows(Exception):
    """The rows of a page cannot be what BC meant to send."""


class PageLoader:
    """Inserts the pages of one entity, and the lines its rows carry.

    Args:
        cursor: where to.
        table: shape of the rows.
        lines: shape of the lines of a row, None where there are none.
        expand: the property of a row that holds its lines.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        lines: Table | None,
        expand: str | None,
    ) -> None:
        self._cursor = cursor
        self._table = table
        self._lines = lines
        self._expand = expand

    def insert(
        self,
        path: Path,
        *,
        exact: bool,
        rows_into: str,
        lines_into: str,
        constants: Mapping[str, str],
    ) -> int:
        """Inserts one page, inside the transaction of the cursor.

        Args:
            path: a file that holds a JSON array of rows.
            exact: its numbers are JSON strings.
            rows_into: target of the rows.
            lines_into: target of the lines.
            constants: further columns of both targets -> SQL.

        Returns:
            Number of rows.

        Raises:
            MalformedRows: not JSON, a value of the wrong type, a row or line without a key, a
                document without a list of lines. The transaction can only be rolled back.
        """
        try:
            count = self._insert_rows(path, exact, rows_into, constants)
            if self._lines:
                self._insert_lines(self._lines, path, exact, lines_into, constants)
        except (
            duckdb.InvalidInputException,
            duckdb.ConversionException,
            duckdb.ConstraintException,
            duckdb.OutOfRangeException,
        ) as error:
            raise MalformedRows(_place(error)) from None
        return count

    def _insert_rows(self, path: Path, exact: bool, into: str, constants: Mapping[str, str]) -> int:
        table = self._table
        columns = ", ".join(_column(table, name, f'page."{name}"', exact) for name in table.columns)
        source = _read_json(path, _json_types(table, exact))
        return self._inserted(table, into, f"SELECT {columns} FROM {source} AS page", constants)

    def _insert_lines(
        self, lines: Table, path: Path, exact: bool, into: str, constants: Mapping[str, str]
    ) -> None:
        """Lines take the id of the document they came with, whether or not they repeat it."""
        (key,) = self._table.key
        inner = ", ".join(
            f'"{name}" {kind}' for name, kind in _json_types(lines, exact) if name != lines.parent
        )
        source = _read_json(
            path, [(key, self._table.columns[key]), (self._expand or "", f"STRUCT({inner})[]")]
        )
        columns = ", ".join(
            f'page."{key}" AS "{name}"'
            if name == lines.parent
            else _column(lines, name, f'page.line."{name}"', exact)
            for name in lines.columns
        )
        # The file is read once more rather than kept unpacked: that costs less than half of it.
        unnested = f'SELECT "{key}", unnest({_LINES.format(self._expand)}) AS line FROM {source}'
        self._inserted(lines, into, f"SELECT {columns} FROM ({unnested}) AS page", constants)

    def _inserted(self, table: Table, into: str, query: str, constants: Mapping[str, str]) -> int:
        further = "".join(f", {value} AS {name}" for name, value in constants.items())
        row = self._cursor.execute(
            f"INSERT INTO {into} BY NAME "
            f"SELECT *, hash({_names(table.columns)})::VARCHAR AS _row_hash{further} FROM ({query})"
        ).fetchone()
        return int(row[0]) if row else 0


def _place(error: duckdb.Error) -> str:
    """Where the trouble is. What DuckDB quotes is left out: it may be personal data."""
    if _LINES_MISSING in str(error):
        return _LINES_MISSING
    found = re.search(r"record/value \d+", str(error))
    return f"{found[0] if found else 'a row'} of the page is malformed ({type(error).__name__})"


def _column(table: Table, name: str, value: str, exact: bool) -> str:
    """One column of ``table`` out of its JSON value."""
    kind = table.columns[name]
    if name in table.absent:
        value = f"NULL::{kind}"
    elif kind == NUMBER and not exact:
        value = (
            f"CASE WHEN abs({value}) < {_DIRECTLY_EXACT} THEN {value}::{NUMBER} "
            f"ELSE {value}::VARCHAR::{NUMBER} END"
        )
    return f'{value} AS "{name}"'


def _json_types(table: Table, exact: bool) -> list[tuple[str, str]]:
    return [
        (name, "DOUBLE" if table.columns[name] == NUMBER and not exact else table.columns[name])
        for name in table.selected
    ]


def _read_json(path: Path, columns: Iterable[tuple[str, str]]) -> str:
    """What to take out of each row, and as what; everything else in it is passed over."""
    wanted = ", ".join(f"\"{name}\": '{kind}'" for name, kind in columns)
    file = str(path).replace("'", "''")
    size = max(_LARGEST_OBJECT, path.stat().st_size)
    return (
        f"read_json('{file}', format = 'array', records = true, auto_detect = false, "
        f"maximum_object_size = {size}, columns = {{{wanted}}})"
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
