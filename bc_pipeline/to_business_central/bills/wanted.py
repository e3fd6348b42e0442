"""What a unified bill is to be in Business Central. Nothing is looked up here.

Fields and their places are declared once, in ``HEADER``, ``ITEM_LINE`` and ``EXPENSE_LINE``
(target_behaviour.md 6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from bc_pipeline.business_central.lookup.dimensions import DimensionValue
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.documents import amounts
from bc_pipeline.to_business_central.documents.lookups import (
    Directory,
    Names,
    account_of,
    reference,
)
from bc_pipeline.to_business_central.unified import Bill, BillExpense, BillItem, BillLine
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import ZERO_GUID, by_code, guid

LineKind = Literal["item", "expense", "comment"]


@dataclass(frozen=True)
class Field:
    """A field of the record and the property it becomes.

    Args:
        of: attribute of the unified model.
        to: property of the BC page.
        longest: characters the property holds, None: no text.
    """

    of: str
    to: str
    longest: int | None = None


HEADER = (
    Field("bill_number", "vendorInvoiceNumber", 35),
    Field("issue_date", "invoiceDate"),
    Field("due_date", "dueDate"),
    Field("posting_date", "postingDate"),
)
_TEXTS = (Field("description", "description", 100), Field("tax_code", "taxCode", 50))
# In the order BC wants them: after the object and the location, which both change the price.
ITEM_LINE = (
    Field("quantity", "quantity"),
    Field("unit_price", "unitCost"),
    Field("discount", "discountAmount"),
    *_TEXTS,
)
EXPENSE_LINE = (Field("amount", "unitCost"), Field("discount", "discountAmount"), *_TEXTS)
EXPENSE_QUANTITY = Decimal(1)
OBJECT: Mapping[LineKind, str] = {"item": "itemId", "expense": "accountId"}
"""The property that names what a line is about."""


@dataclass(frozen=True)
class WantedLine:
    """One line as it is to be.

    Args:
        key: the same for the same line whenever the bill comes.
        object_id: id of the item or account; None of a comment.
        number: the line number its external id asks for, if that is an integer.
        values: properties by name, in the order BC wants them; only what the record has.
    """

    key: str
    kind: LineKind
    object_id: str | None
    number: int | None
    location_id: str | None
    values: Mapping[str, Any]
    dimensions: tuple[DimensionValue, ...]

    def check_new(self) -> None:
        """What only a line that is there already may leave out.

        Raises:
            RecordError: it would be booked with 0, whatever it was meant to be.
        """
        if self.kind == "item" and self.values.get("unitCost") and "quantity" not in self.values:
            raise RecordError("MissingField", "a new line with a unitPrice needs quantity")
        if self.kind == "expense" and "unitCost" not in self.values:
            raise RecordError("MissingField", "a new expense needs amount")

    def body(self, names: Iterable[str] | None = None) -> dict[str, Any]:
        """The properties to send, or those among ``names``: object, location, then the rest."""
        body: dict[str, Any] = {}
        if self.kind == "comment":
            body["lineType"] = "Comment"
        else:
            body[OBJECT[self.kind]] = self.object_id
        if self.location_id:
            body["locationId"] = self.location_id
        body |= self.values
        return body if names is None else {name: body[name] for name in body if name in set(names)}


@dataclass(frozen=True)
class WantedBill:
    """A bill as it is to be; ``header`` holds only what the record has."""

    header: Mapping[str, Any]
    dimensions: tuple[DimensionValue, ...]
    lines: tuple[WantedLine, ...]
    vendor: Mapping[str, Any] = field(default_factory=dict)

    @property
    def number(self) -> str | None:
        """The vendor's own number of the bill."""
        return self.header.get("vendorInvoiceNumber")


def vendor_names(bill: Bill) -> Names:
    """How the bill names its vendor.

    Raises:
        RecordError: not at all.
    """
    names = (bill.vendor_id, bill.vendor_number, bill.vendor_name)
    if not any(names):
        raise RecordError("InvalidInputError", "a bill needs vendorId, vendorNumber or vendorName")
    return names


def item_names(line: BillItem) -> Names:
    """How the line names its item; ``itemName`` and ``itemExternalName`` are one name."""
    return line.item_id, line.item_number, line.name


def wanted_bill(
    context: ExportContext, bill: Bill, vendors: Directory | None, items: Directory | None
) -> WantedBill:
    """What ``bill`` is to be in Business Central.

    Args:
        context: reference data and dimensions of the company.
        vendors, items: the looked up ones; None checks everything else.

    Raises:
        RecordError: it cannot be written as it is.
    """
    names = vendor_names(bill)
    vendor = vendors.find(*names) if vendors else {"id": ZERO_GUID}
    header: dict[str, Any] = {"vendorId": guid(vendor["id"]), **_header(bill)}
    if currency := _currency_code(context, bill):
        header["currencyCode"] = currency
    places = _amount_places(context, currency)
    lines = [_item_line(context, line, items, places) for line in bill.line_items]
    lines += [_expense_line(context, line, places) for line in bill.expenses]
    return WantedBill(
        header,
        context.dimensions.wanted(bill.dimension_fields, bill.dimension_list()),
        _with_keys(lines),
        vendor,
    )


