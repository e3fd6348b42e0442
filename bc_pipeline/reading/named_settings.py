"""Settings that name things in Business Central, and what is done about names it does not have: a
typing mistake, or something renamed there later (decisions 18).

What is in use in the mirror exists. Only for a name that nothing uses Business Central is asked,
right then: so nothing depends on a list read at another moment.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb

from bc_pipeline import clock
from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.catalogue import stock_source
from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.errors import AuthError, ReadFailed, RequestFailed
from bc_pipeline.mapping import MappingInput
from bc_pipeline.reading import mirror_state
from bc_pipeline.report import Problem
from bc_pipeline.snapshot import learned
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.values import listed

LOCATIONS = "sync.locations"
QUANTITY_SCALE = "sync.quantity_scale"
VAT_GROUPS = "sync.vat_percent_by_tax_group"
ARTICLE_CODE = "sync.article_code_field"
EXPORT_LOCATION = "exports.export_location_id"
_CONFIRMED = "named.{}"
MOST_NAMED = 40
"""Names of Business Central that a message lists."""


@dataclass(frozen=True)
class Naming:
    """A setting that names things in Business Central.

    Args:
        key: of tenants.yaml.
        given: the names; an empty one means "none" and is no name.
        thing: what they name.
        consequence: what is done while a name is not there.
        path: entity set that lists what there is, by code; None: ``existing`` does.
        used: SELECT of the names in use in the mirror; ``{stock}`` is the list stock comes from.
        existing: what there is, where Business Central need not be asked.
        by_id: the name may be an id as well.
        harmless: a name that nothing uses may go away unseen for a day, or where the list may not
            be read.
    """

    key: str
    given: Callable[[Tenant], Iterable[str]]
    thing: str
    consequence: str
    path: str | None = None
    used: str | None = None
    existing: tuple[str, ...] = ()
    by_id: bool = False
    harmless: bool = False


SCALES = Naming(
    QUANTITY_SCALE,
    lambda tenant: tenant.sync.quantity_scale,
    "item category",
    "Stock, prices and quantities of items that may be meant are not sent until this is corrected",
    "itemCategories",
    "SELECT itemCategoryCode FROM bc.items",
)

OF_SYNC: tuple[Naming, ...] = (
    Naming(
        LOCATIONS,
        lambda tenant: tenant.sync.locations,
        "location",
        "No stock is sent until this is corrected",
        "locations",
        "SELECT LocationCode FROM {stock}",
    ),
    SCALES,
    Naming(
        VAT_GROUPS,
        lambda tenant: tenant.sync.vat_percent_by_tax_group,
        "tax group",
        "Prices that include VAT stay as they are where no percentage fits",
        "taxGroups",
        "SELECT taxGroupCode FROM bc.items",
        harmless=True,
    ),
    Naming(
        ARTICLE_CODE,
        lambda tenant: filter(None, [tenant.sync.article_code_field]),
        "property of items that is read",
        "Article codes stay as they are until this is corrected",
        existing=tuple(TABLES["items"].columns),
    ),
)

OF_EXPORTS: tuple[Naming, ...] = (
    Naming(
        EXPORT_LOCATION,
        lambda tenant: filter(None, [tenant.exports.export_location_id]),
        "location",
        "Buy orders wait until this is corrected",
        "locations",
        by_id=True,
    ),
)


@dataclass(frozen=True)
class Finding:
    """A setting with names that Business Central does not have.

    Args:
        names: those; of a doubt those that nothing uses.
        existing: what there is.
        doubt: why it is not known whether they are there; empty when they are not.
    """

    naming: Naming
    names: tuple[str, ...]
    existing: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def message(self) -> str:
        """What is wrong, what there is, and what follows."""
        naming, names = self.naming, ", ".join(repr(name) for name in self.names)
        if self.doubt:
            return (
                f"{naming.key}: whether Business Central has {naming.thing} {names} could not be "
                f"found out ({self.doubt}). {naming.consequence}"
            )
        there_are = listed(sorted(self.existing), MOST_NAMED) or "none"
        return (
            f"{naming.key}: Business Central has no {naming.thing} {names}; it has {there_are}. "
            f"{naming.consequence}"
        )

    def problem(self, entity: str) -> Problem:
        """As a problem of the entity whose run shows it."""
        return Problem(entity, None, "blocked" if self.doubt else "config", self.message)


def compared(
    naming: Naming, tenant: Tenant, rows: Iterable[Mapping[str, object]]
) -> Finding | None:
    """The finding for a setting, given all there is.

    Args:
        rows: ``code``, and ``id`` where the name may be one.
    """
    there = list(rows)
    codes = {_key(row.get("code")) for row in there}
    if naming.by_id:
        codes |= {_key(row.get("id")) for row in there}
    missing = tuple(name for name in naming.given(tenant) if _key(name) and _key(name) not in codes)
    if not missing:
        return None
    return Finding(naming, missing, tuple(str(row.get("code") or "") for row in there))


def asked(naming: Naming, tenant: Tenant, bc: BusinessCentral) -> Finding | None:
    """The finding for a setting, after asking Business Central.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: it could not say.
    """
    if naming.path is None:  # properties, which are one only letter by letter
        missing = tuple(name for name in naming.given(tenant) if name not in naming.existing)
        return Finding(naming, missing, naming.existing) if missing else None
    select = "id,code" if naming.by_id else "code"
    url = query_url(bc.company_url(naming.path), {"$select": select})
    return compared(naming, tenant, bc.rows(url))


class Names:
    """What the settings of a tenant name, compared once per run.

    Args:
        tenant: whose settings.
        bc: asked for names that nothing uses.
        snapshot: the mirror of this run.
    """

    def __init__(self, tenant: Tenant, bc: BusinessCentral, snapshot: Snapshot) -> None:
        self._tenant = tenant
        self._bc = bc
        self._snapshot = snapshot
        self._guard = threading.Lock()
        self._findings: dict[str, Finding] | None = None
        self._told = False

    def new_problems(self, entity: str) -> list[Problem]:
        """The problems to show, the first time somebody asks.

        Raises:
            Cancelled: the run was cancelled.
        """
        findings = self._found()
        with self._guard:
            told, self._told = self._told, True
        return [] if told else [finding.problem(entity) for finding in findings.values()]

    def heeded(self, given: MappingInput) -> MappingInput:
        """What a mapping must know, with what must not be sent or guessed because of a name.

        Raises:
            Cancelled: the run was cancelled.
        """
        found = self._found()
        held, scales = found.get(LOCATIONS), found.get(QUANTITY_SCALE)
        return replace(
            given,
            stock_held=held.message if held else given.stock_held,
            unknown_categories=frozenset(map(_key, scales.names)) if scales else frozenset(),
            unknown_tax_group=VAT_GROUPS in found,
            unknown_article_code=ARTICLE_CODE in found,
        )

    def _found(self) -> dict[str, Finding]:
        with self._guard:
            if self._findings is None:
                found = (self._find(naming) for naming in OF_SYNC)
                self._findings = {each.naming.key: each for each in found if each}
            return self._findings

    def _stock(self, cursor: duckdb.DuckDBPyConnection) -> str:
        """The list of stock by location that is used, which is the one of this run."""
        whole = mirror_state.optional(cursor, self._tenant)
        source = stock_source.in_force(self._tenant.sync, whole)
        nothing = "(SELECT NULL AS LocationCode WHERE false)"
        return nothing if source in (None, "items") else stock_source.LISTS[source]

    def _find(self, naming: Naming) -> Finding | None:
        names = [name for name in naming.given(self._tenant) if _key(name)]
        with self._snapshot.cursor() as cursor:
            if naming.used and names:
                names = unused(cursor, naming.used.format(stock=self._stock(cursor)), names)
            if not names or (naming.harmless and set(names) <= _confirmed(cursor, naming)):
                return None
        try:
            finding = asked(naming, self._tenant, self._bc)
        except (AuthError, ReadFailed, RequestFailed) as error:
            return None if naming.harmless else Finding(naming, tuple(names), doubt=str(error))
        if naming.harmless and finding is None:
            now = clock.now().isoformat()
            learned.put(self._snapshot, _CONFIRMED.format(naming.key), json.dumps([now, names]))
        return finding


def _confirmed(cursor: duckdb.DuckDBPyConnection, naming: Naming) -> set[str]:
    """Names that were there within the last day, although nothing uses them."""
    kept = learned.get(cursor, _CONFIRMED.format(naming.key))
    if kept is None:
        return set()
    moment, names = json.loads(kept)
    fresh = clock.now() - datetime.fromisoformat(moment) < timedelta(days=1)
    return set(names) if fresh else set()


def unused(cursor: duckdb.DuckDBPyConnection, used: str, names: Iterable[str]) -> list[str]:
    """Those of the names that nothing in the mirror uses."""
    keys = {_key(code) for (code,) in cursor.execute(f"SELECT DISTINCT * FROM ({used})").fetchall()}
    return [name for name in names if _key(name) not in keys]


def _key(name: object) -> str:
    """A code or id as it is compared: Business Central keeps codes trimmed and in capitals."""
    return "" if name is None else str(name).strip().strip("{}").strip().upper()
