"""What all sales and purchase documents share: headers, lines, amounts, totals.

Amounts are Decimal in the document's currency, rounded to 2; quantities are in the line's unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from bc_pipeline.sandbox.bookkeeping.amounts import (
    CENT,
    NOTHING,
    amounts,
    invoice_discount,
    net_amounts,
)
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.bookkeeping.numbers import next_number
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import BLANK_ENUM, ZERO_DATE, ZERO_GUID

LINE_STEP = 10000
ABOUT = (
    "itemId",
    "accountId",
    "lineType",
    "lineObjectNumber",
    "description",
    "unitOfMeasureCode",
)
"""What a line is about, in the order it says so."""

# A line as changes name it: item (number or id), quantity, and optionally price, unit, variant,
# location, discount (percent), date; or comment; or account with quantity and price.
LineSpec = Mapping[str, Any]


class Refused(ValueError):
    """Business Central would not allow this change."""


def today(company: Company) -> date:
    """The work date of a service session: the UTC date (behaviour.md 7)."""
    return company.clock().date()


def decimal(value: object) -> Decimal:
    """A number of a change's parameters, exactly."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def resolve(company: Company, entity_set: str, key: str) -> Row:
    """The row with this id, number or code.

    Raises:
        Refused: there is none.
    """
    row = company.tables[entity_set].get(key)
    if row is not None:
        return row
    name = "code" if "code" in entities()[entity_set].fields else "number"
    found = company.find(entity_set, **{name: key})
    if not found:
        raise Refused(f"{entity_set} has no {key!r}")
    return found[0]


def lines_of(company: Company, kind: Kind, document_id: str) -> list[Row]:
    """The lines of a document in their order."""
    return sorted(company.find(kind.lines, documentId=document_id), key=lambda r: r["sequence"])


def factor(item: Row, unit: str) -> Decimal:
    """Base units in one ``unit`` of an item. Raises Refused for a unit the item has not."""
    if unit in ("", item["baseUnitOfMeasureCode"]):
        return Decimal(1)
    units = item.get("#units", {})
    if unit not in units:
        raise Refused(f"item {item['number']} has no unit of measure {unit}")
    return decimal(units[unit])


def open_party(company: Company, kind: Kind, key: str) -> Row:
    """The vendor or customer with this id or number. Raises Refused for a blocked one."""
    party = resolve(company, kind.parties, key)
    stops = party["blocked"] == "All" if kind.is_purchase else party["blocked"] != BLANK_ENUM
    if stops:
        raise Refused(f"{kind.party} {party['number']} is blocked")
    return party


def line_at(company: Company, kind: Kind, header: Row, sequence: int) -> Row:
    """The document's line with that sequence. Raises Refused."""
    for line in lines_of(company, kind, header["id"]):
        if line["sequence"] == sequence:
            return line
    raise Refused(f"{header['number']} has no line {sequence}")


def outstanding(
    company: Company, kind: Kind, header: Row, quantities: Mapping[str, object] | None
) -> list[tuple[Row, Decimal]]:
    """The lines of an order, each with the quantity of it that is to come or go now.

    Args:
        quantities: sequence -> quantity in the line's unit; None means all that is left.

    Raises:
        Refused: more than is left.
    """
    chosen = []
    for line in lines_of(company, kind, header["id"]):
        left = line["quantity"] - line[kind.done]
        wanted = left
        if quantities is not None:
            wanted = decimal(quantities.get(str(line["sequence"]), 0))
        if not 0 <= wanted <= max(left, NOTHING):
            raise Refused(f"line {line['sequence']} of {header['number']} has {left} left")
        chosen.append((line, wanted))
    return chosen


def handled(company: Company, kind: Kind, line: Row, quantity: Decimal) -> None:
    """Notes on a line of an order how much of it came or went."""
    after: Row = {kind.done: quantity}
    after |= open_quantities(company, kind, line | after)
    company.modify(kind.lines, line["id"], **after)


