"""Which line of a bill in Business Central is which line of the record (D5, B15, C20). Pure.

Every line of the record gets one line number (``sequence``), which Business Central never changes.
The ledger remembers them, so a line is found again whatever else about it changes, and a BC line
is claimed by one line of the record only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bc_pipeline.to_business_central.bills.wanted import OBJECT, WantedLine
from bc_pipeline.to_business_central.documents.concurrency import text_map
from bc_pipeline.values import ZERO_GUID, guid, member

Row = Mapping[str, Any]
STEP = 10_000
"""Distance between line numbers that are free to choose, as in BC itself (rules.md 4.2)."""


@dataclass(frozen=True)
class Memory:
    """What the ledger remembers about the lines of a bill.

    Args:
        numbers: line key -> line number.
        tax_codes: line key -> tax code sent; BC shows another one than it takes (rules.md 4.16).
        unfinished: line numbers a write that never came to its end may have left in BC.
        undiscounted: line numbers that had no discount before such a write.
    """

    numbers: Mapping[str, int] = field(default_factory=dict)
    tax_codes: Mapping[str, str] = field(default_factory=dict)
    unfinished: frozenset[int] = frozenset()
    undiscounted: frozenset[int] = frozenset()

    @classmethod
    def of(cls, detail: Mapping[str, Any]) -> Memory:
        """As noted in a ledger entry."""
        numbers = {key: int(number) for key, number in text_map(detail, "lines").items()}
        unfinished, undiscounted = (
            frozenset(int(number) for number in detail.get(name) or ())
            for name in ("unfinished", "undiscounted")
        )
        return cls(numbers, text_map(detail, "tax_codes"), unfinished, undiscounted)

    def with_tax_codes(self, lines: Iterable[WantedLine]) -> Memory:
        """The same once the tax codes of these lines have been sent."""
        sent = {x.key: x.values["taxCode"] for x in lines if "taxCode" in x.values}
        return replace(self, tax_codes={**self.tax_codes, **sent})

    @property
    def ours(self) -> frozenset[int]:
        """All line numbers we have ever given to this bill."""
        return self.unfinished | frozenset(self.numbers.values())


@dataclass(frozen=True)
class Matched:
    """The lines of a record and of the bill in BC, put together.

    Args:
        numbers: line key -> line number, for every line of the record.
        claimed: line key -> the BC line it is; absent where BC has none yet.
        leftovers: BC lines no line of the record is.
    """

    numbers: Mapping[str, int]
    claimed: Mapping[str, Row]
    leftovers: tuple[Row, ...]

    def detail(self, memory: Memory, lines: Sequence[WantedLine], *, done: bool) -> dict[str, Any]:
        """What the ledger shall remember.

        Args:
            memory: what it remembers so far; lines that left the record are kept while BC has
                them, so that they stay known as ours.
            done: the bill is in BC as it is to be.
        """
        standing = {_number(row) for row in self.leftovers}
        kept = {key: n for key, n in memory.numbers.items() if n in standing}
        numbers = {**kept, **self.numbers}
        new = {number for key, number in self.numbers.items() if key not in self.claimed}
        unfinished = set() if done else memory.unfinished | new
        without = {_number(row) for row in self.claimed.values() if not row.get("discountAmount")}
        undiscounted = set() if done else memory.undiscounted | without
        known = memory.with_tax_codes(lines) if done else memory
        return {
            "lines": numbers,
            "tax_codes": dict(known.tax_codes),
            "unfinished": sorted(unfinished),
            "undiscounted": sorted(undiscounted),
        }


def matched(lines: Sequence[WantedLine], present: Sequence[Row], memory: Memory) -> Matched:
    """Puts the lines of a record and of a bill together.

    By remembered line number, else by the integer the record's line has as external id, else (a
    bill the ledger knows nothing about) by what the line says.
    """
    free = {_number(row): row for row in present}
    claimed: dict[str, Row] = {}
    for line in lines:
        number = memory.numbers.get(line.key)
        if number is not None and number in free:
            claimed[line.key] = free.pop(number)
    for line in lines:
        unknown = line.key not in claimed and line.key not in memory.numbers
        if unknown and line.number is not None and line.number in free:
            claimed[line.key] = free.pop(line.number)
    if not memory.numbers:
        _claim_by_content(lines, free, claimed)
    numbers = _numbered(lines, claimed, memory, set(free))
    return Matched(numbers, claimed, tuple(free.values()))


def leftovers_to_delete(
    match: Matched, memory: Memory, *, delete_missing: bool
) -> tuple[list[Row], list[Row]]:
    """The leftover lines to delete from a draft, and those to report.

    What an unfinished write of ours has left behind is deleted always. Lines that left the record
    are deleted only where the tenant wants that; lines somebody else added never are.
    """
    delete: list[Row] = []
    report: list[Row] = []
    for row in match.leftovers:
        number = _number(row)
        ours = number in memory.ours or not memory.ours
        wanted_gone = number in memory.unfinished or (ours and delete_missing)
        (delete if wanted_gone else report).append(row)
    return delete, report


def object_of(row: Row) -> tuple[str, str]:
    """What a BC line is about: its type and the id of its item or account."""
    item, account = guid(row.get("itemId")), guid(row.get("accountId"))
    kind = member(row.get("lineType"))
    if not kind:
        kind = "Item" if item != ZERO_GUID else "Account" if account != ZERO_GUID else "Comment"
    return kind, {"Item": item, "Account": account}.get(kind, "")


def is_about(line: WantedLine, row: Row) -> bool:
    """Whether a BC line is about the same item or account as a line of the record."""
    kind = {"item": "Item", "expense": "Account", "comment": "Comment"}[line.kind]
    about = guid(line.object_id) if line.kind in OBJECT else ""
    return object_of(row) == (kind, about)


def _claim_by_content(
    lines: Sequence[WantedLine], free: dict[int, Row], claimed: dict[str, Row]
) -> None:
    """First the lines that say exactly the same, then those about the same thing."""
    for properties in (("quantity", "unitCost", "description"), ("description",), ()):
        for line in lines:
            if line.key in claimed:
                continue
            for number, row in free.items():
                if is_about(line, row) and says_the_same(line, row, properties):
                    claimed[line.key] = free.pop(number)
                    break


def says_the_same(line: WantedLine, row: Row, properties: Iterable[str]) -> bool:
    """Whether a BC line has the same values, as far as the line of the record gives them."""
    return all(line.values[name] == row.get(name) for name in properties if name in line.values)


def _numbered(
    lines: Sequence[WantedLine], claimed: Mapping[str, Row], memory: Memory, taken: set[int]
) -> dict[str, int]:
    """A line number for every line; the same again for the same input."""
    numbers = {key: _number(row) for key, row in claimed.items()}
    used = {*taken, *numbers.values()}
    for line in lines:
        for number in (memory.numbers.get(line.key), line.number):
            if line.key not in numbers and number is not None and number not in used:
                numbers[line.key] = number
                used.add(number)
    for line in lines:
        if line.key not in numbers:
            number = (max((*used, *memory.ours), default=0) // STEP + 1) * STEP
            numbers[line.key] = number
            used.add(number)
    return {line.key: numbers[line.key] for line in lines}


def _number(row: Row) -> int:
    return int(row.get("sequence") or 0)
