"""What Business Central made of the lines that were sent, and saying it once more (decisions 38).

It may apply the properties of a new line in the order of its page, and setting unit, variant or
location prices a line anew: so a cost that was sent before is overwritten. What a line has is
compared with what was sent; what differs is sent once more, the price last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bc_pipeline.business_central.batch import Part, PartAnswer, chunks
from bc_pipeline.errors import RequestFailed
from bc_pipeline.to_business_central.buy_orders.sent import LINES, Row, Sent, SentLine, item_lines
from bc_pipeline.to_business_central.documents.changes import error_of
from bc_pipeline.to_business_central.documents.concurrency import CHANGED_MEANWHILE
from bc_pipeline.to_business_central.properties import day, number
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_code, grouped, guid_or_none

PRICES = ("directUnitCost", "discountPercent")
"""Set last: the others price a line anew."""


@dataclass(frozen=True)
class _Property:
    """A property of a line that is read back.

    Args:
        words: what an operator calls it.
        sent: what was sent; None when nothing was.
        alike: brings values into the form in which equal ones are equal.
    """

    words: str
    sent: Callable[[SentLine], Any]
    alike: Callable[[object], object]


_PROPERTIES: Mapping[str, _Property] = {
    "unitOfMeasureCode": _Property("unit", lambda line: line.unit, by_code),
    "itemVariantId": _Property("variant", lambda line: line.variant_id, guid_or_none),
    "locationId": _Property("location", lambda line: line.location_id, guid_or_none),
    "quantity": _Property("quantity", lambda line: line.quantity, number),
    "directUnitCost": _Property("price", lambda line: line.cost, number),
    # The price is net of everything: a discount of the price list would come off it again.
    "discountPercent": _Property(
        "discount", lambda line: None if line.cost is None else Decimal(0), number
    ),
    "expectedReceiptDate": _Property("expected receipt date", lambda line: line.expected, day),
}


@dataclass(frozen=True)
class Departure:
    """A property of a line that is not as it was sent."""

    line: SentLine
    row: Row
    name: str
    wanted: Any
    found: Any

    def in_words(self, context: ExportContext) -> str:
        """In the operator's words, with both values."""
        words, place = _PROPERTIES[self.name].words, self.line.sequence // 10_000
        wanted, found = (_shown(context, self.name, v) for v in (self.wanted, self.found))
        return (
            f"line {place}, item {self.line.item_number}: {words} {wanted} was sent, it is {found}"
        )


def departures(row: Row, expected: Sent) -> list[Departure]:
    """In which properties the lines of a purchase order, read with its lines, are not as sent."""
    return [
        Departure(line, found, name, wanted, found.get(name))
        for line, found in _pairs(row, expected)
        for name, each in _PROPERTIES.items()
        if (wanted := each.sent(line)) is not None
        and name in found
        and each.alike(wanted) != each.alike(found.get(name))
    ]


def restate(context: ExportContext, row: Row, found: Sequence[Departure]) -> None:
    """Send once more what Business Central changed. What it refuses stays as it is.

    Raises:
        AuthError, Cancelled: as always.
        RequestFailed: nobody knows whether it was done, or it was not done for a reason that
            passes: a later run has to say it.
    """
    parts = list(_parts(context.path(f"purchaseOrders({row['id']})/{LINES}"), found))
    for chunk in chunks(parts):
        answers = context.bc.batch(chunk)
        later = [part for part in chunk if _passes(answers[part.id])]
        error = error_of(context, later or chunk, answers)
        refused = isinstance(error, RequestFailed) and not error.uncertain
        if error is not None and (later or not refused):
            raise error


def _passes(answer: PartAnswer) -> bool:
    """Whether the part was not done, and the same one may be a little later."""
    refused = not answer.ok and answer.status is not None
    return answer.worth_repeating or (refused and answer.error_code == CHANGED_MEANWHILE)


def _parts(path: str, found: Sequence[Departure]) -> Iterator[Part]:
    for id, own in grouped(found, lambda each: str(each.row["id"])).items():
        others = {each.name: each.wanted for each in own if each.name not in PRICES}
        line = own[0].line
        prices = {each.name: each.wanted for each in own if each.name in PRICES}
        if others and line.cost is not None:
            prices = {"directUnitCost": line.cost, **prices}
        for step, body in enumerate((others, prices)):
            if body:
                yield Part(f"{id}-{step}", "PATCH", f"{path}({id})", body)


def _pairs(row: Row, expected: Sent) -> Iterator[tuple[SentLine, Row]]:
    """Lines that belong together: by their number, else by the order they were sent in."""
    left = item_lines(row)
    for line in expected.lines:
        same = [each for each in left if guid_or_none(each.get("itemId")) == line.item_id]
        numbered = [each for each in same if each.get("sequence") == line.sequence]
        for each in (numbered or same)[:1]:
            left.remove(each)
            yield line, each


def _shown(context: ExportContext, name: str, value: object) -> str:
    if name == "locationId" and value:
        known = context.reference.find("locations", id=value)
        return str(known["code"]) if known else f"{value}"
    if isinstance(value, Decimal | int):
        return format(Decimal(value).normalize() + 0, "f")
    return str(value) if guid_or_none(value) else "blank"
