"""Where each attribute of Optiply comes from and by which rule, in words: what ``show``, the pages
of the assets and the documentation tell. The rules themselves are the SQL of ``mapping``; a test
holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.catalogue.task import BC


@dataclass(frozen=True)
class Source:
    """One column something is made from.

    Args:
        table: as in the snapshot, ``bc.items`` or ``optiply.products``.
        column: in the system's own spelling; of Optiply's rows ``remote_id``, which stands for the
            id Optiply gave them.
    """

    table: str
    column: str

    @property
    def text(self) -> str:
        """What people call it: ``items.displayName``; of Optiply's rows ``products``."""
        group, _, name = self.table.partition(".")
        return (
            f"{name}.{self.column}" if group == BC else f"{self.table.replace('.', '/')} (its id)"
        )

    @property
    def task(self) -> str:
        """The task, and asset, that brings it: lines come with their documents."""
        group, _, name = self.table.partition(".")
        document = TABLES[name].document if group == BC else None
        return f"{group}/{document or name}"


@dataclass(frozen=True)
class Origin:
    """Where an attribute comes from.

    Args:
        rule: in words, one sentence without a full stop.
        sources: the columns, the first choice first; empty for what is the same for all.
    """

    rule: str
    sources: tuple[Source, ...] = ()


def _from(columns: str, rule: str) -> Origin:
    """``"items.displayName items.number"``; with ``optiply.`` in front of Optiply's own."""
    return Origin(rule, tuple(_source(each) for each in columns.split()))


def _source(named: str) -> Source:
    table, _, column = named.rpartition(".")
    return Source(table if "." in table else f"{BC}.{table}", column)


_LINE_VALUE = "netAmount amountExcludingTax invoiceDiscountAllocation"


def _value(table: str) -> str:
    return " ".join(f"{table}.{column}" for column in _LINE_VALUE.split())


_PRODUCTS = {
    "name": _from(
        "items.displayName items.number item_variants.description",
        "the item's name, its number where it has none; of a variant with its description",
    ),
    "skuCode": _from(
        "items.number item_variants.code", "the item's number; of a variant with its code"
    ),
    "articleCode": _from(
        "items.number",
        "left empty, but for a variant: its item's number. sync.article_code_field names another "
        "property of the item",
    ),
    "eanCode": _from("items.gtin", "the item's GTIN"),
    "price": _from(
        "items.unitPrice items.priceIncludesTax items.taxGroupCode",
        "the unit price without VAT per unit of Optiply; left out where VAT is in it at a rate "
        "that sync.vat_percent_by_tax_group does not give",
    ),
    "stockLevel": _from(
        "items.inventory stock_by_location.remainingQuantity inventory_by_locations.Inventory "
        "outstanding_sales.outstandingQtyBase item_page.Qty_on_Sales_Order "
        "sales_order_lines.quantity sales_order_lines.shippedQuantity",
        "what is in stock at the chosen locations minus what is sold and not shipped, rounded down",
    ),
    "unlimitedStock": _from(
        "items.type bom_components.parentItemNo",
        "true where no stock is kept: not of type Inventory, or put together from other items",
    ),
    "status": _from("items.blocked items.type", "disabled when blocked or not of type Inventory"),
    "notBeingBought": _from(
        "item_page.Purchasing_Blocked",
        "whether buying is blocked on the item's published page; sent only when that changes, for "
        "people set it in Optiply too",
    ),
    "assembled": _from(
        "bom_components.parentItemNo", "whether it is put together from other items"
    ),
    "minimumStock": _from("", "not sent: it belongs to the people who use Optiply"),
    "maximumStock": _from("", "not sent: it belongs to the people who use Optiply"),
    "stockMeasurementUnit": _from(
        "items.baseUnitOfMeasureCode",
        "the base unit, where sync.send_stock_measurement_unit is on",
    ),
    "createdAtRemote": _from("", "not sent: items do not tell when they were made"),
}

_SUPPLIERS = {
    "name": _from("vendors.displayName vendors.number", "the vendor's name, its number if none"),
    "emails": _from("vendors.email", "the valid addresses among those of the vendor"),
    "deliveryTime": _from("", "not sent: vendors have none, and people set it in Optiply"),
    "ignored": _from(
        "vendors.blocked",
        "true when the vendor is blocked for All; sent only when that changes, for people set "
        "it in Optiply too",
    ),
    "type": _from("", "always vendor"),
}

_SUPPLIER_PRODUCTS = {
    "name": _from(
        "item_page.Description optiply.products.name",
        "the item page's text, else the product's name",
    ),
    "productId": _from("optiply.products.remote_id", "the product of the item"),
    "supplierId": _from("optiply.suppliers.remote_id", "the supplier of the vendor"),
    "skuCode": _from("item_page.Vendor_Item_No", "the vendor's own number of the item"),
    "eanCode": _from("item_page.GTIN", "the GTIN of the item's published page"),
    "price": _from(
        "item_page.Last_Direct_Cost item_page.Unit_Cost items.unitCost "
        "purchase_order_lines.directUnitCost purchase_order_lines.discountPercent "
        "purchase_receipt_lines.unitCost",
        "the item page's last direct cost, else its unit cost; without that page the newest "
        "purchase of the item from the vendor; without VAT, per unit of Optiply, in the company's "
        "currency",
    ),
    "minimumPurchaseQuantity": _from(
        "item_page.Minimum_Order_Quantity", "the item page's minimum order quantity, rounded up"
    ),
    "lotSize": _from(
        "item_page.Order_Multiple item_units_of_measure.Qty_per_Unit_of_Measure",
        "the item page's order multiple, rounded up; else the purchase unit's size where "
        "sync.lot_size_from_purchase_unit is on",
    ),
    "deliveryTime": _from(
        "item_page.Lead_Time_Calculation", "the item page's lead time in days; left out where none"
    ),
    "preferred": _from(
        "item_page.Vendor_No purchase_orders.orderDate purchase_receipts.postingDate",
        "true for the item page's vendor; without that page for the one last bought from",
    ),
    "status": _from(
        "items.blocked item_page.Blocked item_page.Purchasing_Blocked",
        "disabled when the item or buying it is blocked, or another vendor took its place",
    ),
}

