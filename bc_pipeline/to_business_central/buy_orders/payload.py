"""A buy order as the body of ``POST purchaseOrders`` (mapping.md 8.4). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked, BuyOrderLine, delivery_day
from bc_pipeline.to_business_central.buy_orders.resolve import Item, Resolved, ResolvedLine
from bc_pipeline.values import plain

SEQUENCE_STEP = 10_000
QUANTITY_PLACES = Decimal("0.00001")
COST_PLACES = Decimal("0.00001")
"""BC keeps quantities and unit costs with five decimals (behaviour.md 7)."""

LINE_LEFT_OUT = "line_left_out"

Body = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """What decides the payload besides the order.

    Args:
        zone: the tenant's time zone.
        today: the date there; no delivery is asked for before it.
        local_currency: code of the company's currency; None when not known.
        line_price: send the unit cost.
        location_id: of every line.
        posting_date: send the order date as posting date too.
    """

    zone: ZoneInfo
    today: date
    local_currency: str | None = None
    line_price: bool = True
    location_id: str | None = None
    posting_date: bool = False


@dataclass(frozen=True)
class OrderLine:
    """One line of the purchase order and the line of Optiply it comes from.

    Args:
        factor: how many of Optiply's units make one of ``unit``.
    """

    source: BuyOrderLine
    sequence: int
    item_id: str
    item_number: str
    variant_id: str | None
    quantity: Decimal
    unit: str
    factor: Decimal
    cost: Decimal | None = None
    expected: date | None = None
    location_id: str | None = None

    @property
    def body(self) -> Body:
        """Its properties, in the order BC has to apply them: item, variant, location, unit,
        quantity, cost (behaviour.md 4, rules.md 4.7, 4.9)."""
        values = {
            "sequence": self.sequence,
            "lineType": "Item",
            "itemId": self.item_id,
            "itemVariantId": self.variant_id,
            "locationId": self.location_id,
            "unitOfMeasureCode": self.unit,
            "quantity": self.quantity,
            "directUnitCost": self.cost,
            "expectedReceiptDate": _text(self.expected),
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Request:
    """The purchase order to be made; ``warnings`` are (kind, text) for the operator."""

    vendor_id: str
    header: Body
    lines: tuple[OrderLine, ...]
    currency: str | None = None
    warnings: tuple[tuple[str, str], ...] = field(default=())


def request(resolved: Resolved, terms: Terms) -> Request:
    """The purchase order a buy order becomes.

    Raises:
        Blocked: the order has no date, or a quantity cannot be expressed in the item's unit.
    """
    order, vendor = resolved.order, resolved.vendor
    if order.placed is None:
        raise Blocked("not_placed", "the buy order is not placed")
    ordered_on = order.placed.astimezone(terms.zone).date()
    foreign = vendor.currency not in (None, "", terms.local_currency)
    warnings = [(LINE_LEFT_OUT, text) for text in resolved.left_out]
    lines = []
    for place, line in enumerate(resolved.lines, start=1):
        made, warning = _line(line, place * SEQUENCE_STEP, order.expected, terms, foreign=foreign)
        lines.append(made)
        warnings += [("not_in_purchase_units", warning)] if warning else []
    header = {
        "vendorId": vendor.id,
        "orderDate": _text(ordered_on),
        "postingDate": _text(ordered_on) if terms.posting_date else None,
        "requestedReceiptDate": _text(_not_past(order.expected, terms)),
    }
    return Request(
        vendor.id,
        {name: value for name, value in header.items() if value is not None},
        tuple(lines),
        vendor.currency,
        tuple(warnings),
    )


def _line(
    resolved: ResolvedLine,
    sequence: int,
    order_expected: datetime | None,
    terms: Terms,
    *,
    foreign: bool,
) -> tuple[OrderLine, str | None]:
    line, item = resolved.line, resolved.item
    unit, factor, quantity, warning = _counted(line, item)
    made = OrderLine(
        source=line,
        sequence=sequence,
        item_id=item.id,
        item_number=item.number,
        variant_id=resolved.product.variant_id,
        quantity=quantity,
        unit=unit,
        factor=factor,
        cost=None if foreign or not terms.line_price else _cost(line.subtotal, quantity),
        expected=_not_past(line.expected or order_expected, terms),
        location_id=terms.location_id,
    )
    return made, warning


def _counted(line: BuyOrderLine, item: Item) -> tuple[str, Decimal, Decimal, str | None]:
    """Unit, factor and quantity of a line: all in purchase units or all in base units, never a
    mix (mapping.md 8.4); and a warning when purchase units were meant and could not be."""
    ordered = Decimal(line.quantity)
    base_unit = item.base_unit or ""
    base_factor = item.units.get(base_unit, Decimal(1))
    warning = None
    if item.purchase_unit and item.purchase_unit != base_unit:
        factor = item.units.get(item.purchase_unit)
        if factor is None:
            warning = f"the factor of purchase unit {item.purchase_unit} is not known"
        elif ordered % factor:
            warning = f"{line.quantity} is not a multiple of {plain(factor)}"
        else:
            return item.purchase_unit, factor, _trimmed(ordered / factor), None
        warning = f"item {item.number} is ordered in {base_unit}, {warning}"
    quantity = (ordered / base_factor).quantize(QUANTITY_PLACES, ROUND_HALF_UP)
    if quantity * base_factor != ordered:
        raise Blocked(
            "quantity_not_expressible",
            f"item {item.number}: {line.quantity} cannot be expressed in {base_unit}",
        )
    return base_unit, base_factor, _trimmed(quantity), warning


def _cost(subtotal: Decimal, quantity: Decimal) -> Decimal | None:
    """Per unit ordered; None when it is not known, so that BC prices the line."""
    cost = (subtotal / quantity).quantize(COST_PLACES, ROUND_HALF_UP)
    return _trimmed(cost) if cost > 0 else None


def _not_past(expected: datetime | None, terms: Terms) -> date | None:
    return None if expected is None else max(delivery_day(expected, terms.zone), terms.today)


def _trimmed(number: Decimal) -> Decimal:
    """Without trailing zeros, and never in scientific notation."""
    return Decimal(plain(number))


def _text(value: date | None) -> str | None:
    return value.isoformat() if value else None
