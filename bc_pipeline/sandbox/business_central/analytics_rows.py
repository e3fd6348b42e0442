"""Rows of the Analytics API, made from a company's tables at every read (platform 2)."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain

from bc_pipeline.sandbox.bookkeeping.documents import factor
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_ORDER, SALES_ORDER, Kind
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import ZERO_DATE
from bc_pipeline.sandbox.json_text import JsonValue

NOTHING = Decimal(0)
ORDER = "Order"
RETURN_ORDER = "Return_x0020_Order"


def ledger_entries(company: Company) -> Iterator[Row]:
    """All entries; of each place, what is left of which follows first in, first out."""
    table = company.tables["itemLedgerEntries"]
    entries = [table[key] for key in company.ordered("itemLedgerEntries")]
    remaining = _remaining(company, entries)
    for entry in entries:
        item = company.tables["items"].get(entry["#itemId"])
        left = remaining[entry["entryNumber"]]
        yield {
            "entryNo": entry["entryNumber"],
            "entryType": entry["entryType"],
            "sourceType": entry["sourceType"],
            "sourceNo": entry["sourceNumber"],
            "documentNo": entry["documentNumber"],
            "documentType": entry["documentType"],
            "postingDate": entry["postingDate"],
            "itemNo": entry["itemNumber"],
            "locationCode": entry["#locationCode"],
            "serialNo": "",
            "expirationDate": ZERO_DATE,
            "lotNo": "",
            "quantity": entry["quantity"],
            "unitOfMeasureCode": item["baseUnitOfMeasureCode"] if item else "",
            "remainingQuantity": left,
            "costAmountActual": entry["costAmountActual"],
            "salesAmountActual": entry["salesAmountActual"],
            "dimensionSetID": 0,
            "open": left != 0,
            "positive": entry["quantity"] > 0,
            "invoicedQuantity": entry["quantity"],
            "qtyPerUnitOfMeasure": Decimal(1),
        }


def _remaining(company: Company, entries: Iterable[Row]) -> dict[int, Decimal]:
    """What is left of each entry: the newest ones of a place hold what lies there, or what is
    missing."""
    places: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for entry in entries:
        places[entry["#itemId"], entry["#locationCode"], entry["#variantCode"]].append(entry)
    remaining: dict[int, Decimal] = {}
    for (item_id, location, variant), here in places.items():
        left = company.stock(item_id).get((location, variant), NOTHING)
        for entry in reversed(here):
            share = NOTHING
            if entry["quantity"] * left > 0:
                share = min(entry["quantity"], left, key=abs)
            remaining[entry["entryNumber"]] = share
            left -= share
    return remaining


def sales_lines(company: Company) -> Iterator[Row]:
    lines = company.tables["salesReturnOrderLines"].values()
    left = ((line, line["quantity"] - line["returnQtyReceived"]) for line in lines)
    returns = _returned(company, SALES_ORDER, "salesReturnOrders", "requestedDeliveryDate", left)
    yield from _summed(company, chain(_ordered(company, SALES_ORDER), returns))


def purchase_lines(company: Company) -> Iterator[Row]:
    lines = company.tables["purchaseReturnOrderLines"].values()
    left = ((line, line["outstandingQuantity"]) for line in lines)
    returns = _returned(company, PURCHASE_ORDER, "purchaseReturnOrders", PURCHASE_ORDER.day, left)
    yield from _summed(company, chain(_ordered(company, PURCHASE_ORDER), returns))


def _ordered(company: Company, kind: Kind) -> Iterator[Row]:
    orders = company.tables[kind.headers]
    for line in company.tables[kind.lines].values():
        order = orders[line["documentId"]]
        yield _line(company, line, ORDER, line["quantity"] - line[kind.done]) | {
            "documentNo": order["number"],
            f"{_party(kind)}No": order[f"{kind.party}Number"],
            kind.day: line[kind.day],
            "locationCode": _location_code(company, line),
        }


def _returned(
    company: Company, kind: Kind, headers: str, day: str, lines: Iterable[tuple[Row, Decimal]]
) -> Iterator[Row]:
    """The lines of return orders, each with what is left of it; ``day`` of the order counts."""
    returns = _by_number(company, headers)
    for line, left in lines:
        order = returns[line["documentNumber"]]
        yield _line(company, line, RETURN_ORDER, left) | {
            "documentNo": order["number"],
            f"{_party(kind)}No": order[f"{_party(kind)}Number"],
            kind.day: order[day],
            "locationCode": order["locationCode"],
        }


def _party(kind: Kind) -> str:
    """``sellToCustomer`` or ``buyFromVendor``."""
    return kind.address + kind.party.capitalize()


def transfer_lines(company: Company) -> Iterator[Row]:
    orders = _by_number(company, "transferOrders")
    for line in company.tables["transferOrderLines"].values():
        unit = _unit(company, line["itemNumber"], line["unitOfMeasureCode"])
        yield {
            "documentNo": line["documentNumber"],
            "itemNo": line["itemNumber"],
            "inTransitLocationCode": orders[line["documentNumber"]]["inTransitCode"],
            "transferToLocationCode": line["transferToCode"],
            "transferFromLocationCode": line["transferFromCode"],
            "qtyInTransitBase": (line["quantityShipped"] - line["quantityReceived"]) * unit,
            "outstandingQtyBase": line["outstandingQuantity"] * unit,
            "receiptDate": line["receiptDate"],
            "shipmentDate": line["shipmentDate"],
            "dimensionSetID": _dimension_set(company, line),
            "qtyPerUnitOfMeasure": unit,
            "unitOfMeasureCode": line["unitOfMeasureCode"],
        }


def locations(company: Company) -> Iterator[Row]:
    for row in sorted(company.tables["locations"].values(), key=lambda row: str(row["code"])):
        yield {
            "locationCode": row["code"],
            "locationName": row["displayName"],
            "adjustmentBinCode": "",
        }


# --- parts of rows -------------------------------------------------------------------------------


def _line(company: Company, line: Row, document_type: str, left: Decimal) -> Row:
    """What lines of sales and purchases have in common."""
    number = line["lineObjectNumber"]
    unit = _unit(company, number, line["unitOfMeasureCode"])
    return {
        "documentType": document_type,
        "itemNo": number if line["lineType"] == "Item" else "",
        "outstandingQtyBase": left * unit,
        "dimensionSetID": _dimension_set(company, line),
        "qtyPerUnitOfMeasure": unit,
        "unitOfMeasureCode": line["unitOfMeasureCode"],
    }


def _summed(company: Company, lines: Iterable[Row]) -> Iterator[Row]:
    """One row for each combination of everything but the quantity, of items only, and only where
    something is left."""
    sums: dict[tuple[tuple[str, JsonValue], ...], Decimal] = defaultdict(Decimal)
    for line in lines:
        if line["itemNo"] and line["outstandingQtyBase"] > 0:
            others = (pair for pair in line.items() if pair[0] != "outstandingQtyBase")
            sums[tuple(sorted(others))] += line["outstandingQtyBase"]
    for combination, quantity in sums.items():
        yield dict(combination) | {"outstandingQtyBase": quantity}


def _unit(company: Company, item_number: str, unit: str) -> Decimal:
    found = company.find("items", number=item_number)
    return factor(found[0], unit) if found else Decimal(1)


def _location_code(company: Company, line: Row) -> str:
    location = company.tables["locations"].get(line["locationId"])
    return location["code"] if location else ""


def _by_number(company: Company, entity_set: str) -> dict[str, Row]:
    return {row["number"]: row for row in company.tables[entity_set].values()}


def _dimension_set(company: Company, row: Row) -> int:
    """A number that is the same for lines with the same dimensions; 0 without any."""
    values = sorted(
        (line["code"], line["valueCode"])
        for line in company.find("dimensionSetLines", parentId=row["id"])
    )
    return zlib.crc32(repr(values).encode()) % 10**6 if values else 0
