"""What ``bc-pipeline check`` reads of Business Central: one row of all that the next run needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bc_pipeline.business_central import published_pages
from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.catalogue.entities import selected_entities
from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.catalogue.task import needed
from bc_pipeline.errors import AuthError, RequestFailed
from bc_pipeline.orchestration.checks.check import Finding
from bc_pipeline.reading import mirror_state
from bc_pipeline.reading.entity import is_absent_source
from bc_pipeline.reading.source_url import entity_url
from bc_pipeline.tenants.settings import Tenant

_ONE_ROW = {"$top": "1"}

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "bc/item_page": "item_page",
        "bc/item_units_of_measure": "item_units_page",
        "bc/inventory_by_locations": "inventory_by_location",
        "bc/bom_components": "bom_components",
        "bc/accounts": "accounts",
        "bc/vendor_payment_journals": "vendor_payment_journals",
    }
)
"""Optional sources are told under the names of their settings, what exports need under its own."""

TABLE_DATA: Mapping[str, str] = MappingProxyType(
    {
        "companyInformation": "Company Information",
        "currencyExchangeRates": "Currency Exchange Rate",
        "locations": "Location",
        "dimensions": "Dimension, Dimension Value",
        "accounts": "G/L Account",
        "currencies": "Currency",
        "paymentMethods": "Payment Method",
        "vendorPaymentJournals": "Gen. Journal Batch",
        "items": "Item",
        "itemLedgerEntries": "Item Ledger Entry",
        "outstandingSalesLines": "Sales Line",
        "itemVariants": "Item Variant",
        "vendors": "Vendor",
        "customers": "Customer",
        "salesInvoices": "Sales Invoice Header, Sales Invoice Line",
        "salesOrders": "Sales Header, Sales Line",
        "salesShipments": "Sales Shipment Header, Sales Shipment Line",
        "purchaseOrders": "Purchase Header, Purchase Line",
        "purchaseInvoices": "Purchase Header, Purch. Inv. Header",
        "purchaseReceipts": "Purch. Rcpt. Header, Purch. Rcpt. Line",
        "journals": "Gen. Journal Batch, Gen. Journal Line",
        "generalLedgerEntries": "G/L Entry",
    }
)
"""Entity set -> the table data of Business Central it shows: what permission sets are made of."""

READ_BY_EXPORTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "accounting": ("customers", "purchaseInvoices", "journals", "generalLedgerEntries"),
        "buy_orders": ("purchaseOrders",),
    }
)
"""Switch of ``exports`` -> entity sets its writers look into, besides what every run reads."""


@dataclass(frozen=True)
class Read:
    """One thing to read.

    Attributes:
        name: as the report calls it.
        what: entity set or name of the published page.
        ask: reads one row; see ``Finding``.
    """

    name: str
    what: str
    ask: Callable[[], Finding]


def reads(tenant: Tenant, bc: BusinessCentral, found: dict[str, bool]) -> Iterator[Read]:
    """Everything this tenant's settings ask for, in the order of a run.

    Args:
        tenant: whose settings.
        bc: its Business Central.
        found: is told of each entity that was asked for whether it is there.
    """
    entities = [each for each in selected_entities(tenant) if each.route != "companies"]
    for entity in entities:
        name = LABELS.get(entity.name, entity.name)
        what = getattr(tenant.business_central, entity.path, None) or entity.path
        yield Read(name, what, lambda entity=entity: _of_entity(bc, entity, found))  # type: ignore[misc]
    known = {entity.path for entity in entities}
    for switch, entity_sets in READ_BY_EXPORTS.items():
        for each in entity_sets:
            if getattr(tenant.exports, switch) and each not in known:
                url = query_url(bc.company_url(each), _ONE_ROW)
                yield Read(f"bc/{each}", each, lambda url=url: _rows(bc, url))  # type: ignore[misc]
    settings = tenant.business_central
    for name in ("dimensions_page", "dimension_values_page"):
        page = getattr(settings, f"{name}_name")
        if page:
            url = query_url(bc.page_url(page), _ONE_ROW)
            yield Read(name, page, lambda url=url: _of_page(bc, url))  # type: ignore[misc]


def forbidden(read: Read, error: AuthError) -> str:
    """What permission is missing, and Business Central's own words."""
    data = TABLE_DATA.get(read.what)
    named = f"{read.what} (table data {data})" if data else read.what
    return f"no permission to read {named}: {error}"


def lacking(reads: list[Read]) -> Finding:
    """What the permissions lack, in one line."""
    if not reads:
        return Finding(True, "everything this tenant needs can be read")
    data = dict.fromkeys(TABLE_DATA.get(read.what, read.what) for read in reads)
    return Finding(
        False,
        f"the permission sets lack read permission on {', '.join(data)}. Add it (D365 READ has "
        "the standard ones), then check again",
    )


def _of_entity(bc: BusinessCentral, entity: Entity, found: dict[str, bool]) -> Finding:
    """One row, unless others that are there tell the same, as in a run."""
    others = needed(entity.unless, bc.tenant)
    if others and all(found.get(name) for name in others):
        return Finding(True, f"not needed: {mirror_state.told_by(others)}")
    try:
        finding = _one_row(bc, entity)
    except RequestFailed as error:
        if not is_absent_source(bc, entity, error):
            raise
        found[entity.name] = False
        told = f"is not there, so it is done without: {error}. {entity.without}".removesuffix(". ")
        return Finding(False, told, severity="warn")
    found[entity.name] = True
    return finding


def _one_row(bc: BusinessCentral, entity: Entity) -> Finding:
    """One row as a run would ask for it: same columns, same lines."""
    try:
        return _rows(bc, query_url(entity_url(bc, entity, select=entity.select), _ONE_ROW))
    except RequestFailed as error:
        if not entity.select or error.status != 400:
            raise
        refusal = str(error)
    # A run asks again for all columns when Business Central does not know one of those named.
    _rows(bc, query_url(entity_url(bc, entity, select=False), _ONE_ROW))
    return Finding(False, f"is read with all columns, because: {refusal}", severity="warn")


def _of_page(bc: BusinessCentral, url: str) -> Finding:
    try:
        return _rows(bc, url)
    except RequestFailed as error:
        if not published_pages.is_gone(error, bc.company.major_version):
            raise
        return Finding(False, f"is not there, so it is done without: {error}", severity="warn")


def _rows(bc: BusinessCentral, url: str) -> Finding:
    found = list(bc.rows(url, fresh=False))
    return Finding(True, "can be read" if found else "can be read, but has no rows")
