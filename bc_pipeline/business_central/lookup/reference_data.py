"""Reference data of one company: what documents refer to and export never changes.

Everything asked for at once is read in one request, once per run, and kept in the mirror.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import orjson

from bc_pipeline import clock
from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.lookup.blocked import BlockedDimensions
from bc_pipeline.business_central.lookup.by_property import list_path, read_lists
from bc_pipeline.business_central.read_result import ReadResult
from bc_pipeline.catalogue.entities import REFERENCE
from bc_pipeline.catalogue.entity import Entity, Referred
from bc_pipeline.catalogue.tables import Table
from bc_pipeline.errors import ReadFailed, RecordError
from bc_pipeline.snapshot.mirror.pages import MalformedRows
from bc_pipeline.snapshot.mirror.staging import Staging
from bc_pipeline.snapshot.mirror.swap import Swap, swap
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.snapshot.transaction import all_or_nothing
from bc_pipeline.values import by_code, by_id, by_name, grouped

# Reference data into the mirror, as a read of the entity would have brought it.


def store(
    snapshot: Snapshot,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    lines: Table | None = None,
    expand: str | None = None,
    *,
    run_no: int,
) -> None:
    """Makes the mirror equal to a complete list; rows that are as before are not touched.

    Args:
        snapshot: opened for writing.
        table: mirror table of the rows.
        rows: all that BC has, with their lines inside.
        lines: mirror table of the lines, None where there are none.
        expand: the property of a row that holds its lines.
        run_no: noted on rows that are new or different.

    Raises:
        ReadFailed: the rows cannot be what BC meant to send, or could not be stored.
    """
    try:
        with snapshot.cursor() as cursor, snapshot.scratch() as directory:
            page = directory / f"{table.name}.json"
            # Decimals go as text, which the loader reads exactly.
            page.write_bytes(orjson.dumps(list(rows), default=str))
            staging = Staging(cursor, table, lines, expand)
            staging.load(page, exact=True)
            with snapshot.writing(), all_or_nothing(cursor):
                done = swap(cursor, staging, run_no=run_no, read_at=clock.now(), full=True)
                _read(table, done).record(cursor, run_no)
                _note_blocked(cursor, table, rows)
                if lines and expand:
                    _note_blocked(cursor, lines, [line for row in rows for line in row[expand]])
    except (MalformedRows, duckdb.Error, OSError) as error:
        raise ReadFailed(f"{table.name} could not be stored: {error}") from error


def _read(table: Table, done: Swap) -> ReadResult:
    """What ``ops.reads`` is told, so that the list need not be read again soon."""
    return ReadResult(
        entity=f"bc/{table.name}",
        mode="full",
        rows=done.rows,
        changed=done.changed,
        deleted=done.deleted,
        lines=done.lines,
        lines_changed=done.lines_changed,
        pages=1,
    )


def _note_blocked(
    cursor: duckdb.DuckDBPyConnection, table: Table, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Sets ``blocked`` where ordinary reads never see it; their rows stay as they are otherwise."""
    if "blocked" not in table.absent:
        return
    known = [(row["id"], row["blocked"]) for row in rows]
    cursor.execute(
        f"UPDATE bc.{table.name} AS mirror SET blocked = known.blocked "
        "FROM (SELECT unnest(?::VARCHAR[]) AS id, unnest(?::BOOLEAN[]) AS blocked) AS known "
        "WHERE mirror.id = known.id AND mirror.blocked IS DISTINCT FROM known.blocked",
        [[id for id, _ in known], [blocked for _, blocked in known]],
    )


# Rows of reference data by id, code and name (target_behaviour.md 3, 10 B12 C5 C10).

Row = Mapping[str, Any]


class Index:
    """The rows of one list, each findable by id, code and name.

    Args:
        label: what a row is, for messages: "dimension", "account".
        rows: of BC.
        code: the property that holds the code.
    """

    def __init__(self, label: str, rows: Iterable[Row], code: str = "code") -> None:
        self.rows = tuple(rows)
        self._label = label
        self._ids = {by_id(row.get("id")): row for row in self.rows}
        self._codes = {by_code(row.get(code)): row for row in self.rows}
        self._names = grouped(self.rows, lambda row: by_name(row.get("displayName")))

    def find(self, *, id: object = None, code: object = None, name: object = None) -> Row | None:
        """The row meant: by id, else by code, else by name, over all rows each time.

        Blank values mean nothing. None when no row is meant.

        Raises:
            RecordError: InvalidInputError, several rows have the name.
        """
        if by_id(id) and (row := self._ids.get(by_id(id))):
            return row
        if by_code(code) and (row := self._codes.get(by_code(code))):
            return row
        named = self._names.get(by_name(name), []) if by_name(name) else []
        if len(named) > 1:
            raise RecordError(
                "InvalidInputError",
                f"{len(named)} {self._label}s are called {name!r}; give the id or the code",
            )
        return named[0] if named else None


KindName = str
"""Of ``REFERENCE``."""


