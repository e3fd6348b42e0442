"""What was staged beside what the mirror has, before the one becomes the other.

Only for tables whose rows have an id; all times are UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

import duckdb

from bc_pipeline.catalogue.tables import NEVER, Table
from bc_pipeline.snapshot.mirror.staging import ROWS

_ASKED = "asked_keys"


class Comparison:
    """Questions about one read that has been staged and not swapped in.

    Args:
        cursor: the cursor that staged it.
        table: its mirror table.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, table: Table) -> None:
        self._cursor = cursor
        self._mirror = f"bc.{table.name}"
        self._key = f'"{table.key[0]}"'
        self._stamp = f'"{table.stamp}"' if table.stamp else "NULL::TIMESTAMPTZ"

    def unknown(self, keys: Iterable[str]) -> list[str]:
        """Those of ``keys`` that are neither in the mirror nor staged."""
        keys = list(keys)
        if not keys:
            return []
        self._ask(keys)
        return self._keys(
            f"SELECT key FROM {_ASKED} WHERE key NOT IN (SELECT {self._key} FROM {self._mirror}) "
            f"AND key NOT IN (SELECT {self._key} FROM {ROWS})"
        )

    def not_among(self, keys: Iterable[str]) -> set[str]:
        """Rows of the mirror that are neither among ``keys`` nor staged."""
        self._ask(keys)
        return set(
            self._keys(
                f"SELECT {self._key} FROM {self._mirror} WHERE {self._not_brought()} "
                f"AND {self._key} NOT IN (SELECT key FROM {_ASKED})"
            )
        )

    def not_brought(
        self, *, stamped_since: datetime | None = None, arrived_since: datetime | None = None
    ) -> set[str]:
        """Rows of the mirror that were not staged.

        Args:
            stamped_since: only those that BC has stamped then or later.
            arrived_since: only those that came into the mirror, or changed there, then or later.
        """
        return set(
            self._keys(
                f"SELECT {self._key} FROM {self._mirror} WHERE {self._not_brought()} "
                f"AND coalesce({self._stamp} >= $1, $1 IS NULL) "
                "AND coalesce(_read_at >= $2, $2 IS NULL)",
                [stamped_since, arrived_since],
            )
        )

    def newest(
        self,
        *,
        without: Collection[str] = (),
        before: datetime | None = None,
        brought: bool = True,
    ) -> tuple[str, datetime] | None:
        """The row of the mirror with the newest stamp, and that stamp; None where none has one.

        Args:
            without: rows that do not count.
            before: only rows stamped earlier.
            brought: rows that were staged count too.
        """
        conditions = [f"{self._stamp} > $1", f"coalesce({self._stamp} < $2, $2 IS NULL)"]
        if without:
            self._ask(without)
            conditions.append(f"{self._key} NOT IN (SELECT key FROM {_ASKED})")
        if not brought:
            conditions.append(self._not_brought())
        return self._one(
            f"SELECT {self._key}, {self._stamp} FROM {self._mirror} "
            f"WHERE {' AND '.join(conditions)} ORDER BY {self._stamp} DESC LIMIT 1",
            [NEVER, before],
        )

    def newest_staged(self) -> datetime | None:
        """The newest stamp that was staged."""
        (stamp,) = self._cursor.execute(
            f"SELECT max({self._stamp}) FROM {ROWS} WHERE {self._stamp} > ?", [NEVER]
        ).fetchone() or (None,)
        return None if stamp is None else stamp.astimezone(UTC)

    def set_back(
        self, by: timedelta, *, before: datetime | None = None
    ) -> tuple[str, datetime] | None:
        """A row that was staged with a stamp clearly older than the mirror's, and the latter.

        Args:
            by: how much older it is at least.
            before: only rows the mirror has with an earlier stamp.
        """
        return self._one(
            f"SELECT m.{self._key}, m.{self._stamp} FROM {self._mirror} m "
            f"JOIN {ROWS} s ON s.{self._key} = m.{self._key} "
            f"WHERE m.{self._stamp} - $1 > s.{self._stamp} "
            f"AND coalesce(m.{self._stamp} < $2, $2 IS NULL) "
            f"ORDER BY m.{self._stamp} DESC LIMIT 1",
            [by, before],
        )

    def _not_brought(self) -> str:
        return f"{self._key} NOT IN (SELECT {self._key} FROM {ROWS})"

    def _ask(self, keys: Iterable[str]) -> None:
        self._cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE {_ASKED} AS "
            "SELECT DISTINCT unnest(CAST(? AS VARCHAR[])) AS key",
            [list(keys)],
        )

    def _keys(self, query: str, values: list[object] | None = None) -> list[str]:
        return [key for (key,) in self._cursor.execute(query, values or []).fetchall()]

    def _one(self, query: str, values: list[object]) -> tuple[str, datetime] | None:
        row = self._cursor.execute(query, values).fetchone()
        return (row[0], row[1].astimezone(UTC)) if row else None
