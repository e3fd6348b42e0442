"""What is read from Business Central: every entity declared once, with how and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from bc_pipeline.catalogue import sell_order_source, stock_source
from bc_pipeline.catalogue.entity import DOCUMENTS_PAGE, LEDGER, Entity, Mode, Referred
from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.catalogue.task import Need
from bc_pipeline.tenants.settings import Tenant

COMPANIES = "bc/companies"
"""The list all reading begins with."""

_STOCK = "stock moves do not touch lastModifiedDateTime"
_SMALL = "a handful of rows"
_SETTINGS = "a handful of rows that change a few times a year: once a day is enough"
_LEAVE = "orders leave the list when invoiced; lines and receipts change without the header's stamp"
_POSTED = "posted: rows are added and stamped; late and undone ones by comparing ids, once a day"

_BY_LOCATION = "sync.stock_source and sync.locations"


def _orders_only_for_stock(tenant: Tenant) -> bool:
    """Whether the lines of sales orders tell nothing that the Analytics API does not."""
    return stock_source.prefers_analytics(tenant) and not sell_order_source.from_orders(tenant)


def _documents(name: str, mode: Mode, why: str, description: str, **how: Any) -> Entity:  # noqa: ANN401 - as Entity has it
    """Documents with their lines: entity set, navigation and tables are called after the entity."""
    first, *others = name.split("_")
    path = first + "".join(map(str.capitalize, others))
    return Entity(
        f"bc/{name}",
        path,
        TABLES[name],
        mode,
        why,
        expand=f"{path.removesuffix('s')}Lines",
        lines=TABLES[f"{name.removesuffix('s')}_lines"],
        page_size=DOCUMENTS_PAGE,
        description=description,
        **how,
    )


def _posted(name: str, description: str, **how: Any) -> Entity:  # noqa: ANN401 - as Entity has it
    return _documents(
        name, "incremental", _POSTED, description, sweep="daily", probe="stamps", **how
    )


def _open(name: str, description: str, **how: Any) -> Entity:  # noqa: ANN401 - as Entity has it
    return _documents(name, "full", _LEAVE, description, probe="whole", **how)


_DECLARED = (
    Entity(
        COMPANIES,
        "companies",
        TABLES["companies"],
        "full",
        _SMALL,
        route="companies",
        description=(
            "The companies the tenant's user sees in the environment. Exactly one of them is "
            "the tenant's own; everything else is read from that one."
        ),
    ),
    Entity(
        "bc/company_information",
        "companyInformation",
        TABLES["company_information"],
        "full",
        _SETTINGS,
        keeps=timedelta(days=1),
        referred=Referred("company information"),
        description="The company's own card: name and local currency.",
    ),
    Entity(
        "bc/currency_exchange_rates",
        "currencyExchangeRates",
        TABLES["currency_exchange_rates"],
        "full",
        "rates are corrected and deleted; few rows",
        description="Exchange rates by currency and starting date, read in full.",
        probe="stamps",
    ),
    Entity(
        "bc/locations",
        "locations",
        TABLES["locations"],
        "full",
        _SETTINGS,
        keeps=timedelta(days=1),
        referred=Referred("location"),
        description="Warehouses, read in full.",
    ),
    Entity(
        "bc/dimensions",
        "dimensions",
        TABLES["dimensions"],
        "full",
        "values change without their dimension; few rows",
        expand="dimensionValues",
        lines=TABLES["dimension_values"],
        page_size=DOCUMENTS_PAGE,
        referred=Referred("dimension", select=False),
        description="Dimensions with their values, read in full in one request.",
    ),
    *(
        Entity(
            f"bc/{name}",
            path,
            TABLES[name],
            "full",
            _SETTINGS,
            keeps=timedelta(days=1),
            referred=referred,
            description=description,
            when=lambda tenant: tenant.exports.accounting,
            setting="exports.accounting",
        )
        for name, path, referred, description in (
            (
                "accounts",
                "accounts",
                Referred("account", code="number"),
                "The chart of accounts, for bills and journal entries.",
            ),
            (
                "currencies",
                "currencies",
                Referred("currency"),
                "Currencies, for customers, vendors and bills.",
            ),
            (
                "payment_methods",
                "paymentMethods",
                Referred("payment method"),
                "Payment methods, for customers.",
            ),
            (
                "vendor_payment_journals",
                "vendorPaymentJournals",
                Referred("vendor payment journal"),
                "The journals that bill payments are written into; an accountant posts them.",
            ),
        )
    ),
    Entity(
        "bc/items",
        "items",
        TABLES["items"],
        "full",
        _STOCK,
        description=(
            "Items with stock. Read in full every time, because stock moves without changing "
            "an item's modification stamp."
        ),
        probe="stamps",
        follows=(LEDGER,),
    ),
    Entity(
        "bc/item_variants",
        "itemVariants",
        TABLES["item_variants"],
        "full",
        "deletions show only in a full read; a variant does not touch its item",
        description="Variants of items, read in full.",
        probe="stamps",
    ),
    Entity(
        stock_source.ENTRIES,
        "itemLedgerEntries",
        TABLES["stock_by_location"],
        "full",
        "an entry is open until goods are taken from it, without any stamp",
        route="analytics",
        condition="open eq true",
        optional=True,
        without=(
            "Stock by location comes from Optiply's extension then, where it is installed and may "
            "be used (sync.stock_source); else none is sent"
        ),
        description=(
            "Open item ledger entries from Business Central's Analytics API: their remaining "
            "quantities are the stock of each item at each location, in base units. One without a "
            "location code is at a place of its own."
        ),
        when=stock_source.reads_analytics,
        setting=_BY_LOCATION,
        follows=(LEDGER,),
    ),
    Entity(
        stock_source.SOLD,
        "outstandingSalesLines",
        TABLES["outstanding_sales"],
        "full",
        "what is shipped or deleted goes without a trace",
        route="analytics",
        condition="documentType eq 'Order'",
        optional=True,
        without="What is sold comes from the lines of sales orders then",
        description=(
            "What is sold and not shipped yet, by item and location in base units, from Business "
            "Central's Analytics API. Taken off stock by location. Return orders are left out."
        ),
        when=lambda tenant: (
            tenant.sync.deduct_sales_orders and stock_source.reads_analytics(tenant)
        ),
        setting=f"{_BY_LOCATION} and sync.deduct_sales_orders",
        follows=("salesOrders",),
    ),
    Entity(
        "bc/vendors",
        "vendors",
        TABLES["vendors"],
        "incremental",
        "stamped; deletions by comparing ids",
        sweep="always",
        description="Vendors, read incrementally; a sweep of the ids finds deleted ones.",
        probe="stamps",
    ),
    _posted(
        "sales_invoices",
        "Posted sales invoices with lines, read incrementally. The usual source of sell orders.",
        when=sell_order_source.from_invoices,
        setting="sync.sell_order_source: sales_invoices",
    ),
    _open(
        "sales_orders",
        "Open sales orders with lines, read in full: what is sold but not yet shipped is taken off "
        "the stock level.",
        unless=(
            Need(stock_source.ENTRIES, _orders_only_for_stock),
            Need(stock_source.SOLD, _orders_only_for_stock),
        ),
        when=lambda tenant: (
            tenant.sync.deduct_sales_orders or sell_order_source.from_orders(tenant)
        ),
        setting="sync.deduct_sales_orders or sync.sell_order_source: sales_orders",
    ),
    _posted(
        "sales_shipments",
        "Posted sales shipments with lines, for tenants that take sell orders from them.",
        when=sell_order_source.from_shipments,
        setting="sync.sell_order_source: sales_shipments",
    ),
    _open("purchase_orders", "Open purchase orders with lines, read in full."),
    _posted("purchase_receipts", "Posted purchase receipts with lines, read incrementally."),
    Entity(
        "bc/item_page",
        "item_page_name",
        TABLES["item_page"],
        "full",
        "its stamp is a date without time",
        route="page",
        optional=True,
        select=False,
        description=(
            "The published OData page of the item card: vendor, lead time, order quantities."
        ),
        when=lambda tenant: tenant.business_central.item_page_name,
        setting="business_central.item_page_name",
        follows=("items", LEDGER),
    ),
    Entity(
        "bc/item_units_of_measure",
        "item_units_page_name",
        TABLES["item_units_of_measure"],
        "full",
        "no stamp",
        route="page",
        optional=True,
        description="The published OData page of item units of measure with their factors.",
        when=lambda tenant: tenant.business_central.item_units_page_name,
        setting="business_central.item_units_page_name",
        follows=("items",),
    ),
    Entity(
        "bc/inventory_by_locations",
        "inventoryByLocations",
        TABLES["inventory_by_locations"],
        "full",
        "its stamp is the last ledger entry's; edits of older ones are missed",
        route="extension",
        optional=True,
        select=False,
        unless=(Need(stock_source.ENTRIES, stock_source.prefers_analytics),),
        description="Stock per location, from Optiply's extension in Business Central.",
        when=lambda tenant: tenant.reads_inventory_by_location,
        setting="business_central.inventory_by_location or sync.locations",
        follows=(LEDGER,),
    ),
    Entity(
        "bc/bom_components",
        "bomComponents",
        TABLES["bom_components"],
        "full",
        "deletions show only in a full read",
        route="extension",
        optional=True,
        select=False,
        description="Parts of assembled items, from Optiply's extension in Business Central.",
        when=lambda tenant: tenant.business_central.bom_components,
        setting="business_central.bom_components",
        follows=("items",),
    ),
)

ENTITIES: Mapping[str, Entity] = MappingProxyType({entity.name: entity for entity in _DECLARED})
"""Every entity by the name of its task."""

REFERENCE: Mapping[str, Entity] = MappingProxyType(
    {entity.kind: entity for entity in _DECLARED if entity.referred}
)
"""What documents refer to, by kind: the name without its group."""

FOR_FILES = tuple(entity.name for entity in _DECLARED if entity.setting == "exports.accounting")
"""Reference data that only files of accounting records refer to."""


def selected_entities(tenant: Tenant) -> list[Entity]:
    """The entities this tenant's configuration asks for, in the order they are declared."""
    return [entity for entity in ENTITIES.values() if entity.when(tenant)]
