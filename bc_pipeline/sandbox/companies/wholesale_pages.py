"""What the wholesaler publishes beside the standard API: the item card, item units, and the lists
of Optiply's extension (mapping.md 0). Rows are made from the company's tables at every read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.documents import factor
from bc_pipeline.sandbox.company.company import Company, Page, Row
from bc_pipeline.sandbox.company.values import ZERO_GUID, ZERO_STAMP

ITEM_PAGE = "Artikel"
ITEM_UNITS_PAGE = "Artikeleenheden"
NOTHING = Decimal(0)


def publish(company: Company) -> None:
    """Puts the pages into ``company.pages``; each read sees one state of the company."""
    for name, make in (
        (ITEM_PAGE, item_page),
        (ITEM_UNITS_PAGE, item_units_page),
        ("inventoryByLocations", inventory_by_locations),
        ("bomComponents", bom_components),
    ):
        company.pages[name] = _locked(make)


def _locked(make: Callable[[Company], Iterable[Row]]) -> Page:
    def read(company: Company) -> list[Row]:
        with company.lock:
            return list(make(company))

    return read


def item_page(company: Company) -> Iterator[Row]:
    """The item card as a published page: quantities in the base unit, options by encoded name."""
    sold = _on_sales_orders(company)
    bought = _on_purchase_orders(company)
    for item in _in_order(company):
        base = item["baseUnitOfMeasureCode"]
        multiple = item.get("#orderMultiple", NOTHING)
        yield {
            "No": item["number"],
            "Description": item["displayName"],
            "Description_2": item["displayName2"],
            "Blocked": item["blocked"],
            "Type": item["type"],
            "Base_Unit_of_Measure": base,
            "Last_Date_Modified": item["lastModifiedDateTime"][:10],
            "GTIN": item["gtin"],
            "Item_Category_Code": item["itemCategoryCode"],
            "Inventory": company.inventory(item["id"]),
            "Qty_on_Purch_Order": bought[item["id"]],
            "Qty_on_Sales_Order": sold[item["id"]],
            "Qty_on_Assembly_Order": NOTHING,
            "Net_Weight": NOTHING,
            "Gross_Weight": NOTHING,
            "Unit_Volume": NOTHING,
            "Costing_Method": "FIFO",
            "Standard_Cost": NOTHING,
            "Unit_Cost": item["unitCost"],
            "Last_Direct_Cost": item.get("#lastDirectCost", NOTHING),
            "Gen_Prod_Posting_Group": item["generalProductPostingGroupCode"],
            "Tax_Group_Code": item["taxGroupCode"],
            "Inventory_Posting_Group": item["inventoryPostingGroupCode"],
            "Unit_Price": item["unitPrice"],
            "Price_Includes_VAT": item["priceIncludesTax"],
            "Sales_Unit_of_Measure": base,
            "Sales_Blocked": False,
            "Replenishment_System": "Assembly" if item.get("#bom") else "Purchase",
            "Lead_Time_Calculation": item.get("#leadTime", ""),
            "Vendor_No": item.get("#vendorNumber", ""),
            "Vendor_Item_No": item.get("#vendorItemNumber", ""),
            "Purch_Unit_of_Measure": item.get("#purchaseUnit", base),
            "Purchasing_Blocked": item.get("#purchasingBlocked", False),
            "Assembly_BOM": bool(item.get("#bom")),
            "Reordering_Policy": "Lot_x002D_for_x002D_Lot" if multiple else "_x0020_",
            "Safety_Stock_Quantity": NOTHING,
            "Reorder_Point": NOTHING,
            "Reorder_Quantity": NOTHING,
            "Maximum_Inventory": NOTHING,
            "Minimum_Order_Quantity": item.get("#minimumOrderQuantity", NOTHING),
            "Maximum_Order_Quantity": NOTHING,
            "Order_Multiple": multiple,
            "Lot_Size": item.get("#lotSize", NOTHING),
            "Item_Tracking_Code": "",
        }


def item_units_page(company: Company) -> Iterator[Row]:
    """Units of measure per item with their factor to the base unit; the columns with a prefix are
    those that other vendors' extensions add."""
    for item in _in_order(company):
        base = item["baseUnitOfMeasureCode"]
        for code, quantity in item.get("#units", {}).items():
            yield {
                "Item_No": item["number"],
                "Code": code,
                "Qty_per_Unit_of_Measure": quantity,
                "Qty_Rounding_Precision": NOTHING,
                "Height": NOTHING,
                "Width": NOTHING,
                "Length": NOTHING,
                "Cubage": NOTHING,
                "Weight": NOTHING,
                "ItemUnitOfMeasure": base,
                "ItemBaseUOMQtyPrecision": NOTHING,
                "TINX_Is_Default": code == base,
                "XPRT_Qty_Rounding_Precision": NOTHING,
            }


def inventory_by_locations(company: Company) -> Iterator[Row]:
    """Stock per item, variant and location that ever had an entry; no ``id``, stamped with the
    last entry (mapping.md 2.1)."""
    stamps: dict[tuple[str, str, str], str] = {}
    for entry in company.tables["itemLedgerEntries"].values():
        place = (entry["#itemId"], entry["#locationCode"], entry["#variantCode"])
        stamps[place] = entry["lastModifiedDateTime"]
    variants = {
        (row["itemId"], row["code"]): row["id"] for row in company.tables["itemVariants"].values()
    }
    for item in _in_order(company):
        for (location, variant), quantity in sorted(company.stock(item["id"]).items()):
            yield {
                "ItemId": item["id"],
                "ItemNo": item["number"],
                "VariantId": variants.get((item["id"], variant), ZERO_GUID),
                "VariantCode": variant,
                "LocationCode": location,
                "Inventory": quantity,
                "SystemModifiedAt": stamps.get((item["id"], location, variant), ZERO_STAMP),
            }


def bom_components(company: Company) -> Iterator[Row]:
    """Lines of the assembly bills of materials."""
    for item in _in_order(company):
        for number, part in enumerate(item.get("#bom", ()), start=1):
            yield {
                "id": part["id"],
                "parentItemNo": item["number"],
                "lineNo": number * 10000,
                "componentType": part["componentType"],
                "no": part["no"],
                "description": part.get("description", ""),
                "quantityPer": part["quantityPer"],
                "unitOfMeasureCode": part["unitOfMeasureCode"],
                "position": part.get("position", ""),
                "variantCode": part.get("variantCode", ""),
                "systemCreatedAt": part.get("stamp", ZERO_STAMP),
                "systemModifiedAt": part.get("stamp", ZERO_STAMP),
            }


def _in_order(company: Company) -> list[Row]:
    return sorted(company.tables["items"].values(), key=lambda row: str(row["number"]))


def _on_sales_orders(company: Company) -> dict[str, Decimal]:
    return _outstanding(company, "salesOrderLines", "shippedQuantity")


def _on_purchase_orders(company: Company) -> dict[str, Decimal]:
    return _outstanding(company, "purchaseOrderLines", "receivedQuantity")


def _outstanding(company: Company, lines: str, done: str) -> dict[str, Decimal]:
    quantities: dict[str, Decimal] = defaultdict(Decimal)
    for line in company.tables[lines].values():
        left = line["quantity"] - line[done]
        item = company.tables["items"].get(line["itemId"])
        if item is not None and left > 0:
            quantities[item["id"]] += left * factor(item, line["unitOfMeasureCode"])
    return quantities
