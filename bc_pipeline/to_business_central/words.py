"""Codes that are words for "nothing here" (decisions 10): ``NAN`` is a code where Business Central
has it, such as an item of that number, and else not given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.lookup.by_property import comparable, find_rows
from bc_pipeline.to_business_central.inbox.cells import CODES, means_nothing
from bc_pipeline.to_business_central.inbox.inbox import WaitingLine
from bc_pipeline.to_business_central.pendings import company_of
from bc_pipeline.to_business_central.unified import DimensionEntry, Unified, WithDimensions

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
    for attribute, field in type(part).model_fields.items():
        value = getattr(part, attribute)
        if isinstance(value, tuple):
            update[attribute] = _telling(_without(entry, is_nothing) for entry in value)
        else:
            update[attribute] = given(field.alias or attribute, value)
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
