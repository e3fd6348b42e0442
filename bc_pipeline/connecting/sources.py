"""Optional sources: what this company has besides the standard API, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.business_central.urls import is_absent
from bc_pipeline.connecting.draft import Draft
from bc_pipeline.errors import AuthError, RequestFailed
from bc_pipeline.tenants.secrets import TokenStore

_ONE_ROW = {"$top": "1"}
_SECTION = "business_central"


@dataclass(frozen=True)
class Source:
    """Something a company may have.

    Attributes:
        name: as it is told.
        address: where one row of it can be read.
        setting: key of ``business_central`` that says so; None: runs find it by themselves.
        value: of the setting.
        columns: what a row must have, so that it is the thing meant.
    """

    name: str
    address: Callable[[BusinessCentral], str]
    setting: str | None = None
    value: str = "true"
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FoundSource:
    """A source and whether the company has it. ``there`` is None where it may not be read."""

    name: str
    there: bool | None
    setting: str | None

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "there": self.there, "setting": self.setting}


def _page(setting: str, page: str, *columns: str) -> Source:
    return Source(
        f"published page {page}",
        lambda bc: bc.page_url(page),
        setting,
        page,
        frozenset(columns),
    )


SOURCES: tuple[Source, ...] = (
    Source(
        "Analytics API (stock by location)",
        lambda bc: bc.analytics_url("itemLedgerEntries"),
    ),
    Source(
        "Optiply's extension: inventoryByLocations",
        lambda bc: bc.extension_url("inventoryByLocations"),
    ),
    Source(
        "Optiply's extension: bomComponents",
        lambda bc: bc.extension_url("bomComponents"),
        "bom_components",
    ),
    _page("item_page_name", "Artikel", "No", "Vendor_No"),
    _page("item_page_name", "ItemCard", "No", "Vendor_No"),
    _page("item_page_name", "Item_Card", "No", "Vendor_No"),
    _page("item_units_page_name", "Artikeleenheden", "Item_No", "Code"),
    _page("item_units_page_name", "ItemUnitsOfMeasure", "Item_No", "Code"),
)
"""What is looked for. Of several pages for one setting the first that is there counts; the Dutch
names are those Optiply's earlier connector used (tap_behaviour.md 2)."""


def look(draft: Draft) -> list[FoundSource]:
    """Look for each source, and put what needs a setting into the draft, unless tenants.yaml says
    something about it already.

    Raises:
        AuthError, RequestFailed: Business Central gave no usable answer at all.
    """
    tenant = draft.tenant()
    found: list[FoundSource] = []
    settled: Mapping[str, bool] = {
        each.setting: draft.known(_SECTION, each.setting) is not None
        for each in SOURCES
        if each.setting
    }
    chosen: set[str] = set()
    with closing(BusinessCentral(tenant, TokenStore(tenant.home))) as bc:
        bc.preflight()
        for source in SOURCES:
            setting = source.setting
            if setting and (settled[setting] or setting in chosen):
                continue
            there = _is_there(bc, source)
            if setting and source.columns and not there:
                continue  # one of several names, not worth a line
            found.append(FoundSource(source.name, there, setting))
            if there and setting:
                draft.put(source.value, _SECTION, setting)
                chosen.add(setting)
    return found


def _is_there(bc: BusinessCentral, source: Source) -> bool | None:
    try:
        rows = list(bc.rows(query_url(source.address(bc), _ONE_ROW), fresh=False))
    except AuthError:
        return None
    except RequestFailed as error:
        if is_absent(error) or error.status in (400, 404):
            return False
        raise
    return not source.columns or any(source.columns <= row.keys() for row in rows)
