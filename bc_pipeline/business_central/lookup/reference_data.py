"""Reference data of one company: what documents refer to and export never changes.

Everything asked for at once is read in one request, once per run, and kept in the mirror.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.lookup.blocked import BlockedDimensions
from bc_pipeline.business_central.lookup.by_property import list_path, read_lists
from bc_pipeline.business_central.lookup.index import Index, Row
from bc_pipeline.business_central.lookup.store import store
from bc_pipeline.business_central.urls import next_link
from bc_pipeline.catalogue.entities import REFERENCE
from bc_pipeline.catalogue.entity import Entity, Referred
from bc_pipeline.errors import ReadFailed
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.values import by_id

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
            if following := next_link(row, url, of=kind.expand):
                lines.extend(self._bc.rows(following))
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
