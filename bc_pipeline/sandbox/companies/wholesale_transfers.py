"""What the standard API shows from version 29 on and the Analytics API always: goods that come
back, go back, or move from one location to another (platform 2, 5)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import BLANK_ENUM

IN_TRANSIT = "ONDERWEG"
_RETURN: Row = {"documentType": "Return_x0020_Order", "sequence": 10000, "lineType": "Item"}


def add_transfers_and_returns(company: Company, goods: list[Row], today: date) -> None:
    """A return of a customer, one to a vendor, and two transfers, of which one is on its way."""
    at_home = [row for row in goods if row["#home"] == "AMS" and row["type"] == "Inventory"]
    if not at_home:
        return
    first, last = at_home[0], at_home[-1]
    customer = next(r for r in company.tables["customers"].values() if r["blocked"] == BLANK_ENUM)
    vendor = next(r for r in company.tables["vendors"].values() if r["blocked"] == BLANK_ENUM)
    soon = today + timedelta(days=5)
    company.insert(
        "salesReturnOrders",
        {
            "number": "RV001",
            "sellToCustomerNumber": customer["number"],
            "sellToCustomerName": customer["displayName"],
            "locationCode": "AMS",
            "requestedDeliveryDate": soon,
        },
    )
    company.insert(
        "salesReturnOrderLines",
        _RETURN | {"documentNumber": "RV001", "quantity": Decimal(3)} | _item(first),
    )
    company.insert(
        "purchaseReturnOrders",
        {
            "number": "RI001",
            "buyFromVendorNumber": vendor["number"],
            "buyFromVendorName": vendor["displayName"],
            "locationCode": "AMS",
        },
    )
    company.insert(
        "purchaseReturnOrderLines",
        _RETURN
        | {"documentNumber": "RI001", "quantity": Decimal(2), "outstandingQuantity": Decimal(2)}
        | _item(last),
    )
    _transfer(company, "TO001", first, soon, shipped=Decimal(0))
    _transfer(company, "TO002", last, soon, shipped=Decimal(2))


def _transfer(company: Company, number: str, item: Row, day: date, *, shipped: Decimal) -> None:
    """Five pieces of an item from its home to the shop, ``shipped`` of them on their way."""
    places = {"transferFromCode": "AMS", "transferToCode": "WINKEL"}
    dates = {"shipmentDate": day, "receiptDate": day + timedelta(days=1)}
    header = {"number": number, "inTransitCode": IN_TRANSIT, "status": "Released"}
    company.insert("transferOrders", header | places | dates)
    quantity = Decimal(5)
    company.insert(
        "transferOrderLines",
        {
            "documentNumber": number,
            "sequence": 10000,
            "itemNumber": item["number"],
            "description": item["displayName"],
            "unitOfMeasureCode": item["baseUnitOfMeasureCode"],
            "quantity": quantity,
            "quantityShipped": shipped,
            "outstandingQuantity": quantity - shipped,
        }
        | places
        | dates,
    )
    for location, moved in (("AMS", -shipped), (IN_TRANSIT, shipped)):
        if moved:
            company.post_ledger(
                item["id"],
                moved,
                entry_type="Transfer",
                document_number=f"{number}-S",
                posting_date=company.clock().date(),
                location_code=location,
                documentType="Transfer_x0020_Shipment",
            )


def _item(item: Row) -> Row:
    return {
        "lineObjectNumber": item["number"],
        "description": item["displayName"],
        "unitOfMeasureCode": item["baseUnitOfMeasureCode"],
    }