_SELL_ORDERS = {
    "placed": _from(
        "sales_invoices.invoiceDate sales_invoices.postingDate sales_orders.orderDate "
        "sales_shipments.postingDate",
        "the invoice date, else the posting date; with sync.sell_order_source the date of the "
        "order or shipment",
    ),
    "completed": _from(
        "sales_invoices.postingDate sales_order_lines.shipmentDate sales_shipments.postingDate",
        "the posting date; of an order its newest shipment date that is not in the future",
    ),
    "totalValue": _from(_value("sales_invoice_lines"), "the sum of the lines that are sent"),
    "orderLines": _from(
        f"sales_invoice_lines.itemId sales_invoice_lines.quantity {_value('sales_invoice_lines')} "
        "sales_invoices.currencyCode currency_exchange_rates.exchangeRateAmount "
        "optiply.products.remote_id",
        "item lines summed by product, without VAT and after discounts, in the company's currency; "
        "lines of items that are not in Optiply are left out",
    ),
}

_BUY_ORDERS = {
    "placed": _from(
        "purchase_orders.orderDate purchase_orders.postingDate",
        "the order date, else the posting date, else when it was first seen",
    ),
    "totalValue": _from(_value("purchase_order_lines"), "the sum of the lines in Optiply"),
    "supplierId": _from(
        "purchase_orders.vendorId optiply.suppliers.remote_id",
        "the supplier of the vendor that is ordered from",
    ),
    "completed": _from(
        "purchase_orders.fullyReceived purchase_order_lines.receivedQuantity "
        "purchase_receipts.postingDate",
        "once everything is received: the posting date of the newest receipt",
    ),
    "expectedDeliveryDate": _from(
        "purchase_order_lines.expectedReceiptDate purchase_orders.requestedReceiptDate",
        "the earliest expected date of what is still to come, else the requested date",
    ),
    "assembly": _from("", "always false: made-to-order assemblies are not bought"),
}

_BUY_ORDER_LINES = {
    "buyOrderId": _from("optiply.buy_orders.remote_id", "the buy order of the purchase order"),
    "productId": _from(
        "purchase_order_lines.itemId optiply.products.remote_id", "the product of the line's item"
    ),
    "quantity": _from(
        "purchase_order_lines.quantity item_units_of_measure.Qty_per_Unit_of_Measure",
        "the quantity in units of Optiply, rounded to a whole number of at least 1",
    ),
    "subtotalValue": _from(
        f"{_value('purchase_order_lines')} purchase_orders.currencyCode "
        "currency_exchange_rates.exchangeRateAmount",
        "the line amount without VAT and after discounts, in the company's currency",
    ),
    "expectedDeliveryDate": _from(
        "purchase_order_lines.expectedReceiptDate", "the line's expected receipt date"
    ),
}

_RECEIPT_LINES = {
    "buyOrderLineId": _from(
        "purchase_receipts.orderNumber purchase_receipt_lines.sequence "
        "purchase_receipt_lines.lineObjectNumber optiply.buy_order_lines.remote_id",
        "the order line of the same order, line number and item; else the item's only line",
    ),
    "quantity": _from(
        "purchase_receipt_lines.quantity item_units_of_measure.Qty_per_Unit_of_Measure",
        "what was received in units of Optiply, so rounded that a line received in full adds up",
    ),
    "occurred": _from("purchase_receipts.postingDate", "the receipt's posting date"),
}

_PRODUCT_COMPOSITIONS = {
    "composedProductId": _from(
        "bom_components.parentItemNo optiply.products.remote_id", "the product put together"
    ),
    "partProductId": _from(
        "bom_components.no bom_components.variantCode optiply.products.remote_id",
        "the product that is a part of it",
    ),
    "partQuantity": _from(
        "bom_components.quantityPer item_units_of_measure.Qty_per_Unit_of_Measure",
        "how many units of Optiply of the part one needs; left out unless a whole number",
    ),
}

LINEAGE: Mapping[str, Mapping[str, Origin]] = MappingProxyType(
    {
        "products": _PRODUCTS,
        "suppliers": _SUPPLIERS,
        "supplier_products": _SUPPLIER_PRODUCTS,
        "sell_orders": _SELL_ORDERS,
        "buy_orders": _BUY_ORDERS,
        "buy_order_lines": _BUY_ORDER_LINES,
        "receipt_lines": _RECEIPT_LINES,
        "product_compositions": _PRODUCT_COMPOSITIONS,
    }
)
"""Resource -> attribute -> where it comes from."""
