"""What it takes to make a draft bill in Business Central what the record wants. Pure.

The same comparison plans the first change, goes on with a half-written draft and verifies the
result: a bill that needs no change any more is as it is to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bc_pipeline.business_central.batch import Part
from bc_pipeline.business_central.lookup.dimensions import DimensionValue, dimension_set_parts
from bc_pipeline.to_business_central import properties
from bc_pipeline.to_business_central.bills.lines import (
    Matched,
    Memory,
    Row,
    is_about,
    leftovers_to_delete,
    matched,
)
from bc_pipeline.to_business_central.bills.wanted import WantedBill, WantedLine
from bc_pipeline.to_business_central.documents.work import DIMENSIONS
from bc_pipeline.to_business_central.properties import differences
from bc_pipeline.values import guid, member

BILLS = "purchaseInvoices"
LINES = "purchaseInvoiceLines"
EXPAND = f"{DIMENSIONS},{LINES}($expand={DIMENSIONS})"
DRAFT = "Draft"

# Codes are stored in capitals, so a comparison as text would find a difference again and again.
HEADER = properties.by_name(
    properties.guids("vendorId"),
    properties.codes("vendorInvoiceNumber", "currencyCode"),
    properties.days("invoiceDate", "dueDate", "postingDate"),
)
# The tax code is not among them: BC shows another one than it takes (rules.md 4.16).
LINE = properties.by_name(
    properties.guids("locationId"),
    properties.numbers("quantity", "unitCost", "discountAmount"),
    properties.texts("description"),
)


@dataclass(frozen=True)
class Plan:
    """The way from what BC has to what the record wants.

    Args:
        parts: requests to send now; some more may be needed once BC has answered these.
        match: which BC line is which.
        reported: lines of the bill in BC that the record does not have, and that stay.
        differences: what is not as it is to be, in words.
    """

    parts: tuple[Part, ...]
    match: Matched
    reported: tuple[Row, ...]
    differences: tuple[str, ...]


def deep_insert(wanted: WantedBill, match: Matched) -> dict[str, Any]:
    """The body that makes a bill with all its lines in one transaction.

    Raises:
        RecordError: a line lacks what a new one needs.
    """
    for line in wanted.lines:
        line.check_new()
    lines = [{"sequence": match.numbers[line.key], **line.body()} for line in wanted.lines]
    return {**wanted.header, **({LINES: lines} if lines else {})}


def plan(
    path: Callable[[str], str],
    wanted: WantedBill,
    present: Row,
    memory: Memory,
    *,
    delete_missing: bool = False,
    new: bool = False,
) -> Plan:
    """Compares a bill with what it is to be.

    Args:
        path: of something of the company, relative to the root of the API.
        wanted: the bill as it is to be.
        present: the bill with lines and dimensions as BC shows it.
        memory: what the ledger remembers of its lines.
        delete_missing: lines that have left the record are deleted.
        new: we have made the bill and never finished it.

    Raises:
        RecordError: a new line lacks what it needs.
    """
    planning = _Planning(path, wanted, present, memory, new)
    return planning.plan(delete_missing)


def undiscounted(line: WantedLine) -> WantedLine:
    """An item with a price of its own: without a discount of its own it has none. One of BC's
    price list would come off that price once more (decisions 38)."""
    values = line.values
    if line.kind != "item" or not values.get("unitCost") or "discountAmount" in values:
        return line
    return replace(line, values={**values, "discountAmount": Decimal(0)})


@dataclass
class _Planning:
    """One comparison of a bill; collects parts and differences."""

    path: Callable[[str], str]
    wanted: WantedBill
    present: Row
    memory: Memory
    new: bool

    def __post_init__(self) -> None:
        self._match = matched(self.wanted.lines, self.present.get(LINES) or (), self.memory)
        self._bill = f"{BILLS}({self.present['id']})"
        self._parts: list[Part] = []
        self._differences: list[str] = []

    def plan(self, delete_missing: bool) -> Plan:
        delete, report = leftovers_to_delete(
            self._match, self.memory, delete_missing=delete_missing
        )
        self._change("header", self._bill, self.present, self._header_changes())
        for row in delete:
            self._add("DELETE", f"{LINES}({row['id']})", None, f"line {row['sequence']} is left")
        there = [line for line in self.wanted.lines if line.key in self._match.claimed]
        steady = [line for line in there if self._line(line)]
        for line in steady:
            self._line_dimensions(line)
        # After the lines that are there: what they have inherited is told by the header as it
        # still is. Before the new ones, which inherit from it.
        self._dimensions("the bill", self._bill, self.present, self.wanted.dimensions)
        for line in self.wanted.lines:
            if line.key not in self._match.claimed:
                self._new_line(line)
        return Plan(tuple(self._parts), self._match, tuple(report), tuple(self._differences))

    def _header_changes(self) -> dict[str, Any]:
        return differences(HEADER, self.present, self.wanted.header)

    def _line(self, line: WantedLine) -> bool:
        """Plans the change of one line; whether it keeps what its dimensions come from."""
        number = self._match.numbers[line.key]
        row = self._match.claimed[line.key]
        place = f"{LINES}({row['id']})"
        if not is_about(line, row):
            # The line starts anew with another item or account (rules.md 4.6).
            self._change(f"line {number}", place, row, undiscounted(line).body())
            return False
        # A discount that stood there before is somebody's decision; any other one is that of a
        # price list, which BC takes whenever it prices the line.
        ours = self.memory.unfinished | self.memory.undiscounted
        if number in ours or not row.get("discountAmount"):
            line = undiscounted(line)
        changes = self._line_changes(line, row)
        self._change(f"line {number}", place, row, changes)
        return "locationId" not in changes

    def _new_line(self, line: WantedLine) -> None:
        line.check_new()
        number = self._match.numbers[line.key]
        body = {"sequence": number, **line.body()}
        self._add("POST", f"{self._bill}/{LINES}", body, f"line {number} is missing")

    def _line_changes(self, line: WantedLine, row: Row) -> dict[str, Any]:
        compared = {name: value for name, value in line.body().items() if name in LINE}
        changes = differences(LINE, row, compared)
        tax_code = line.values.get("taxCode")
        if tax_code and self.memory.tax_codes.get(line.key) != tax_code:
            changes["taxCode"] = tax_code
        # BC reprices when one of these changes, so the price is restated with it (rules.md 4.9).
        if changes.keys() & {"locationId", "quantity"}:
            changes = line.body({*changes, "unitCost", "discountAmount"})
        elif "unitCost" in changes and "discountAmount" in line.values:
            changes = line.body({*changes, "discountAmount"})
        return changes

    def _line_dimensions(self, line: WantedLine) -> None:
        row = self._match.claimed[line.key]
        own = {guid(value.dimension_id) for value in line.dimensions}
        inherited = (
            value
            for value in self.wanted.dimensions
            if guid(value.dimension_id) not in own and self._inherits(row, value)
        )
        number = self._match.numbers[line.key]
        wanted = () if line.kind == "comment" else (*line.dimensions, *inherited)
        self._dimensions(f"line {number}", f"{LINES}({row['id']})", row, wanted)

    def _inherits(self, row: Row, value: DimensionValue) -> bool:
        """Whether a line has a dimension of the header from the header (rules.md 5.13).

        Lines are made together with the header, before its dimensions are set. As if they had
        been made after that, they get the header's value. A value of their own that wins over one
        the header had from its vendor is theirs by priority, and stays.
        """
        on_line, on_header = _value_of(row, value), _value_of(self.present, value)
        return on_line in (None, on_header) or (self.new and on_header is None)

    def _dimensions(
        self, what: str, place: str, row: Row, wanted: Sequence[DimensionValue]
    ) -> None:
        prefix = f"{len(self._parts)}-"
        parts = dimension_set_parts(self.path(place), row.get(DIMENSIONS) or (), wanted, prefix)
        self._parts += parts
        self._differences += [f"dimensions of {what}"] * bool(parts)

    def _change(self, what: str, place: str, row: Row, changes: Mapping[str, Any]) -> None:
        if not changes:
            return
        told = (
            f"{name} {row.get(name)} instead of {value}"
            for name, value in changes.items()
            if name not in _COMPARED or _COMPARED[name].differs(row, value)
        )
        self._add("PATCH", place, changes, f"{', '.join(told)} in {what}")

    def _add(
        self, method: str, place: str, body: Mapping[str, Any] | None, difference: str
    ) -> None:
        self._parts.append(Part(f"{len(self._parts)}", method, self.path(place), body))
        self._differences.append(difference)


_COMPARED = {**HEADER, **LINE}


def is_draft(bill: Row) -> bool:
    """Whether the bill can still be changed."""
    return status(bill) == DRAFT


def status(bill: Row) -> str:
    """The state of the bill as people read it."""
    return member(bill.get("status"))


def _value_of(row: Row, wanted: DimensionValue) -> str | None:
    """Id of the value a row has for a dimension."""
    for line in row.get(DIMENSIONS) or ():
        if guid(line.get("id")) == guid(wanted.dimension_id):
            return guid(line.get("valueId"))
    return None
