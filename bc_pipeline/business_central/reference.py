"""Reference data of one company: what documents refer to and export never changes.

Everything asked for at once is read in one request, once per run, and kept in the mirror.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from bc_pipeline.business_central.blocked import BlockedDimensions
from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.lookups import list_path, read_lists
from bc_pipeline.business_central.reference_index import Index, Row, by_id
from bc_pipeline.business_central.reference_store import store
from bc_pipeline.business_central.urls import next_link
from bc_pipeline.errors import ReadFailed
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.snapshot.tables import TABLES, Table

__all__ = ["KINDS", "Kind", "KindName", "ReferenceData", "Row"]

KindName = Literal[
    "dimensions",
    "accounts",
    "currencies",
    "payment_methods",
    "locations",
    "vendor_payment_journals",
    "company_information",
]


@dataclass(frozen=True)
class Kind:
    """One kind of reference data.

    Args:
        name: also that of its mirror table.
        label: what one row is called in messages.
        path: entity set.
        code: property that holds the code.
        expand: navigation read along, into the mirror table ``lines``.
        select: name the columns. Not where the tenant's BC may show more than the standard one.
    """

    name: KindName
    label: str
    path: str
    code: str = "code"
    expand: str | None = None
    lines: str | None = None
    select: bool = True

    @property
    def table(self) -> Table:
        return TABLES[self.name]

    def options(self) -> dict[str, str]:
        """Query options of its list."""
        return {
            "$select": ",".join(self.table.selected) if self.select else "",
            "$expand": self.expand or "",
        }


KINDS: Mapping[KindName, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                "dimensions",
                "dimension",
                "dimensions",
                expand="dimensionValues",
                lines="dimension_values",
                select=False,
            ),
            Kind("accounts", "account", "accounts", code="number"),
            Kind("currencies", "currency", "currencies"),
            Kind("payment_methods", "payment method", "paymentMethods"),
            Kind("locations", "location", "locations"),
            Kind("vendor_payment_journals", "vendor payment journal", "vendorPaymentJournals"),
            Kind("company_information", "company information", "companyInformation"),
        )
    }
)


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
            missing = [kind for name, kind in KINDS.items() if name in kinds]
            missing = [kind for kind in missing if kind.name not in self._loaded]
            if not missing:
                return
            paths = [list_path(self.company, kind.path, kind.options()) for kind in missing]
            lists = dict(zip(missing, read_lists(self._bc, paths), strict=True))
            for kind, rows in lists.items():
                self._complete(kind, rows)
            self._keep(lists)
            for kind, rows in lists.items():
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

    def find_value(
        self,
        dimension_id: str,
        *,
        id: object = None,
        code: object = None,
        name: object = None,
    ) -> Row | None:
        """A value of a dimension, as ``find``."""
        return self._values_of(dimension_id).find(id=id, code=code, name=name)

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

    def _complete(self, kind: Kind, rows: list[dict[str, Any]]) -> None:
        """Reads what an expansion left out, and whether dimensions are blocked."""
        if not kind.expand:
            return
        url = self._bc.company_url(kind.path, self.company)
        for row in rows:
            lines = row.get(kind.expand)
            if not isinstance(lines, list):
                raise ReadFailed(f"{kind.label} {row.get(kind.code)} came without {kind.expand}")
            if following := next_link(row, url, of=kind.expand):
                lines.extend(self._bc.rows(following))
        if kind.name == "dimensions":
            BlockedDimensions.read(self._bc, self.company).mark(rows)

    def _index(self, kind: Kind, rows: list[dict[str, Any]]) -> None:
        if kind.name == "dimensions":
            self._values = {
                by_id(row["id"]): Index(f"value of dimension {row['code']}", row["dimensionValues"])
                for row in rows
            }
        self._loaded[kind.name] = Index(kind.label, rows, kind.code)

    def _keep(self, lists: Mapping[Kind, list[dict[str, Any]]]) -> None:
        if self._snapshot is None or self.company.id != self._bc.company.id:
            return
        for kind, rows in lists.items():
            lines = TABLES[kind.lines] if kind.lines else None
            store(self._snapshot, kind.table, rows, lines, kind.expand, run_no=self._run_no)
