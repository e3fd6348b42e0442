"""Documents of Business Central and their lines, written the way BC encodes values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import duckdb

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
NO_DATE = date(1, 1, 1)
MODIFIED = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)

Line = dict[str, Any]


def guid(name: str) -> str:
    """The id of the record called ``name``."""
    return str(uuid5(NAMESPACE_URL, name))


def at(year: int, month: int, day: int) -> datetime:
    """Midnight UTC, as a date arrives in Optiply."""
    return datetime(year, month, day, tzinfo=UTC)


def line(item: str | None, quantity: Any = 1, **values: Any) -> Line:
    """A document line about an item; ``None`` is a comment."""
    return {
        "lineType": "Item" if item else "Comment",
        "itemId": guid(item) if item else ZERO_GUID,
        "itemVariantId": ZERO_GUID,
        "lineObjectNumber": item or "",
        "unitOfMeasureCode": "PCS",
        "quantity": quantity,
        "locationId": ZERO_GUID,
        **values,
    }


@dataclass
class Documents:
    """The documents in a mirror; every method adds to it."""

    cursor: duckdb.DuckDBPyConnection

    def add(self, table: str, **values: Any) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" for _ in values)
        self.cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*values.values()])

    def document(
        self, table: str, number: str, lines: Sequence[Line], header: dict[str, Any], **more: Any
    ) -> str:
        """A document and its lines; ``more`` are fields of every line that does not give them."""
        document_id = header.setdefault("id", guid(f"{table} {number}"))
        self.add(f"bc.{table}", **{"number": number, "lastModifiedDateTime": MODIFIED, **header})
        for place, given in enumerate(lines, start=1):
            values = {**more, **given}
            sequence = values.setdefault("sequence", place * 10000)
            values.setdefault("id", guid(f"{table} {number} {sequence}"))
            self.add(f"bc.{table.removesuffix('s')}_lines", documentId=document_id, **values)
        return str(document_id)

    def invoice(self, number: str, *lines: Line, **header: Any) -> str:
        header = {
            "invoiceDate": date(2026, 3, 31),
            "postingDate": date(2026, 4, 2),
            "status": "Open",
            "orderNumber": "",
            "currencyCode": "EUR",
            "pricesIncludeTax": False,
            **header,
        }
        return self.document("sales_invoices", number, lines, header)

    def sales_order(self, number: str, *lines: Line, **header: Any) -> str:
        header = {
            "orderDate": date(2026, 5, 1),
            "postingDate": date(2026, 5, 2),
            "status": "Draft",
            "fullyShipped": False,
            "currencyCode": "EUR",
            **header,
        }
        return self.document("sales_orders", number, lines, header, shipmentDate=NO_DATE)

    def shipment(self, number: str, *lines: Line, **header: Any) -> str:
        header = {
            "postingDate": date(2026, 5, 3),
            "orderNumber": "",
            "currencyCode": "EUR",
            **header,
        }
        for given in lines:
            given.update(itemId=None, itemVariantId=None, locationId=None)
        return self.document("sales_shipments", number, lines, header)

    def purchase_order(self, number: str, *lines: Line, vendor: str = "V1", **header: Any) -> str:
        header = {
            "orderDate": date(2026, 6, 1),
            "postingDate": date(2026, 6, 2),
            "vendorId": guid(f"vendor {vendor}"),
            "vendorNumber": vendor,
            "currencyCode": "EUR",
            "requestedReceiptDate": NO_DATE,
            "fullyReceived": False,
            "status": "Draft",
            **header,
        }
        return self.document(
            "purchase_orders",
            number,
            lines,
            header,
            expectedReceiptDate=NO_DATE,
            receivedQuantity=0,
            discountPercent=0,
        )

    def receipt(self, number: str, *lines: Line, order: str = "", **header: Any) -> str:
        header = {
            "postingDate": date(2026, 8, 1),
            "vendorNumber": "V1",
            "currencyCode": "EUR",
            "orderNumber": order,
            **header,
        }
        for given in lines:
            for name in ("itemId", "itemVariantId", "locationId"):
                given.pop(name, None)
        return self.document("purchase_receipts", number, lines, header)
