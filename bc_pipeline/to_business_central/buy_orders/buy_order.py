"""A buy order as Optiply has it, what it means in Business Central, and why it cannot go there.

Plain data, no input or output.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from bc_pipeline.catalogue.resources import BUY_ORDER_LINES, BUY_ORDERS, Resource
from bc_pipeline.errors import RecordError
from bc_pipeline.optiply.client import Record
from bc_pipeline.to_business_central.unified import is_given
from bc_pipeline.to_optiply.attribute_values import Values, canonical

ENTITY = "purchase_orders"
TASK = f"outbound/{ENTITY}"


class Blocked(RecordError):
    """A buy order that cannot become a purchase order as things are (mapping.md 8.2).

    ``error_class`` is a word for programs, such as ``supplier_not_linked``; the message is for the
    buyer.
    """

    kind = "blocked"


class Frozen(BaseModel):
    """A model whose values stay."""

    model_config = ConfigDict(frozen=True)


class BuyOrderLine(Frozen):
    """A line of a buy order; ``values`` are its attributes in canonical form."""

    id: int
    uuid: str | None = None
    product_id: int
    quantity: int
    subtotal: Decimal
    expected: datetime | None = None
    values: dict[str, Any] = {}


class BuyOrder(Frozen):
    """A buy order with its lines; ``values`` are its attributes in canonical form.

    Args:
        supplier_id: None where there is none, as of an internal assembly.
        made_by_user: False when it came in through the API, None when Optiply does not say.
    """

    id: int
    uuid: str | None = None
    supplier_id: int | None = None
    placed: datetime | None = None
    completed: datetime | None = None
    expected: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    assembly: bool = False
    made_by_user: bool | None = None
    values: dict[str, Any] = {}
    lines: tuple[BuyOrderLine, ...] = ()

    @property
    def key(self) -> str:
        """The ledger's key: Optiply's id."""
        return str(self.id)

    @property
    def ordered(self) -> tuple[BuyOrderLine, ...]:
        """The lines that order something."""
        return tuple(line for line in self.lines if line.quantity > 0)

    def fingerprint(self) -> str:
        """Changes with anything about the order that concerns Business Central."""
        header = (self.supplier_id, self.values.get("placed"), _of_day(self.expected))
        lines = sorted(
            (x.id, x.product_id, x.quantity, str(x.subtotal), _of_day(x.expected))
            for x in self.ordered
        )
        return hashlib.sha256(repr((header, lines)).encode()).hexdigest()


def buy_order(record: Record, lines: Iterable[Record] = ()) -> BuyOrder:
    """A buy order as Optiply answered it.

    Raises:
        Blocked: something without which it is no order is missing or unreadable.
    """
    given = record.attributes
    by_user = given.get("createdFromPublicApi")
    return BuyOrder(
        id=record.id,
        uuid=record.uuid,
        supplier_id=_supplier(given, f"buy order {record.id}"),
        placed=moment(given.get("placed")),
        completed=moment(given.get("completed")),
        expected=moment(given.get("expectedDeliveryDate")),
        created_at=moment(given.get("createdAt")),
        updated_at=moment(given.get("updatedAt")),
        assembly=given.get("assembly") is True,
        made_by_user=None if not isinstance(by_user, bool) else not by_user,
        values=_canonical(BUY_ORDERS, given),
        lines=tuple(_line(line) for line in lines),
    )


def _line(record: Record) -> BuyOrderLine:
    given = record.attributes
    what = f"line {record.id}"
    return BuyOrderLine(
        id=record.id,
        uuid=record.uuid,
        product_id=_whole(given, "productId", what),
        quantity=_whole(given, "quantity", what),
        subtotal=_number(given.get("subtotalValue") or 0, f"subtotalValue of {what}"),
        expected=moment(given.get("expectedDeliveryDate")),
        values=_canonical(BUY_ORDER_LINES, given),
    )


def moment(value: object) -> datetime | None:
    """A date-time of Optiply as UTC; None when there is none: year 1 is no date (decisions 9)."""
    try:
        found = datetime.fromisoformat(str(value)) if value and is_given(value) else None
    except ValueError:
        return None
    if found is None:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def delivery_day(value: datetime, zone: ZoneInfo) -> date:
    """The day a delivery is expected. Midnight UTC is a plain date, which is never shifted
    (mapping.md 1.3); any other moment lies on a day of the tenant's time zone."""
    return value.date() if value.timetz() == time(0, tzinfo=UTC) else value.astimezone(zone).date()


def _canonical(resource: Resource, given: Mapping[str, Any]) -> Values:
    return {a.name: canonical(a.kind, given.get(a.name)) for a in resource.attributes}


def _supplier(given: Mapping[str, Any], what: str) -> int | None:
    return None if given.get("supplierId") is None else _whole(given, "supplierId", what)


def _whole(given: Mapping[str, Any], name: str, what: str) -> int:
    number = _number(given.get(name), f"{name} of {what}")
    if number != number.to_integral_value():
        raise Blocked("unreadable_order", f"{name} of {what} is {number}, not a whole number")
    return int(number)


def _number(value: object, what: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Blocked("unreadable_order", f"{what} is {value!r}, not a number") from None
    if not number.is_finite():
        raise Blocked("unreadable_order", f"{what} is {value!r}, not a number")
    return number


def _of_day(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