def create_header(company: Company, kind: Kind, party: Row, **other: object) -> Row:
    """Adds the header of a document for a customer or vendor, who lend it name and currency; its
    number is the next of its series."""
    role, payer = ("customer", "billTo") if kind.party == "customer" else ("vendor", "payTo")
    cap = role.capitalize()
    values = {
        f"{role}Id": party["id"],
        f"{role}Number": party["number"],
        f"{role}Name": party["displayName"],
        f"{payer}{cap}Id": party["id"],
        f"{payer}{cap}Number": party["number"],
        f"{payer}Name": party["displayName"],
        "currencyId": party["currencyId"],
        "currencyCode": party["currencyCode"],
        "pricesIncludeTax": party.get("#pricesIncludeTax", False),
        "number": next_number(company, kind.series),
        "partialShipping": True,
    }
    fields = entities()[kind.headers].fields
    return company.insert(
        kind.headers, {name: value for name, value in values.items() if name in fields} | other
    )


def new_order(
    company: Company,
    kind: Kind,
    key: str,
    lines: Sequence[LineSpec],
    placed: date | str | None,
    **other: object,
) -> Row:
    """Adds the header of an order, placed today when no date is given; its lines come after it.

    Args:
        key: id or number of the vendor or customer.
        lines: those that will come.

    Raises:
        Refused: the vendor or customer, or an item, is blocked.
    """
    party = open_party(company, kind, key)
    check_specs(company, kind, lines)
    day = placed or today(company)
    return create_header(company, kind, party, orderDate=day, postingDate=day, **other)


def posted_invoice(company: Company, kind: Kind, party: Row, **other: object) -> Row:
    """Adds the header of an invoice that is posted today, and open."""
    day = today(company)
    return create_header(
        company, kind, party, invoiceDate=day, postingDate=day, status="Open", **other
    )


def check_specs(company: Company, kind: Kind, specs: Iterable[LineSpec]) -> None:
    """Refuses lines that could not be added, before anything is written."""
    for spec in specs:
        if "account" in spec:
            resolve(company, "accounts", spec["account"])
        if spec.get("location"):
            resolve(company, "locations", spec["location"])
        if "item" in spec:
            item = resolve(company, "items", spec["item"])
            if item["blocked"] or (kind.is_purchase and item.get("#purchasingBlocked")):
                raise Refused(f"item {item['number']} is blocked")
            factor(item, spec.get("unit", ""))
            _variant_id(company, item, spec.get("variant"))


def add_line(
    company: Company, kind: Kind, header: Row, spec: LineSpec, *, sequence: int | None = None
) -> Row:
    """Adds a line, checked by :func:`check_specs`, at the end of a document or at ``sequence``;
    totals are not touched."""
    if sequence is None:
        last = max((row["sequence"] for row in lines_of(company, kind, header["id"])), default=0)
        sequence = last + LINE_STEP
    values: Row = {"documentId": header["id"], "sequence": sequence}
    if "comment" in spec:
        values |= {"lineType": "Comment", "description": spec["comment"]}
    elif "account" in spec:
        account = resolve(company, "accounts", spec["account"])
        values |= {
            "lineType": "Account",
            "accountId": account["id"],
            "lineObjectNumber": account["number"],
            "description": account["displayName"],
        }
        values |= priced(kind, header, spec, decimal(spec.get("price", 0)), NOTHING)
    elif "resource" in spec:
        values |= {
            "lineType": "Resource",
            "lineObjectNumber": spec["resource"],
            "description": "Assembly by our own people",
            "unitOfMeasureCode": "HOUR",
        }
        values |= priced(kind, header, spec, decimal(spec.get("price", 0)), NOTHING)
    else:
        values |= _item_line(company, kind, header, spec)
    values |= open_quantities(company, kind, values)
    fields = entities()[kind.lines].fields
    kept = {k: v for k, v in values.items() if k in fields or k.startswith("#")}
    return company.insert(kind.lines, kept)


def open_quantities(company: Company, kind: Kind, line: Row) -> Row:
    """What the next posting of an order line takes: all that is left, unless the company is set
    up to leave it blank (rules.md 4.13)."""
    settings = company.settings
    default = (
        settings.default_quantity_to_receive
        if kind.is_purchase
        else settings.default_quantity_to_ship
    )
    if default != "Remainder":
        return {kind.to_handle: NOTHING, "invoiceQuantity": NOTHING}
    quantity = line.get("quantity", NOTHING)
    return {
        kind.to_handle: quantity - line.get(kind.done, NOTHING),
        "invoiceQuantity": quantity - line.get("invoicedQuantity", NOTHING),
    }


