"""Looking records up for many documents at once, and finding the one that a record names.

Whether the parts of a ``$batch`` are answered by the primary is written nowhere (platform 1), so
no miss in a batch is believed that would have something made twice or refused: it is confirmed by
a GET of its own, which can ask for the primary.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bc_pipeline.business_central.filters import Guid, all_of, any_of
from bc_pipeline.business_central.lookup.by_property import (
    LONGEST,
    comparable,
    list_path,
    read_in_batch,
)
from bc_pipeline.business_central.lookup.reference_data import KindName
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.documents.amounts import names_currency
from bc_pipeline.to_business_central.documents.changes import Row, only_reading, whole
from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.unified import (
    Unified,
    WithAccount,
    WithCurrency,
    WithDimensions,
    WithLocation,
)
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import is_guid

Names = tuple[str | None, str | None, str | None]
"""How a record names another one: id, number, name."""


@dataclass(frozen=True)
class Question:
    """Which records have one of these values?

    Args:
        field: the property.
        values: what it may be; blank ones and ones no record can have are not asked for.
        guid: the property is a Guid.
        also: further condition, built with ``filters``.
        expand: navigations to read along.
        expected: those of ``values`` that BC has because of us, or may have: a miss of one is
            confirmed.
        certain: every row counts, not only that there is one: not asked in a batch at all.
    """

    entity_set: str
    field: str
    values: Iterable[str | None]
    guid: bool = False
    also: str | None = None
    expand: str | None = None
    expected: Iterable[str | None] = ()
    certain: bool = False

    def __post_init__(self) -> None:
        """Values may come as anything that can be gone through once."""
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "expected", tuple(self.expected))

    def conditions(self) -> list[str]:
        """As few filters as cover all values."""
        values = (Guid(value) if self.guid else value for value in self.wanted().values())
        return [all_of(condition, self.also) for condition in any_of(self.field, values)]

    def wanted(self) -> dict[str, str]:
        """The values worth asking for, by the form in which equal ones are the same."""
        return self._sensible(self.values)

    def answers_among(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that have one of the values, each once: a server may read * or | in a value as
        a pattern (behaviour.md 3.1)."""
        wanted = self.wanted()
        found = {str(row["id"]): whole(row) for row in rows if self._of(row) in wanted}
        return list(found.values())

    def missed(self, rows: Iterable[Row]) -> Question | None:
        """What is left to be asked, to be certain, after a batch has brought these rows."""
        missing = self._sensible(self.expected).keys() - {self._of(row) for row in rows}
        values = [value for key, value in self.wanted().items() if key in missing]
        return replace(self, values=values, certain=True) if values else None

    def _sensible(self, values: Iterable[str | None]) -> dict[str, str]:
        longest = LONGEST.get(self.field, 250)
        given = {
            comparable(value, guid=self.guid): comparable(value, guid=True)
            if self.guid
            else value.strip()
            for value in values
            if value
        }
        fits = is_guid if self.guid else (lambda value: 0 < len(value) <= longest)
        return {key: value for key, value in given.items() if fits(value)}

    def _of(self, row: Row) -> str:
        return comparable(row.get(self.field), guid=self.guid)


def ask(context: ExportContext, questions: Sequence[Question]) -> list[list[Row]]:
    """The records each question is about, all pages, in one ``$batch``; those that have to be
    ``certain``, and misses of what is ``expected``, by GETs of their own.

    Raises:
        AuthError, Cancelled, ReadFailed: it could not be found out.
    """
    with only_reading():
        batch = [path for each in questions if not each.certain for path in _paths(context, each)]
        lists = dict(zip(batch, read_in_batch(context.bc, batch), strict=True))
        found: list[list[Row]] = []
        for each in questions:
            if each.certain:
                found.append(_alone(context, each))
                continue
            rows = (row for path in _paths(context, each) for row in lists[path])
            found.append(each.answers_among(rows))
            if missed := each.missed(found[-1]):
                found[-1] += _alone(context, missed)
        return found


def _alone(context: ExportContext, question: Question) -> list[Row]:
    """What a question is about, from the primary for certain."""
    paths = map(context.bc.api_url, _paths(context, question))
    return question.answers_among(row for path in paths for row in context.bc.rows(path))


def _paths(context: ExportContext, question: Question) -> list[str]:
    """The lists that together answer a question, relative to the root of the API."""
    return [
        list_path(
            context.company,
            question.entity_set,
            {"$filter": condition, "$expand": question.expand or ""},
        )
        for condition in question.conditions()
    ]


def kinds_needed(pendings: Iterable[Pending]) -> frozenset[KindName]:
    """The kinds of reference data that records and their lines name something of."""
    kinds: set[KindName] = set()
    for part in (part for pending in pendings for part in _parts(pending.record)):
        if isinstance(part, WithDimensions) and (part.dimensions or part.dimension_fields):
            kinds.add("dimensions")
        if isinstance(part, WithCurrency) and names_currency(part):
            kinds |= {"currencies", "company_information"}
        if isinstance(part, WithAccount):
            kinds.add("accounts")
        if isinstance(part, WithLocation) and (
            part.location_id or part.location_number or part.location_name
        ):
            kinds.add("locations")
    return frozenset(kinds)


def _parts(record: Unified) -> Iterator[Unified]:
    """A record and its lines."""
    yield record
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, tuple):
            yield from value


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

    def knows(self, id: str | None, number: str | None, name: str | None) -> bool:
        """Whether ``find`` finds one, or several."""
        return bool(
            (id and comparable(id, guid=True) in self._by_id)
            or (number and comparable(number) in self._by_number)
            or (name and comparable(name) in self._by_name)
        )

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
    named: Iterable[Names],
    expand: str | None = None,
    *,
    certain: bool = False,
) -> list[Question]:
    """What to ask for the records that others name by (id, number, name)."""
    given = list(named)
    return [
        Question(
            entity_set,
            field,
            {names[place] for names in given},
            guid=field == "id",
            expand=expand,
            certain=certain,
        )
        for place, field in enumerate(("id", "number", "displayName"))
    ]


def directory(
    context: ExportContext,
    what: str,
    entity_set: str,
    named: Iterable[Names],
    rows: Sequence[Row],
    expand: str | None = None,
) -> Directory:
    """The records of ``rows``, and those that are named and not among them: nothing is refused
    because a batch has not shown what was made a moment ago.

    Args:
        what: what an operator calls one of them.
        rows: answers to ``questions`` about the same names.

    Raises:
        AuthError, Cancelled, ReadFailed: it could not be found out.
    """
    known = Directory(what, rows)
    missed = [names for names in named if any(names) and not known.knows(*names)]
    if not missed:
        return known
    more = ask(context, questions(entity_set, missed, expand, certain=True))
    return Directory(what, [*rows, *(row for found in more for row in found)])


def named_as(id: str | None, number: str | None, name: str | None) -> str:
    """How a record names another one, for a message."""
    given = (("with id", id), ("with number", number), ("named", name))
    return " or ".join(f"{how} {value}" for how, value in given if value)


def account_of(context: ExportContext, part: WithAccount, what: str) -> Mapping[str, Any]:
    """The general ledger account that ``what`` names.

    Raises:
        RecordError: it names none, there is none, or several have this name.
    """
    names = (part.account_id, part.account_number, part.account_name)
    if not any(names):
        needed = "accountId, accountNumber or accountName"
        raise RecordError("InvalidInputError", f"{what} needs {needed}")
    return reference(context, "accounts", "account", *names)


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
