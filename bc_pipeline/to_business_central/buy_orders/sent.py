"""What was sent to Business Central, kept with the intent, and whether an order there equals it
(mapping.md 8.2, steps 2 and 6). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bc_pipeline.mapping.markers import marked_id, marker
from bc_pipeline.to_business_central.buy_orders.buy_order import BuyOrder, Frozen
from bc_pipeline.to_business_central.buy_orders.links import LinkedOrder, StandingLine, linked
from bc_pipeline.to_business_central.buy_orders.payload import Request
from bc_pipeline.values import guid_or_none, member, plain

LINES = "purchaseOrderLines"
Row = Mapping[str, Any]


class SentLine(Frozen):
    """One line as sent; ``line`` is the id of Optiply's line. What an entry of version 0.1.0 does
    not tell is None, and not compared."""

    line: int
    sequence: int
    item_id: str
    item_number: str
    variant_id: str | None = None
    unit: str
    quantity: Decimal
    factor: Decimal
    cost: Decimal | None = None
    location_id: str | None = None
    expected: str | None = None


class Sent(Frozen):
    """A purchase order as sent."""

    vendor_id: str
    lines: tuple[SentLine, ...]


def sent(request: Request) -> Sent:
    """What has to be remembered of a request."""
    return Sent(
        vendor_id=request.vendor_id,
        lines=tuple(
            SentLine.model_validate(
                vars(line)
                | {
                    "line": line.source.id,
                    "expected": line.expected.isoformat() if line.expected else None,
                }
            )
            for line in request.lines
        ),
    )


def marks(row: Row, buy_order_id: int, marker_field: str | None = None) -> bool:
    """Whether a purchase order, read with its lines, carries the marker of a buy order."""
    places = [row.get("number"), row.get(marker_field) if marker_field else None]
    places += [x.get("description") for x in row.get(LINES) or () if _type(x) == "Comment"]
    return any(marked_id(place) == buy_order_id for place in places)


def differences(row: Row, expected: Sent) -> list[str]:
    """In what a purchase order, read with its lines, differs from what was sent: vendor, number
    of lines, and items, variants, units and quantities; empty when it is the same."""
    found = []
    if guid_or_none(row.get("vendorId")) != expected.vendor_id:
        found.append(f"its vendor is {row.get('vendorNumber')}")
    mine = Counter(
        (x.item_id, x.variant_id, x.unit.upper(), plain(x.quantity)) for x in expected.lines
    )
    theirs = Counter(_of_line(line) for line in item_lines(row))
    others = sum(1 for line in row.get(LINES) or () if _type(line) not in ("Comment", "Item"))
    names = {line.item_id: line.item_number for line in expected.lines}
    for (item, _, unit, quantity), count in (mine - theirs).items():
        found.append(f"{_times(count)}{quantity} {unit} of item {names[item]} is missing")
    for (item, _, unit, quantity), count in (theirs - mine).items():
        name = names.get(item, f"with id {item}")
        found.append(f"{_times(count)}{quantity} {unit} of item {name} was not ordered")
    if others:
        found.append(f"{others} of its lines are not about items")
    return found


def linked_order(order: BuyOrder, row: Row, expected: Sent) -> LinkedOrder:
    """The rows of the id map for a purchase order that equals what was sent.

    Lines belong together by their number; where Business Central numbered them itself, by their
    content in the order they were sent.
    """
    given = {line.id: line for line in order.lines}
    pairs = [
        (
            given[known.line],
            StandingLine(
                guid_or_none(line["id"]) or "",
                int(line["sequence"]),
                known.item_id,
                known.item_number,
                plain(known.quantity),
                plain(known.factor),
            ),
        )
        for known, line in _pairs(expected.lines, item_lines(row))
        if known.line in given  # else it was deleted in Optiply meanwhile
    ]
    vendor_id = guid_or_none(row.get("vendorId")) or expected.vendor_id
    return linked(order, guid_or_none(row["id"]) or "", str(row["number"]), vendor_id, pairs)


def item_lines(row: Row) -> list[Row]:
    """The lines about items, by their number."""
    lines = [line for line in row.get(LINES) or () if _type(line) == "Item"]
    return sorted(lines, key=lambda line: int(line.get("sequence") or 0))


def comment_line(buy_order_id: int, sequence: int | None) -> dict[str, Any]:
    """The line that carries the marker (mapping.md 8.3)."""
    line: dict[str, Any] = {"lineType": "Comment", "description": marker(buy_order_id)}
    return line if sequence is None else {"sequence": sequence, **line}


def _pairs(sent_lines: Sequence[SentLine], lines: Sequence[Row]) -> list[tuple[SentLine, Row]]:
    left = list(lines)
    pairs: list[tuple[SentLine, Row]] = []
    waiting: list[SentLine] = []
    for known in sent_lines:
        same = [x for x in left if x.get("sequence") == known.sequence and _same(known, x)]
        if same:
            left.remove(same[0])
            pairs.append((known, same[0]))
        else:
            waiting.append(known)
    for known in waiting:
        alike = [x for x in left if _same(known, x)]
        if alike:
            left.remove(alike[0])
            pairs.append((known, alike[0]))
    return pairs


def _same(known: SentLine, line: Row) -> bool:
    return _of_line(line) == (
        known.item_id,
        known.variant_id,
        known.unit.upper(),
        plain(known.quantity),
    )


def _of_line(line: Row) -> tuple[str, str | None, str, str]:
    quantity = line.get("quantity")
    return (
        guid_or_none(line.get("itemId")) or "",
        guid_or_none(line.get("itemVariantId")),
        str(line.get("unitOfMeasureCode") or "").strip().upper(),
        plain(Decimal(str(quantity if quantity is not None else 0))),
    )


def _type(line: Row) -> str:
    return member(line.get("lineType"))


def _times(count: int) -> str:
    return f"{count} x " if count > 1 else ""
