"""What is read from Business Central: every entity declared once, with how and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Literal

from bc_pipeline.snapshot.tables import TABLES, Table
from bc_pipeline.tenants.model import Tenant

Route = Literal["companies", "company", "page", "extension"]
Mode = Literal["full", "incremental"]
Sweep = Literal["always", "daily"]

FLAT_PAGE = 20_000
"""What BC gives at most (behaviour.md 6): an unchanged run asks once per entity."""
DOCUMENTS_PAGE = 2000
"""Documents come with their lines, some twenty times as many."""


@dataclass(frozen=True)
class Entity:
    """One entity of Business Central and how it is read.

    Args:
        name: of its task and asset.
        path: entity set; for a published page the setting that holds its name.
        table: its mirror table.
        mode: ``incremental`` follows lastModifiedDateTime, ``full`` reads everything each run.
        why: the reason for the mode.
        route: ``companies``: the list itself; ``company``: standard API; ``page``: published
            OData page; ``extension``: Optiply's extension.
        expand: navigation whose rows are read along, into ``lines``.
        lines: mirror table of these.
        page_size: rows asked for per page.
        optional: a tenant may not have it: a 404 is a warning then, not a failure.
        sweep: how often all ids are compared after an incremental read, to find rows that are gone
            and rows that came behind the bookmark.
        select: name the columns. Not where the tenant decides which there are.
        keeps: how long a complete read serves further runs of everything; a run that names the
            entity, and a full one, always read it.
    """

    name: str
    path: str
    table: Table
    mode: Mode
    why: str
    route: Route = "company"
    expand: str | None = None
    lines: Table | None = None
    page_size: int = FLAT_PAGE
    optional: bool = False
    sweep: Sweep | None = None
    select: bool = True
    keeps: timedelta = timedelta(0)

    @property
    def is_posted(self) -> bool:
        """Whether its rows are posted documents, which nobody deletes while they are young."""
        return self.sweep == "daily"


_STOCK = "stock moves do not touch lastModifiedDateTime (behaviour.md 3.2)"
_SMALL = "a handful of rows"
_SETTINGS = "a handful of rows that change a few times a year: once a day is enough"
_LINES_MOVE = "lines and receipts change without the header's stamp (behaviour.md 3.2)"
_POSTED = "posted: rows are added and stamped; late and undone ones by comparing ids, once a day"

_DECLARED = (
    Entity("bc/companies", "companies", TABLES["companies"], "full", _SMALL, route="companies"),
    Entity(
        "bc/company_information",
        "companyInformation",
        TABLES["company_information"],
        "full",
        _SETTINGS,
        keeps=timedelta(days=1),
    ),
    Entity(
        "bc/currency_exchange_rates",
        "currencyExchangeRates",
        TABLES["currency_exchange_rates"],
        "full",
        "rates are corrected and deleted; few rows",
    ),
    Entity(
        "bc/locations",
        "locations",
        TABLES["locations"],
        "full",
        _SETTINGS,
        keeps=timedelta(days=1),
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
    ),
    *(
        Entity(f"bc/{name}", path, TABLES[name], "full", _SETTINGS, keeps=timedelta(days=1))
        for name, path in (
            ("accounts", "accounts"),
            ("currencies", "currencies"),
            ("payment_methods", "paymentMethods"),
            ("vendor_payment_journals", "vendorPaymentJournals"),
        )
    ),
    Entity("bc/items", "items", TABLES["items"], "full", _STOCK),
    Entity(
        "bc/item_variants",
        "itemVariants",
        TABLES["item_variants"],
        "full",
        "deletions show only in a full read; a variant does not touch its item (mapping.md 0)",
    ),
    Entity(
        "bc/vendors",
        "vendors",
        TABLES["vendors"],
        "incremental",
        "stamped; deletions by comparing ids (flows.md 3, 6)",
        sweep="always",
    ),
    Entity(
        "bc/sales_invoices",
        "salesInvoices",
        TABLES["sales_invoices"],
        "incremental",
        _POSTED,
        sweep="daily",
        expand="salesInvoiceLines",
        lines=TABLES["sales_invoice_lines"],
        page_size=DOCUMENTS_PAGE,
    ),
    Entity(
        "bc/sales_orders",
        "salesOrders",
        TABLES["sales_orders"],
        "full",
        f"orders leave the list when invoiced; {_LINES_MOVE}",
        expand="salesOrderLines",
        lines=TABLES["sales_order_lines"],
        page_size=DOCUMENTS_PAGE,
    ),
    Entity(
        "bc/sales_shipments",
        "salesShipments",
        TABLES["sales_shipments"],
        "incremental",
        _POSTED,
        sweep="daily",
        expand="salesShipmentLines",
        lines=TABLES["sales_shipment_lines"],
        page_size=DOCUMENTS_PAGE,
    ),
    Entity(
        "bc/purchase_orders",
        "purchaseOrders",
        TABLES["purchase_orders"],
        "full",
        f"orders leave the list when invoiced; {_LINES_MOVE}",
        expand="purchaseOrderLines",
        lines=TABLES["purchase_order_lines"],
        page_size=DOCUMENTS_PAGE,
    ),
    Entity(
        "bc/purchase_receipts",
        "purchaseReceipts",
        TABLES["purchase_receipts"],
        "incremental",
        _POSTED,
        sweep="daily",
        expand="purchaseReceiptLines",
        lines=TABLES["purchase_receipt_lines"],
        page_size=DOCUMENTS_PAGE,
    ),
    Entity(
        "bc/item_page",
        "item_page_name",
        TABLES["item_page"],
        "full",
        "its stamp is a date without time",
        route="page",
        optional=True,
        select=False,
    ),
    Entity(
        "bc/item_units_of_measure",
        "item_units_page_name",
        TABLES["item_units_of_measure"],
        "full",
        "no stamp",
        route="page",
        optional=True,
    ),
    Entity(
        "bc/inventory_by_locations",
        "inventoryByLocations",
        TABLES["inventory_by_locations"],
        "full",
        "its stamp is the last ledger entry's; edits of older ones are missed (mapping.md 2.1)",
        route="extension",
        optional=True,
        select=False,
    ),
    Entity(
        "bc/bom_components",
        "bomComponents",
        TABLES["bom_components"],
        "full",
        "deletions show only in a full read (mapping.md 10)",
        route="extension",
        optional=True,
        select=False,
    ),
)

ACCOUNTING = (
    "bc/accounts",
    "bc/currencies",
    "bc/payment_methods",
    "bc/vendor_payment_journals",
)
"""Reference data that only files of accounting records refer to."""

ENTITIES: Mapping[str, Entity] = MappingProxyType({entity.name: entity for entity in _DECLARED})
"""Every entity by the name of its task."""

ALWAYS = (
    "bc/companies",
    "bc/company_information",
    "bc/currency_exchange_rates",
    "bc/locations",
    "bc/dimensions",
    "bc/items",
    "bc/item_variants",
    "bc/vendors",
    "bc/purchase_orders",
    "bc/purchase_receipts",
)


def selected_entities(tenant: Tenant) -> list[Entity]:
    """The entities this tenant's configuration asks for, in the order they are declared."""
    settings, options = tenant.business_central, tenant.sync
    wanted = {*ALWAYS, f"bc/{options.sell_order_source}"}
    # An order that left the list was invoiced, shipped or cancelled: posted documents tell which.
    by_orders = options.sell_order_source == "sales_orders"
    when = {
        "bc/sales_invoices": by_orders,
        "bc/sales_shipments": by_orders,
        "bc/sales_orders": options.deduct_sales_orders,
        "bc/item_page": settings.item_page_name,
        "bc/item_units_of_measure": settings.item_units_page_name,
        "bc/inventory_by_locations": tenant.reads_inventory_by_location,
        "bc/bom_components": settings.bom_components,
        **dict.fromkeys(ACCOUNTING, tenant.exports.accounting),
    }
    wanted.update(name for name, asked in when.items() if asked)
    return [entity for entity in ENTITIES.values() if entity.name in wanted]