def _item_line(company: Company, kind: Kind, header: Row, spec: LineSpec) -> Row:
    item = resolve(company, "items", spec["item"])
    unit = spec.get("unit", item["baseUnitOfMeasureCode"])
    per_unit = item["unitCost"] if kind.is_purchase else item["unitPrice"]
    price = decimal(spec.get("price", (per_unit * factor(item, unit)).quantize(CENT)))
    location = resolve(company, "locations", spec["location"]) if spec.get("location") else None
    expected = spec.get("date", ZERO_DATE)
    return {
        "lineType": "Item",
        "itemId": item["id"],
        "lineObjectNumber": item["number"],
        "description": item["displayName"],
        "unitOfMeasureCode": unit,
        "itemVariantId": _variant_id(company, item, spec.get("variant")),
        "locationId": location["id"] if location else ZERO_GUID,
        "expectedReceiptDate": expected,
        "shipmentDate": expected if "date" in spec else today(company),
        "taxCode": vat_identifier(company, item["taxGroupCode"]),
    } | priced(kind, header, spec, price, item.get("#taxPercent", NOTHING))


def vat_identifier(company: Company, group: str) -> str:
    """What lines show of a VAT product posting group (rules.md 4.16)."""
    found = company.find("taxGroups", code=group) if group else []
    return str(found[0].get("#identifier", group)) if found else group


def _variant_id(company: Company, item: Row, code: str | None) -> str:
    if not code:
        return ZERO_GUID
    found = company.find("itemVariants", itemId=item["id"], code=code)
    if not found:
        raise Refused(f"item {item['number']} has no variant {code}")
    return str(found[0]["id"])


def priced(kind: Kind, header: Row, spec: LineSpec, price: Decimal, tax: Decimal) -> Row:
    """Quantity, price and amounts of a line."""
    quantity = decimal(spec.get("quantity", 1))
    discount = decimal(spec.get("discount", 0))
    return {"quantity": quantity, kind.price: price} | amounts(
        quantity,
        price,
        discount_percent=discount,
        invoice_discount_percent=header.get("#invoiceDiscountPercent", NOTHING),
        tax_percent=tax,
        includes_tax=header.get("pricesIncludeTax", False),
    )


def reprice(kind: Kind, header: Row, line: Row, **changes: Decimal) -> Row:
    """What changes on a line when its quantity, price (by the kind's name) or discount does."""
    values = {**line, **changes}
    quantity, price = values["quantity"], values[kind.price]
    return {"quantity": quantity, kind.price: price} | amounts(
        quantity,
        price,
        discount_percent=values["discountPercent"],
        invoice_discount_percent=header.get("#invoiceDiscountPercent", NOTHING),
        tax_percent=line["taxPercent"],
        includes_tax=header["pricesIncludeTax"],
    )


def totals(company: Company, kind: Kind, document_id: str) -> Row:
    """What a header shows of its lines, whose net amounts are settled among them first: amounts,
    and whether all goods came or went."""
    includes_tax = company.tables[kind.headers][document_id]["pricesIncludeTax"]
    lines = lines_of(company, kind, document_id)
    for line, net in zip(lines, net_amounts(lines, includes_tax=includes_tax), strict=True):
        if any(line[name] != value for name, value in net.items()):
            company.modify(kind.lines, line["id"], **net)
    discounts = (invoice_discount(line, includes_tax=includes_tax) for line in lines)
    summed: Row = {
        "discountAmount": sum(discounts, NOTHING),
        "totalAmountExcludingTax": sum((r["netAmount"] for r in lines), NOTHING),
        "totalTaxAmount": sum((r["netTaxAmount"] for r in lines), NOTHING),
        "totalAmountIncludingTax": sum((r["netAmountIncludingTax"] for r in lines), NOTHING),
    }
    for name, done in (("fullyReceived", "receivedQuantity"), ("fullyShipped", "shippedQuantity")):
        if name in entities()[kind.headers].fields:
            goods = [r for r in lines if r["lineType"] != "Comment"]
            summed[name] = bool(goods) and all(r[done] >= r["quantity"] for r in goods)
    return summed


def retotal(company: Company, kind: Kind, document_id: str, *, touch: bool = True) -> Row:
    """Sums the lines into the header; ``touch`` moves its stamp, which not every change of a
    line does (behaviour.md 3.2)."""
    summed = totals(company, kind, document_id)
    return company.modify(kind.headers, document_id, touch=touch, **summed)
