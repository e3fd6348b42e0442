"""The mirror of Business Central: every table of schema ``bc`` and its columns, declared once.

Columns carry BC's own property names. The reader builds ``$select``, the staging tables and the
swap from these declarations, so a property is added by adding one line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TEXT = "VARCHAR"
NUMBER = "DECIMAL(38,10)"
WHOLE = "BIGINT"
FLAG = "BOOLEAN"
DATE = "DATE"
STAMP = "TIMESTAMPTZ"

NEVER = "0001-01-01T00:00:00Z"
"""The stamp of rows that BC has never stamped (behaviour.md 3.2)."""

BOOKKEEPING: Mapping[str, str] = MappingProxyType(
    {"_row_hash": TEXT, "_seen_run": WHOLE, "_read_at": STAMP}
)
"""Columns of every mirror table: what the row looked like, the run that brought it and when.

A row that is read again unchanged is not touched, so ``_seen_run`` is the run in which it arrived
or last changed.
"""


@dataclass(frozen=True)
class Table:
    """One mirror table.

    Args:
        name: table name inside schema ``bc``.
        columns: BC property -> DuckDB type.
        key: columns that identify a row.
        document: of line tables only: the mirror table of the documents they are read with.
        parent: of line tables only: the column that holds the id of the document.
        absent: columns kept for a uniform shape which BC does not offer here; never selected.
    """

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...] = ("id",)
    document: str | None = None
    parent: str | None = None
    absent: frozenset[str] = frozenset()

    @property
    def selected(self) -> tuple[str, ...]:
        """The properties asked of BC."""
        return tuple(column for column in self.columns if column not in self.absent)

    @property
    def stamp(self) -> str | None:
        """The column that tells when a row last changed, where BC offers one."""
        names = ("lastModifiedDateTime", "SystemModifiedAt")
        return next((name for name in names if name in self.columns), None)


def _columns(*groups: tuple[str, str]) -> Mapping[str, str]:
    """``(("VARCHAR", "id number"), ...)`` as one mapping of name to type."""
    return MappingProxyType({name: kind for kind, names in groups for name in names.split()})


_SALES_LINE = (
    (TEXT, "id documentId"),
    (WHOLE, "sequence"),
    (TEXT, "itemId itemVariantId lineType lineObjectNumber unitOfMeasureCode"),
    (NUMBER, "quantity netAmount amountExcludingTax invoiceDiscountAllocation unitPrice"),
    (TEXT, "locationId"),
)

# The standard API does not show it, a published page may; ``reference_store`` writes it.
_BLOCKED = frozenset(("blocked",))

_DECLARED = (
    Table("companies", _columns((TEXT, "id name displayName"))),
    Table("company_information", _columns((TEXT, "id displayName currencyCode"))),
    Table(
        "currency_exchange_rates",
        _columns(
            (TEXT, "id currencyCode"),
            (DATE, "startingDate"),
            (NUMBER, "exchangeRateAmount"),
            (TEXT, "relationalCurrencyCode"),
            (NUMBER, "relationalExchangeRateAmount"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table("locations", _columns((TEXT, "id code displayName"), (STAMP, "lastModifiedDateTime"))),
    Table(
        "dimensions",
        _columns((TEXT, "id code displayName"), (STAMP, "lastModifiedDateTime"), (FLAG, "blocked")),
        absent=_BLOCKED,
    ),
    Table(
        "dimension_values",
        _columns(
            (TEXT, "id dimensionId code displayName"),
            (STAMP, "lastModifiedDateTime"),
            (FLAG, "blocked"),
        ),
        document="dimensions",
        parent="dimensionId",
        absent=_BLOCKED,
    ),
    Table(
        "accounts",
        _columns(
            (TEXT, "id number displayName accountType"),
            (FLAG, "directPosting blocked"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table(
        "currencies",
        _columns(
            (TEXT, "id code displayName amountDecimalPlaces"),
            (NUMBER, "amountRoundingPrecision"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table(
        "payment_methods",
        _columns((TEXT, "id code displayName"), (STAMP, "lastModifiedDateTime")),
    ),
    Table(
        "vendor_payment_journals",
        _columns(
            (TEXT, "id code displayName balancingAccountId balancingAccountNumber"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table(
        "items",
        _columns(
            (TEXT, "id number displayName type itemCategoryCode"),
            (FLAG, "blocked"),
            (TEXT, "gtin"),
            (NUMBER, "inventory unitPrice"),
            (FLAG, "priceIncludesTax"),
            (NUMBER, "unitCost"),
            (TEXT, "taxGroupCode baseUnitOfMeasureCode"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table("item_variants", _columns((TEXT, "id itemId itemNumber code description"))),
    Table(
        "vendors",
        _columns(
            (TEXT, "id number displayName email blocked currencyCode"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table(
        "sales_invoices",
        _columns(
            (TEXT, "id number"),
            (DATE, "invoiceDate postingDate"),
            (TEXT, "status orderNumber currencyCode"),
            (FLAG, "pricesIncludeTax"),
            (NUMBER, "totalAmountExcludingTax"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table(
        "sales_invoice_lines",
        _columns(*_SALES_LINE, (DATE, "shipmentDate")),
        document="sales_invoices",
        parent="documentId",
    ),
    Table(
        "sales_orders",
        _columns(
            (TEXT, "id number"),
            (DATE, "orderDate postingDate"),
            (TEXT, "status"),
            (FLAG, "fullyShipped"),
            (TEXT, "currencyCode"),
            (FLAG, "pricesIncludeTax"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table(
        "sales_order_lines",
        _columns(*_SALES_LINE, (NUMBER, "shippedQuantity"), (DATE, "shipmentDate")),
        document="sales_orders",
        parent="documentId",
    ),
    Table(
        "sales_shipments",
        _columns(
            (TEXT, "id number"),
            (DATE, "postingDate"),
            (TEXT, "orderNumber currencyCode"),
            (FLAG, "pricesIncludeTax"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table(
        "sales_shipment_lines",
        _columns(*_SALES_LINE, (NUMBER, "discountPercent taxPercent"), (DATE, "shipmentDate")),
        document="sales_shipments",
        parent="documentId",
        # The posted shipment line has no item id, variant, location or amounts (rules.md 12).
        absent=frozenset(
            (
                "itemId",
                "itemVariantId",
                "netAmount",
                "amountExcludingTax",
                "invoiceDiscountAllocation",
                "locationId",
            )
        ),
    ),
    Table(
        "purchase_orders",
        _columns(
            (TEXT, "id number"),
            (DATE, "orderDate postingDate"),
            (TEXT, "vendorId vendorNumber currencyCode"),
            (FLAG, "pricesIncludeTax"),
            (DATE, "requestedReceiptDate"),
            (FLAG, "fullyReceived"),
            (TEXT, "status"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table(
        "purchase_order_lines",
        _columns(
            (TEXT, "id documentId"),
            (WHOLE, "sequence"),
            (TEXT, "itemId itemVariantId lineType lineObjectNumber description"),
            (TEXT, "unitOfMeasureCode"),
            (NUMBER, "quantity directUnitCost discountPercent netAmount amountExcludingTax"),
            (NUMBER, "invoiceDiscountAllocation"),
            (DATE, "expectedReceiptDate"),
            (NUMBER, "receivedQuantity"),
            (TEXT, "locationId"),
        ),
        document="purchase_orders",
        parent="documentId",
    ),
    Table(
        "purchase_receipts",
        _columns(
            (TEXT, "id number"),
            (DATE, "postingDate"),
            (TEXT, "vendorNumber currencyCode orderNumber"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
    Table(
        "purchase_receipt_lines",
        _columns(
            (TEXT, "id documentId"),
            (WHOLE, "sequence"),
            (TEXT, "lineType lineObjectNumber unitOfMeasureCode"),
            (NUMBER, "unitCost quantity discountPercent"),
            (DATE, "expectedReceiptDate"),
        ),
        document="purchase_receipts",
        parent="documentId",
    ),
    Table(
        "item_page",
        _columns(
            (TEXT, "No Description Vendor_No Vendor_Item_No Purch_Unit_of_Measure"),
            (NUMBER, "Unit_Cost Last_Direct_Cost Minimum_Order_Quantity Order_Multiple"),
            (TEXT, "Lead_Time_Calculation"),
            (FLAG, "Purchasing_Blocked Blocked"),
            (TEXT, "GTIN Base_Unit_of_Measure Reordering_Policy"),
            (NUMBER, "Qty_on_Sales_Order"),
            (DATE, "Last_Date_Modified"),
        ),
        key=("No",),
    ),
    Table(
        "item_units_of_measure",
        _columns((TEXT, "Item_No Code"), (NUMBER, "Qty_per_Unit_of_Measure")),
        key=("Item_No", "Code"),
    ),
    Table(
        "inventory_by_locations",
        _columns(
            (TEXT, "ItemId ItemNo VariantId VariantCode LocationCode"),
            (NUMBER, "Inventory"),
            (STAMP, "SystemModifiedAt"),
        ),
        # The extension delivers no id; this is its real key.
        key=("ItemNo", "VariantCode", "LocationCode"),
    ),
    Table(
        "stock_by_location",
        _columns((WHOLE, "entryNo"), (TEXT, "itemNo locationCode"), (NUMBER, "remainingQuantity")),
        key=("entryNo",),
    ),
    Table(
        "outstanding_sales",
        _columns(
            (TEXT, "documentNo documentType sellToCustomerNo itemNo"),
            (DATE, "shipmentDate"),
            (TEXT, "locationCode"),
            (WHOLE, "dimensionSetID"),
            (NUMBER, "qtyPerUnitOfMeasure"),
            (TEXT, "unitOfMeasureCode"),
            (NUMBER, "outstandingQtyBase"),
        ),
        # One row for each combination of all but the quantity (platform 2).
        key=(
            "documentNo",
            "documentType",
            "sellToCustomerNo",
            "itemNo",
            "shipmentDate",
            "locationCode",
            "dimensionSetID",
            "qtyPerUnitOfMeasure",
            "unitOfMeasureCode",
        ),
    ),
    Table(
        "bom_components",
        _columns(
            (TEXT, "id parentItemNo no componentType description"),
            (NUMBER, "quantityPer"),
            (TEXT, "unitOfMeasureCode variantCode"),
            (STAMP, "lastModifiedDateTime"),
        ),
    ),
)

TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _DECLARED})
"""Every table of schema ``bc`` by name."""
