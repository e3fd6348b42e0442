"""A journal in Business Central compared with the entry it is for. Pure.

A journal can hold lines of anybody, and posting posts all of them (rules.md 6.10). So every line
is told apart: one the entry wants, one we have written earlier, or one of somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bc_pipeline.business_central.batch import Part
from bc_pipeline.business_central.lookup.dimensions import dimension_set_parts
from bc_pipeline.to_business_central.documents.work import DIMENSIONS
from bc_pipeline.to_business_central.journal_entries.wanted import STEP, WantedEntry, WantedLine
from bc_pipeline.values import ZERO_GUID, by_code, guid

JOURNALS = "journals"
LINES = "journalLines"
EXPAND = f"{LINES}($expand={DIMENSIONS})"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """The way from what a journal holds to what the entry wants.

    Args:
        parts: requests to send now; dimensions of new lines come after these.
        differences: what is not as it is to be, in words.
        foreign: lines of somebody else; nothing may be posted while there are any.
    """

    parts: tuple[Part, ...]
    differences: tuple[str, ...]
    foreign: tuple[Row, ...]

    @property
    def is_done(self) -> bool:
        """The journal holds exactly what the entry wants."""
        return not self.parts and not self.foreign


def plan(
    path: Callable[[str], str], wanted: WantedEntry, journal: Row, ours: Collection[int]
) -> Plan:
    """Compares a journal with an entry.

    Lines that are not right are deleted and made anew: BC writes a changed line as it is,
    without the rules a new one goes through (rules.md 6.6, 6.7).

    Args:
        path: of something of the company, relative to the root of the API.
        wanted: the entry.
        journal: the journal with lines and dimensions as BC shows it.
        ours: line numbers we have given in it.
    """
    rows: list[Row] = list(journal.get(LINES) or ())
    claimed, left = _claimed(wanted, rows)
    foreign = tuple(row for row in left if row.get("lineNumber") not in ours)
    parts: list[Part] = []
    differences: list[str] = []
    for row in left:
        if row.get("lineNumber") in ours:
            parts.append(Part(f"{len(parts)}", "DELETE", path(f"{LINES}({row['id']})")))
            differences.append(f"line {row['lineNumber']} is not wanted")
    used = {int(row.get("lineNumber") or 0) for row in rows}
    place = path(f"{JOURNALS}({journal['id']})/{LINES}")
    for line in wanted.lines:
        if line.line_number in claimed:
            continue
        free = line if line.line_number not in used else _renumbered(line, used)
        used.add(free.line_number)
        parts.append(Part(f"{len(parts)}", "POST", place, wanted.body(free)))
        differences.append(f"line {free.line_number} is missing")
    for line in wanted.lines:
        if (claim := claimed.get(line.line_number)) is None:
            continue
        parent, present = path(f"{LINES}({claim['id']})"), claim.get(DIMENSIONS) or ()
        more = dimension_set_parts(parent, present, line.dimensions, f"{len(parts)}-")
        parts += more
        differences += [f"dimensions of line {claim.get('lineNumber')}"] * bool(more)
    return Plan(tuple(parts), tuple(differences), foreign)


def numbers_given(parts: Sequence[Part]) -> set[int]:
    """Line numbers of the lines that parts make."""
    return {part.body["lineNumber"] for part in parts if part.body and "lineNumber" in part.body}


def balanced_elsewhere(journal: Row) -> str | None:
    """The account that lines of the journal would be balanced with by themselves, if any.

    A template can give every new line a balancing account; each line would then be booked twice.
    """
    for row in journal.get(LINES) or ():
        number = str(row.get("balancingAccountNumber") or "").strip()
        if number or guid(row.get("balancingAccountId")) != ZERO_GUID:
            return number or "unknown"
    return None


def says_the_same(wanted: WantedEntry, line: WantedLine, row: Row) -> bool:
    """Whether a BC line is this line of the entry, apart from its dimensions."""
    return (
        guid(row.get("accountId")) == line.account_id
        and Decimal(str(row.get("amount") or 0)) == line.amount
        and str(row.get("postingDate") or "")[:10] == wanted.day
        and by_code(row.get("documentNumber")) == by_code(wanted.number)
        and line.description in (None, str(row.get("description") or "").strip())
    )


def _claimed(wanted: WantedEntry, rows: Sequence[Row]) -> tuple[dict[int, Row], list[Row]]:
    """The BC line of each wanted line, by its number; and the lines nobody claims."""
    left = list(rows)
    claimed: dict[int, Row] = {}
    for same_number in (True, False):
        for line in wanted.lines:
            if line.line_number in claimed:
                continue
            for row in left:
                right_place = not same_number or row.get("lineNumber") == line.line_number
                if right_place and says_the_same(wanted, line, row):
                    claimed[line.line_number] = row
                    left.remove(row)
                    break
    return claimed, left


def _renumbered(line: WantedLine, used: Collection[int]) -> WantedLine:
    return replace(line, line_number=(max(used) // STEP + 1) * STEP)
