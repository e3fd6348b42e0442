"""From lines of files to records waiting to be written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.lookup.by_property import comparable, find_rows
from bc_pipeline.errors import RecordError
from bc_pipeline.tenants.companies import company_key
from bc_pipeline.to_business_central.export_types import COMPANY_NOT_FOUND, Pending, Source
from bc_pipeline.to_business_central.inbox.cells import CODES, means_nothing
from bc_pipeline.to_business_central.inbox.inbox import WaitingLine
from bc_pipeline.to_business_central.unified import (
    DimensionEntry,
    Unified,
    UnifiedRecord,
    WithDimensions,
    as_payload,
    payload_hash,
)
from bc_pipeline.to_business_central.writers import STREAMS
from bc_pipeline.values import by_code

# Records of one file that contradict each other (decisions 7, 39). Pure.
#
# Which of two versions of one record holds, nothing in a file can tell: neither is written. Of two
# records that claim one number the first keeps it.


def contradictions(pendings: Sequence[Pending]) -> dict[Source, RecordError]:
    """What cannot be written because of another line of its file.

    Args:
        pendings: of one entity, in the order they came.

    Returns:
        The reason by the line it is about.
    """
    return {**_one_number(pendings), **_two_contents(pendings)}


def _two_contents(pendings: Sequence[Pending]) -> dict[Source, RecordError]:
    """Lines with one key that do not say the same."""
    lines: defaultdict[tuple[str, int, str], list[tuple[Source, Pending]]] = defaultdict(list)
    for pending in pendings:
        if source := pending.source:
            lines[source.file, source.generation, pending.key].append((source, pending))
    return {
        source: _different(same)
        for same in lines.values()
        if len({pending.payload_hash for _, pending in same}) > 1
        for source, _ in same
    }


def _different(same: Sequence[tuple[Source, Pending]]) -> RecordError:
    (source, pending), *_ = same
    *most, last = [str(each.line) for each, _ in same]
    named = f"externalId {pending.external_id}" if pending.external_id else pending.key
    return RecordError(
        "DuplicatedRecord",
        f"lines {', '.join(most)} and {last} of {source.file} have {named} and different content; "
        "none of them was written: send the one that holds",
    )


def _one_number(pendings: Sequence[Pending]) -> dict[Source, RecordError]:
    """Later lines with the number of another record, where the number is who the record is."""
    first: dict[tuple[str, int, str, str], tuple[Source, Pending]] = {}
    found: dict[Source, RecordError] = {}
    for pending in pendings:
        source, number = pending.source, _number(pending)
        if source is None or not by_code(number):
            continue
        place = (source.file, source.generation, pending.company.id, by_code(number))
        before, other = first.setdefault(place, (source, pending))
        if other.key != pending.key:
            found[source] = _taken(number, before, other)
    return found


def _number(pending: Pending) -> str | None:
    field = STREAMS[pending.entity].number
    value: str | None = getattr(pending.record, field) if field else None
    return value


def _taken(number: str | None, source: Source, other: Pending) -> RecordError:
    return RecordError(
        "DuplicatedRecord",
        f"number {number} is that of {other.name} in line {source.line} of {source.file} "
        f"({_number(other)}): give one of them another number, or send one of them only",
    )


# Which company a record goes to (target_behaviour.md 3).


def company_of(
    record: UnifiedRecord, home: Company, companies: Iterable[Company]
) -> tuple[Company, RecordError | None]:
    """The company by ``subsidiaryId``, else by ``subsidiaryName`` (name or display name), upper
    and lower case alike; ``home`` when the record names none.

    Returns:
        the company; or one that is named as the record says and the reason why there is none.
    """
    id, name = record.subsidiary_id, record.subsidiary_name
    if id is None and name is None:
        return home, None
    known = list(companies)
    by_id = [c for c in known if id is not None and company_key(c.id) == company_key(id)]
    by_name = [
        c
        for c in known
        if name is not None
        and company_key(name) in (company_key(c.name), company_key(c.display_name))
    ]
    found = by_id or by_name
    if len(found) == 1:
        return found[0], None
    given = " / ".join(text for text in (id, name) if text is not None)
    trouble = "means several companies" if found else "is none of the companies"
    listed = ", ".join(sorted(repr(c.name) for c in known))
    nowhere = Company("", given, given)
    return nowhere, RecordError(
        COMPANY_NOT_FOUND, f"{given!r} {trouble} of this environment ({listed})"
    )


@dataclass(frozen=True)
class Waiting:
    """What waits of one entity, in the order it came.

    Args:
        refused: those that name a company that is not there, or that another line of their file
            contradicts, with the reason.
    """

    pendings: list[Pending] = field(default_factory=list)
    refused: list[tuple[Pending, RecordError]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pendings) + len(self.refused)


def waiting(lines: Iterable[WaitingLine], home: Company, companies: Sequence[Company]) -> Waiting:
    """The records of these lines with their companies.

    Args:
        lines: with a record each.
        home: the config company: of records that name none.
        companies: every company there is.
    """
    read = [_pending(line, home, companies) for line in lines]
    contradicted = contradictions([pending for pending, error in read if error is None])
    found = Waiting()
    for pending, error in read:
        if pending.source is not None:
            error = error or contradicted.get(pending.source)
        if error is None:
            found.pendings.append(pending)
        else:
            found.refused.append((pending, error))
    return found


def _pending(
    waiting_line: WaitingLine, home: Company, companies: Sequence[Company]
) -> tuple[Pending, RecordError | None]:
    stream, record = waiting_line.line.stream, waiting_line.line.record
    assert stream is not None and record is not None
    company, error = company_of(record, home, companies)
    key = stream.key(record)
    pending = Pending(
        entity=stream.entity,
        # The same externalId in two companies means two records.
        key=key if company == home else f"{company.id or company.name}/{key}",
        payload_hash=payload_hash(record),
        record=record,
        payload=as_payload(record),
        company=company,
        external_id=record.external_id,
        source=waiting_line.source,
    )
    return pending, error


# Codes that are words for "nothing here" (decisions 10): ``NAN`` is a code where Business Central
# has it, such as an item of that number, and else not given.

Place = tuple[str, str]
"""Entity set and property a code belongs to."""
Known = dict[Place, set[str]]


def without_unknown_words(
    lines: Sequence[WaitingLine], bc: BusinessCentral, home: Company, companies: Sequence[Company]
) -> list[WaitingLine]:
    """The lines, without words for nothing where a code belongs and their company has none such.

    Args:
        lines: with a record each.
        bc: is asked only when there is such a word, which is rare.
        home: the config company: of records that name none.
        companies: every company there is.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: BC could not say.
    """
    asked: dict[Company, Known] = defaultdict(lambda: defaultdict(set))
    for line in lines:
        if (record := line.line.record) is not None and line.line.table:
            company, _ = company_of(record, home, companies)
            _without(record, _collecting(asked[company]))
    known = {company: _known(bc, company, words) for company, words in asked.items()}

    def settled(line: WaitingLine) -> WaitingLine:
        record = line.line.record
        if record is None or not line.line.table:
            return line
        codes = known.get(company_of(record, home, companies)[0])
        if not codes:  # there is no such word in it, or no such company
            return line
        mended = _without(record, lambda place, word: comparable(word) not in codes[place])
        return replace(line, line=replace(line.line, record=mended))

    return [settled(line) for line in lines]


def _collecting(words: Known) -> Callable[[Place, str], bool]:
    def collect(place: Place, word: str) -> bool:
        words[place].add(word)
        return False

    return collect


def _known(bc: BusinessCentral, company: Company, words: Known) -> Known:
    if not company.id:  # there is no such company; the record is refused for that
        return {}
    return {
        (entity_set, field): {
            comparable(row.get(field))
            for row in find_rows(bc, company, entity_set, field, sorted(asked), select=("id",))
        }
        for (entity_set, field), asked in words.items()
    }


def _without(part: Unified, is_nothing: Callable[[Place, str], bool]) -> Any:  # noqa: ANN401
    """The record or part without the codes that are nothing; ``is_nothing`` is asked about each
    word that might be."""

    def given(name: str, value: object) -> object:
        place = CODES.get(name)
        is_word = place is not None and isinstance(value, str) and means_nothing(value)
        return None if is_word and is_nothing(place, value) else value  # type: ignore[arg-type]

    update: dict[str, Any] = {}
    for attribute, known in type(part).model_fields.items():
        value = getattr(part, attribute)
        if isinstance(value, tuple):
            update[attribute] = _telling(_without(entry, is_nothing) for entry in value)
        else:
            update[attribute] = given(known.alias or attribute, value)
    if isinstance(part, WithDimensions):
        update["dimension_fields"] = {
            name: value
            for name, value in part.dimension_fields.items()
            if not (name.endswith("Number") and given("valueNumber", value) is None)
        }
    return part.model_copy(update=update)


def _telling(entries: Iterable[Unified]) -> tuple[Unified, ...]:
    """Without dimensions of which no value is left."""
    return tuple(
        entry
        for entry in entries
        if not isinstance(entry, DimensionEntry)
        or entry.value_id
        or entry.value_number
        or entry.value
    )
