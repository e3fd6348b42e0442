"""A company with very many sales invoices, made as they are read: for benchmarks of reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from bc_pipeline.sandbox.company.company import ETAG, Company
from bc_pipeline.sandbox.company.generated import GeneratedTable, Row
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import empty_row, etag_text
from bc_pipeline.sandbox.json_text import JsonValue

NAME = "BIG"
ITEMS = 2_000
_FIRST_DAY = date(2024, 1, 1)
_DAYS = 900
_UNIT = "00000000-0000-4000-8000-00000000000d"


def build(clock: Callable[[], datetime], documents: int, lines: int) -> Company:
    """A company of ``documents`` posted sales invoices with ``lines`` item lines each."""
    company = Company(NAME, currency_code="EUR", clock=clock)
    company.insert("companyInformation", {"displayName": NAME, "currencyCode": "EUR"})
    company.insert("unitsOfMeasure", {"id": _UNIT, "code": "PCS", "displayName": "Pieces"})
    for number in range(ITEMS):
        company.insert("items", {"id": _id("a", number), **_item(number)})
    company.tables["salesInvoices"] = Invoices(documents)
    company.tables["salesInvoiceLines"] = InvoiceLines(documents, lines)
    return company


def _item(number: int) -> Row:
    return {
        "number": f"B{number:06d}",
        "displayName": f"Benchmark item {number}",
        "baseUnitOfMeasureCode": "PCS",
        "unitPrice": Decimal(number % 500) + Decimal("0.95"),
    }


def _id(kind: str, number: int, line: int = 0) -> str:
    # The number leads, so that ids sort as documents are numbered.
    return f"{number:08x}-{line:04x}-4000-8000-00000000000{kind}"


def _number(key: str) -> int:
    return int(key[:8], 16)


class Invoices(GeneratedTable):
    """Headers, one per document number."""

    def __init__(self, documents: int) -> None:
        self._documents = documents
        self._empty = empty_row(entities()["salesInvoices"])

    def __len__(self) -> int:
        return self._documents

    def __iter__(self) -> Iterator[str]:
        return (_id("b", number) for number in range(self._documents))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key == _id("b", _number(key)) and self._has(_number(key))

    def __getitem__(self, key: str) -> Row:
        number = _number(key)
        if not self._has(number):
            raise KeyError(key)
        day = (_FIRST_DAY + timedelta(days=number % _DAYS)).isoformat()
        return self._empty | {
            ETAG: etag_text(number),
            "id": key,
            "number": f"SI{number:07d}",
            "orderNumber": f"SO{number:07d}",
            "invoiceDate": day,
            "postingDate": day,
            "dueDate": day,
            "customerNumber": f"C{number % 997:05d}",
            "customerName": f"Customer {number % 997}",
            "currencyCode": "EUR",
            "status": "Paid",
            "totalAmountExcludingTax": Decimal(number % 9973) / 100,
            "lastModifiedDateTime": f"{day}T{number % 24:02d}:{number % 60:02d}:00Z",
        }

    def lookup(self, name: str, value: JsonValue) -> Iterable[str]:
        """Keys with this property; only the id is quick."""
        if name == "id":
            return [value] if value in self else []
        return (key for key in self if self[key][name] == value)

    def _has(self, number: int) -> bool:
        return 0 <= number < self._documents


class InvoiceLines(GeneratedTable):
    """Lines, the same number of them for every document."""

    def __init__(self, documents: int, lines: int) -> None:
        self._documents = documents
        self._lines = lines
        self._empty = empty_row(entities()["salesInvoiceLines"])
        self._items = [_id("a", number) for number in range(ITEMS)]
        self._prices = [_item(number)["unitPrice"] for number in range(ITEMS)]

    def __len__(self) -> int:
        return self._documents * self._lines

    def __iter__(self) -> Iterator[str]:
        for number in range(self._documents):
            yield from self._keys(number)

    def __getitem__(self, key: str) -> Row:
        number, line = _number(key), int(key[9:13], 16)
        item = (number * 7 + line * 13) % ITEMS
        quantity = 1 + (number + line) % 12
        amount = self._prices[item] * quantity
        return self._empty | {
            ETAG: f'W/"{number:08x}{line:04x}"',
            "id": key,
            "documentId": f"{key[:8]}-0000-4000-8000-00000000000b",
            "sequence": line * 10_000,
            "itemId": self._items[item],
            "lineType": "Item",
            "lineObjectNumber": f"B{item:06d}",
            "description": f"Benchmark item {item}",
            "unitOfMeasureId": _UNIT,
            "unitOfMeasureCode": "PCS",
            "quantity": quantity,
            "unitPrice": self._prices[item],
            "amountExcludingTax": amount,
            "netAmount": amount,
        }

    def lookup(self, name: str, value: JsonValue) -> Iterable[str]:
        """Keys with this property; id and document are quick."""
        if name == "documentId":
            number = _number(value)
            known = 0 <= number < self._documents and value == _id("b", number)
            return self._keys(number) if known else []
        return (key for key in self if self[key][name] == value)

    def _keys(self, number: int) -> list[str]:
        return [_id("c", number, line) for line in range(1, self._lines + 1)]