def _options(kind: Entity) -> dict[str, str]:
    """Query options of the list of a kind."""
    return {
        "$select": ",".join(kind.table.selected) if _referred(kind).select else "",
        "$expand": kind.expand or "",
    }


def _referred(kind: Entity) -> Referred:
    assert kind.referred is not None, kind.name
    return kind.referred


class ReferenceData:
    """Reference data of one company for the length of a run; safe to share between threads.

    Rows are BC's own, with their property names. Dimensions and their values carry ``blocked``:
    True, False or None when nothing tells, and values ``valueType`` likewise.

    Args:
        bc: where to read.
        company: of which company.
        snapshot: gets what is read when the company is the configured one; None: nothing is kept.
        run_no: noted on the rows of the mirror.
    """

    def __init__(
        self,
        bc: BusinessCentral,
        company: Company,
        *,
        snapshot: Snapshot | None = None,
        run_no: int = 0,
    ) -> None:
        self.company = company
        self._bc = bc
        self._snapshot = snapshot
        self._run_no = run_no
        self._guard = threading.RLock()
        self._loaded: dict[KindName, Index] = {}
        self._values: dict[str, Index] = {}

    def need(self, *kinds: KindName) -> None:
        """Reads those of ``kinds`` that were not read yet, all in one request.

        Raises:
            AuthError, Cancelled, ReadFailed, RequestFailed: one could not be read; none counts as
                read then.
            ConfigError: a published page is configured that does not show what it should.
        """
        with self._guard:
            missing = [kind for name, kind in REFERENCE.items() if name in kinds]
            missing = [kind for kind in missing if kind.kind not in self._loaded]
            if not missing:
                return
            paths = [list_path(self.company, kind.path, _options(kind)) for kind in missing]
            lists = list(zip(missing, read_lists(self._bc, paths), strict=True))
            for kind, rows in lists:
                self._complete(kind, rows)
            self._keep(lists)
            for kind, rows in lists:
                self._index(kind, rows)

    def rows(self, kind: KindName) -> tuple[Row, ...]:
        """Every row of a kind, read first when it was not.

        Raises:
            As ``need``.
        """
        return self._of(kind).rows

    def find(
        self,
        kind: KindName,
        *,
        id: object = None,
        code: object = None,
        name: object = None,
    ) -> Row | None:
        """The row meant: by id, else by code (of accounts: number), else by display name.

        Each pass goes over all rows, so a row found by its id beats another found by its name.
        Blank values mean nothing. None when BC has no such row.

        Raises:
            RecordError: InvalidInputError, several rows have the name.
            AuthError, Cancelled, ReadFailed, RequestFailed, ConfigError: as ``need``.
        """
        return self._of(kind).find(id=id, code=code, name=name)

    def values_of(self, dimension_id: str) -> tuple[Row, ...]:
        """The values of a dimension."""
        return self._values_of(dimension_id).rows

    def find_value(self, dimension_id: str, **means: object) -> Row | None:
        """A value of a dimension, as ``find``."""
        return self._values_of(dimension_id).find(**means)

    @property
    def local_currency(self) -> str:
        """Code of the currency the company keeps its books in; blank when BC shows none.

        Raises:
            As ``need``.
        """
        rows = self.rows("company_information")
        if not rows:
            raise ReadFailed(f"{self.company.name} shows no company information")
        return str(rows[0].get("currencyCode") or "").strip().upper()

    def _of(self, kind: KindName) -> Index:
        self.need(kind)
        return self._loaded[kind]

    def _values_of(self, dimension_id: str) -> Index:
        self.need("dimensions")
        return self._values.get(by_id(dimension_id)) or Index("dimension value", ())

    def _complete(self, kind: Entity, rows: list[dict[str, Any]]) -> None:
        """Reads what an expansion left out, and whether dimensions are blocked."""
        if not kind.expand:
            return
        url = self._bc.company_url(kind.path, self.company)
        for row in rows:
            lines = row.get(kind.expand)
            if not isinstance(lines, list):
                label, code = _referred(kind).label, row.get(_referred(kind).code)
                raise ReadFailed(f"{label} {code} came without {kind.expand}")
            lines.extend(self._bc.rest(row, url, of=kind.expand))
        if kind.kind == "dimensions":
            BlockedDimensions.read(self._bc, self.company).mark(rows)

    def _index(self, kind: Entity, rows: list[dict[str, Any]]) -> None:
        if kind.kind == "dimensions":
            self._values = {
                by_id(row["id"]): Index(f"value of dimension {row['code']}", row["dimensionValues"])
                for row in rows
            }
        referred = _referred(kind)
        self._loaded[kind.kind] = Index(referred.label, rows, referred.code)

    def _keep(self, lists: Sequence[tuple[Entity, list[dict[str, Any]]]]) -> None:
        if self._snapshot is None or self.company.id != self._bc.company.id:
            return
        for kind, rows in lists:
            store(self._snapshot, kind.table, rows, kind.lines, kind.expand, run_no=self._run_no)
