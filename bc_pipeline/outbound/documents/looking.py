"""Looking records up for many documents at once, and finding the one that a record names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bc_pipeline.business_central.batch import Part
from bc_pipeline.business_central.filters import Guid, all_of, any_of
from bc_pipeline.business_central.lookups import LONGEST, comparable, failure, list_path
from bc_pipeline.business_central.reference import KindName
from bc_pipeline.business_central.urls import next_link
from bc_pipeline.errors import ReadFailed
from bc_pipeline.outbound.documents.sending import Row, only_reading, whole
from bc_pipeline.outbound.model import ExportContext, RecordError
from bc_pipeline.outbound.upsert.properties import is_guid


@dataclass(frozen=True)
class Question:
    """Which records have one of these values?

    Args:
        field: the property.
        values: what it may be; blank ones and ones no record can have are not asked for.
        guid: the property is a Guid.
        also: further condition, built with ``filters``.
        expand: navigations to read along.
    """

    entity_set: str
    field: str
    values: Iterable[str | None]
    guid: bool = False
    also: str | None = None
    expand: str | None = None

    def conditions(self) -> list[str]:
        """As few filters as cover all values."""
        values = (Guid(value) if self.guid else value for value in self.wanted().values())
        return [all_of(condition, self.also) for condition in any_of(self.field, values)]

    def wanted(self) -> dict[str, str]:
        """The values worth asking for, by the form in which equal ones are the same."""
        longest = LONGEST.get(self.field, 250)
        given = {
            comparable(value, guid=self.guid): comparable(value, guid=True)
            if self.guid
            else value.strip()
            for value in self.values
            if value
        }
        fits = is_guid if self.guid else (lambda value: 0 < len(value) <= longest)
        return {key: value for key, value in given.items() if fits(value)}


def ask(context: ExportContext, questions: Sequence[Question]) -> list[list[Row]]:
    """The records each question is about, all pages, in one ``$batch``.

    A batch is answered from the database that is written to; a plain GET may come from a replica
    that does not have what was written a moment ago (behaviour.md 3).

    Raises:
        AuthError, Cancelled, ReadFailed: it could not be found out.
    """
    with only_reading():
        return _ask(context, questions)


def _ask(context: ExportContext, questions: Sequence[Question]) -> list[list[Row]]:
    asked = [
        (index, list_path(context.company, q.entity_set, _options(condition, q)))
        for index, q in enumerate(questions)
        for condition in q.conditions()
    ]
    found: list[dict[str, Row]] = [{} for _ in questions]
    if not asked:
        return [[] for _ in questions]
    parts = [Part(str(number), "GET", path) for number, (_, path) in enumerate(asked)]
    answers = context.bc.batch(parts)
    for number, (index, path) in enumerate(asked):
        answer = answers[str(number)]
        if not answer.ok:
            raise failure(context.bc, path, answer)
        question = questions[index]
        wanted = question.wanted()
        for row in _pages(context, path, answer.body):
            # A server may read * or | in a value as a pattern (behaviour.md 3.1).
            if comparable(row.get(question.field), guid=question.guid) in wanted:
                found[index][str(row["id"])] = whole(row)
    return [list(rows.values()) for rows in found]


class Directory:
    """Records of one entity that others name by id, number or display name.

    Args:
        what: what an operator calls one of them, such as ``vendor``.
        rows: those that were looked up.
    """

    def __init__(self, what: str, rows: Iterable[Row]) -> None:
        self._what = what
        self._by_id: dict[str, Row] = {}
        self._by_number: dict[str, Row] = {}
        self._by_name: defaultdict[str, dict[str, Row]] = defaultdict(dict)
        for row in rows:
            id = comparable(row.get("id"), guid=True)
            self._by_id[id] = row
            self._by_number[comparable(row.get("number"))] = row
            self._by_name[comparable(row.get("displayName"))][id] = row

    def find(self, id: str | None, number: str | None, name: str | None) -> Row:
        """The one a record names: by id, else by number, else by its name if only one has it.

        Raises:
            RecordError: none, or several with this name.
        """
        if id and (row := self._by_id.get(comparable(id, guid=True))):
            return row
        if number and (row := self._by_number.get(comparable(number))):
            return row
        named = self._by_name.get(comparable(name), {}) if name else {}
        if len(named) == 1:
            return next(iter(named.values()))
        said = named_as(id, number, name)
        if named:
            numbers = ", ".join(sorted(str(row.get("number")) for row in named.values()))
            raise RecordError(
                "InvalidInputError", f"several {self._what}s have the name {name!r}: {numbers}"
            )
        raise RecordError("RecordNotFound", f"there is no {self._what} {said}")


def questions(
    entity_set: str,
    named: Iterable[tuple[str | None, str | None, str | None]],
    expand: str | None = None,
) -> list[Question]:
    """What to ask for the records that others name by (id, number, name)."""
    given = list(named)
    return [
        Question(entity_set, "id", {id for id, _, _ in given}, guid=True, expand=expand),
        Question(entity_set, "number", {number for _, number, _ in given}, expand=expand),
        Question(entity_set, "displayName", {name for _, _, name in given}, expand=expand),
    ]


def named_as(id: str | None, number: str | None, name: str | None) -> str:
    """How a record names another one, for a message."""
    given = (("with id", id), ("with number", number), ("named", name))
    return " or ".join(f"{how} {value}" for how, value in given if value)


def reference(
    context: ExportContext,
    kind: KindName,
    what: str,
    id: str | None,
    code: str | None,
    name: str | None,
) -> Mapping[str, Any]:
    """A row of the reference data that a record names.

    Raises:
        RecordError: there is none, or several have this name.
    """
    found = context.reference.find(kind, id=id, code=code, name=name)
    if found is None:
        raise RecordError("RecordNotFound", f"there is no {what} {named_as(id, code, name)}")
    return found


def _options(condition: str, question: Question) -> dict[str, str]:
    return {"$filter": condition, "$expand": question.expand or ""}


def _pages(context: ExportContext, path: str, page: object) -> Iterable[Row]:
    rows = page.get("value") if isinstance(page, Mapping) else None
    if not isinstance(page, Mapping) or not isinstance(rows, list):
        raise ReadFailed("Business Central answered a look-up with something that is no list")
    yield from rows
    following = next_link(page, context.bc.api_url(path))
    if following:
        yield from context.bc.rows(following)