def _header(bill: Bill) -> dict[str, Any]:
    values = _values(bill, HEADER)
    return {to: value if isinstance(value, str) else value.isoformat() for to, value in values}


def _values(source: object, fields: Iterable[Field]) -> list[tuple[str, Any]]:
    """Property and value of each field that is given.

    Raises:
        RecordError: a text longer than its property.
    """
    found = []
    for each in fields:
        value = getattr(source, each.of)
        if value is None:
            continue
        if each.longest is not None and len(value) > each.longest:
            raise RecordError(
                "InvalidInputError",
                f"{each.to} holds at most {each.longest} characters, not {len(value)}: {value}",
            )
        found.append((each.to, value))
    return found


def _currency_code(context: ExportContext, bill: Bill) -> str | None:
    """The code to send; the company's own is sent too, it clears the vendor's (rules.md 0.5)."""
    if not (bill.currency_id or bill.currency or bill.currency_name):
        return None
    local = by_code(context.reference.local_currency)
    if bill.currency and by_code(bill.currency) == local and not bill.currency_id:
        return local
    row = reference(
        context, "currencies", "currency", bill.currency_id, bill.currency, bill.currency_name
    )
    return by_code(row["code"])


def _amount_places(context: ExportContext, currency: str | None) -> int:
    if currency is None:
        return amounts.AMOUNT_PLACES
    return amounts.places_of(context.reference.find("currencies", code=currency))


def _item_line(
    context: ExportContext, line: BillItem, items: Directory | None, places: int
) -> WantedLine:
    names = item_names(line)
    if not any(names):
        return _comment(line)
    item_id = guid(items.find(*names)["id"]) if items else ZERO_GUID
    values = dict(_values(line, ITEM_LINE))
    quantity = values.get("quantity")
    if quantity is not None:
        quantity = amounts.exact(quantity, amounts.QUANTITY_PLACES, "quantity")
        values["quantity"] = quantity
    return _line(context, line, "item", item_id, values, quantity or Decimal(0), places)


def _expense_line(context: ExportContext, line: BillExpense, places: int) -> WantedLine:
    account = account_of(context, line, "an expense")
    values = {"quantity": EXPENSE_QUANTITY, **dict(_values(line, EXPENSE_LINE))}
    account_id = guid(account["id"])
    return _line(context, line, "expense", account_id, values, EXPENSE_QUANTITY, places)


def _line(
    context: ExportContext,
    line: BillLine,
    kind: LineKind,
    object_id: str,
    values: dict[str, Any],
    quantity: Decimal,
    places: int,
) -> WantedLine:
    if "unitCost" in values:
        cost = values["unitCost"]
        values["unitCost"] = amounts.unit_cost(cost, quantity, places, "the price")
    if "discountAmount" in values:
        values["discountAmount"] = amounts.exact(values["discountAmount"], places, "discount")
    return WantedLine(
        line.external_id or "",
        kind,
        object_id,
        _line_number(line.external_id),
        _location_id(context, line),
        values,
        context.dimensions.wanted(line.dimension_fields, line.dimension_list()),
    )


def _comment(line: BillItem) -> WantedLine:
    """A line without item is a remark; with an amount it would silently lose that amount."""
    if line.quantity or line.unit_price or line.discount:
        raise RecordError(
            "MissingField", "a line with an amount needs itemId, itemNumber or itemName"
        )
    values = {to: value for to, value in _values(line, _TEXTS) if to == "description"}
    number = _line_number(line.external_id)
    return WantedLine(line.external_id or "", "comment", None, number, None, values, ())


def _location_id(context: ExportContext, line: BillLine) -> str | None:
    names = (line.location_id, line.location_number, line.location_name)
    if not any(names):
        return None
    return guid(reference(context, "locations", "location", *names)["id"])


def _line_number(external_id: str | None) -> int | None:
    """Only an integer can be a line number (it is 32 bits wide in BC)."""
    text = (external_id or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if 0 < number < 2**31 else None


def _with_keys(lines: Iterable[WantedLine]) -> tuple[WantedLine, ...]:
    """One stable key per line: its external id, else what it is about and the how-manieth.

    Raises:
        RecordError: two lines of a kind have one external id.
    """
    seen: Counter[str] = Counter()
    keyed = []
    for line in lines:
        about = line.object_id or line.values.get("description", "")
        key = f"{line.kind}:{line.key}" if line.key else f"{line.kind}@{about}"
        seen[key] += 1
        if line.key and seen[key] > 1:
            raise RecordError("InvalidInputError", f"two {line.kind} lines have id {line.key}")
        keyed.append(replace(line, key=key if line.key else f"{key}#{seen[key]}"))
    return tuple(keyed)
