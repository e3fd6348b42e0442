"""Looking records up for many documents at once, and finding the one that a record names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bc_pipeline.business_central.lookup import by_property
from bc_pipeline.business_central.lookup.by_property import Question, comparable
from bc_pipeline.business_central.lookup.reference_data import KindName
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.documents.amounts import names_currency
from bc_pipeline.to_business_central.documents.changes import Row, only_reading
from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.unified import (
    Unified,
    WithAccount,
    WithCurrency,
    WithDimensions,
    WithLocation,
)
from bc_pipeline.to_business_central.writer import ExportContext

Names = tuple[str | None, str | None, str | None]
"""How a record names another one: id, number, name."""


def ask(context: ExportContext, questions: Sequence[Question]) -> list[list[Row]]:
    """The records each question is about, as ``by_property.ask`` finds them.

    Raises:
        AuthError, Cancelled, ReadFailed: it could not be found out.
    """
    with only_reading():
        return by_property.ask(context.bc, context.company, questions)


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
