"""What the wholesaler publishes beside the standard API: the item card, item units, and the lists
of Optiply's extension (mapping.md 0). Rows are made from the company's tables at every read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from bc_pipeline.sandbox.business_central.company import Company, Page, Row
from bc_pipeline.sandbox.business_central.values import ZERO_GUID, ZERO_STAMP
from bc_pipeline.sandbox.changes.documents import factor

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
    """The item card as a published page, with what is on sales orders in the base unit."""
    on_order = _on_sales_orders(company)
    for item in _in_order(company):
        yield {
            "No": item["number"],
            "Description": item["displayName"],
            "Description_2": item["displayName2"],
            "Type": item["type"],
            "Item_Category_Code": item["itemCategoryCode"],
            "Base_Unit_of_Measure": item["baseUnitOfMeasureCode"],
            "Purch_Unit_of_Measure": item.get("#purchaseUnit", item["baseUnitOfMeasureCode"]),
            "Sales_Unit_of_Measure": item["baseUnitOfMeasureCode"],
            "Vendor_No": item.get("#vendorNumber", ""),
            "Vendor_Item_No": item.get("#vendorItemNumber", ""),
            "Lead_Time_Calculation": item.get("#leadTime", ""),
            "Lot_Size": item.get("#lotSize", NOTHING),
            "Order_Multiple": item.get("#orderMultiple", NOTHING),
            "Minimum_Order_Quantity": item.get("#minimumOrderQuantity", NOTHING),
            "Blocked": item["blocked"],
            "Purchasing_Blocked": item.get("#purchasingBlocked", False),
            "Sales_Blocked": False,
            "Unit_Price": item["unitPrice"],
            "Unit_Cost": item["unitCost"],
            "Last_Direct_Cost": item.get("#lastDirectCost", NOTHING),
            "Assembly_BOM": bool(item.get("#bom")),
            "GTIN": item["gtin"],
            "Qty_on_Sales_Order": on_order[item["id"]],
            "Last_Date_Modified": item["lastModifiedDateTime"][:10],
        }


def item_units_page(company: Company) -> Iterator[Row]:
    """Units of measure per item with their factor to the base unit."""
    for item in _in_order(company):
        for code, quantity in item.get("#units", {}).items():
            yield {"Item_No": item["number"], "Code": code, "Qty_per_Unit_of_Measure": quantity}


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
                "quantityPer": part["quantityPer"],
                "unitOfMeasureCode": part["unitOfMeasureCode"],
            }


def _in_order(company: Company) -> list[Row]:
    return sorted(company.tables["items"].values(), key=lambda row: str(row["number"]))


def _on_sales_orders(company: Company) -> dict[str, Decimal]:
    quantities: dict[str, Decimal] = defaultdict(Decimal)
    for line in company.tables["salesOrderLines"].values():
        left = line["quantity"] - line["shippedQuantity"]
        item = company.tables["items"].get(line["itemId"])
        if item is not None and left > 0:
            quantities[item["id"]] += left * factor(item, line["unitOfMeasureCode"])
    return quantities
