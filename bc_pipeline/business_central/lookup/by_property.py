"""Finding records by the values of a property, many at once.

A look-up either tells what BC has or raises. Trouble is never taken for "there is none".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bc_pipeline.business_central.answers import whole
from bc_pipeline.business_central.auth import no_access
from bc_pipeline.business_central.batch import Part, PartAnswer
from bc_pipeline.business_central.filters import Guid, all_of, any_of
from bc_pipeline.business_central.urls import query_url
from bc_pipeline.errors import PipelineError, RequestFailed

if TYPE_CHECKING:
    from bc_pipeline.business_central.client import BusinessCentral, Company

LONGEST: Mapping[str, int] = MappingProxyType(
    {
        "number": 20,
        "code": 20,
        "documentNumber": 20,
        "displayName": 100,
        "vendorInvoiceNumber": 35,
        "externalDocumentNumber": 35,
    }
)
"""Property -> longest text it holds. No record has a longer one, and asking for one is an error of
the whole look-up (behaviour.md 3.1)."""

TEXTS = frozenset({"displayName"})
"""Of these the ones that are no codes."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Question:
    """Which records have one of these values?

    Args:
        entity_set: or the path of a list, such as ``vendorPaymentJournals(<id>)/vendorPayments``.
        field: the property.
        values: what it may be; blank ones and ones no record can have are not asked for.
        guid: the property is a Guid.
        also: further condition, built with ``filters``.
        expand: navigations to read along, as ``$expand`` takes them.
        expected: those of ``values`` that BC has because of us, or may have: a miss of one is
            confirmed.
        certain: every row counts, not only that there is one: not asked in a batch at all.
        select: properties to read besides the field, all by default.
    """

    entity_set: str
    field: str
    values: Iterable[str | None]
    guid: bool = False
    also: str | None = None
    expand: str | None = None
    expected: Iterable[str | None] = ()
    certain: bool = False
    select: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Values may come as anything that can be gone through once."""
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "expected", tuple(self.expected))

    def paths(self, company: Company) -> list[str]:
        """The lists that together answer it, relative to the root of the API."""
        columns = dict.fromkeys((self.field, *self.select)) if self.select else ()
        options = {"$select": ",".join(columns), "$expand": self.expand or ""}
        return [
            list_path(company, self.entity_set, {**options, "$filter": condition})
            for condition in self.conditions()
        ]

    def conditions(self) -> list[str]:
        """As few filters as cover all values."""
        asked = (Guid(value) if self.guid else value for value in self._asked(self.values))
        return [all_of(condition, self.also) for condition in any_of(self.field, asked)]

    def answers_among(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows that have one of the values, each once: a server may read * or | in a value as
        a pattern (behaviour.md 3.1)."""
        wanted = set(map(self._form, self._asked(self.values)))
        found: dict[object, dict[str, Any]] = {}
        for row in rows:
            if self._form(row.get(self.field)) in wanted:
                found[row.get("id", len(found))] = whole(row)
        return list(found.values())

    def missed(self, rows: Iterable[Mapping[str, Any]]) -> Question | None:
        """What is left to be asked, to be certain, after a batch has brought these rows."""
        missing = set(map(self._form, self._asked(self.expected)))
        missing -= {self._form(row.get(self.field)) for row in rows}
        values = [value for value in self._asked(self.values) if self._form(value) in missing]
        return replace(self, values=values, certain=True) if values else None

    def _asked(self, values: Iterable[str | None]) -> list[str]:
        """Of the values those that a record can have."""
        if self.guid:
            known = dict.fromkeys(self._form(value) for value in values if value)
            return [value for value in known if _GUID.fullmatch(value)]
        given = dict.fromkeys(value.strip() for value in values if value)
        fitting = [value for value in given if 0 < len(value) <= LONGEST.get(self.field, 250)]
        # To text, values that differ in case only are two; to a code they are one.
        return fitting if self.field in TEXTS else [*{self._form(v): v for v in fitting}.values()]

    def _form(self, value: object) -> str:
        return comparable(value, guid=self.guid)


def find_rows(
    bc: BusinessCentral,
    company: Company,
    entity_set: str,
    field: str,
    values: Iterable[str],
    *,
    also: str | None = None,
    expand: str | None = None,
    select: Sequence[str] = (),
    guid: bool = False,
) -> list[dict[str, Any]]:
    """The records of which ``field`` has one of ``values``, all pages, decimals as ``Decimal``.

    Upper and lower case are alike, as they are to BC's codes. Blank values and ones that no
    record can have (no Guid, too long) are not asked for.

    Args:
        bc: where to look.
        company: in which company.
        The others as of ``Question``.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: what exists could not be found out.
    """
    question = Question(entity_set, field, values, guid, also, expand, select=select)
    lists = read_lists(bc, question.paths(company))
    return question.answers_among(row for rows in lists for row in rows)


def ask(
    bc: BusinessCentral, company: Company, questions: Sequence[Question]
) -> list[list[dict[str, Any]]]:
    """The records each question is about, all pages, in one ``$batch``; those that have to be
    ``certain``, and misses of what is ``expected``, by GETs of their own.

    Whether the parts of a ``$batch`` are answered by the primary is written nowhere (platform 1),
    so no miss in a batch is believed that would have something made twice or refused: it is
    confirmed by a GET of its own, which can ask for the primary.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: it could not be found out.
    """
    batch = [path for each in questions if not each.certain for path in each.paths(company)]
    lists = dict(zip(batch, read_in_batch(bc, batch), strict=True))

    def alone(question: Question) -> list[dict[str, Any]]:
        urls = map(bc.api_url, question.paths(company))
        return question.answers_among(row for url in urls for row in bc.rows(url))

    found: list[list[dict[str, Any]]] = []
    for each in questions:
        if each.certain:
            found.append(alone(each))
            continue
        paths = each.paths(company)
        found.append(each.answers_among(row for path in paths for row in lists[path]))
        if missed := each.missed(found[-1]):
            found[-1] += alone(missed)
    return found


def list_path(company: Company, entity_set: str, options: Mapping[str, str]) -> str:
    """A list of a company relative to the root of the API; empty options are left out."""
    given = {name: value for name, value in options.items() if value}
    return query_url(f"companies({company.id})/{entity_set}", given)


def read_lists(bc: BusinessCentral, paths: Sequence[str]) -> list[list[dict[str, Any]]]:
    """The rows of several lists, all pages, in as few requests as possible.

    Args:
        bc: where to read.
        paths: relative to the root of the API, percent-encoded.

    Returns:
        The rows of each list, in the order of ``paths``.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: a list could not be read to its end.
    """
    if len(paths) == 1:
        return [list(bc.rows(bc.api_url(paths[0])))]
    return read_in_batch(bc, paths)


def read_in_batch(bc: BusinessCentral, paths: Sequence[str]) -> list[list[dict[str, Any]]]:
    """As ``read_lists``, a single list too.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: a list could not be read to its end.
    """
    answers = bc.batch([Part(str(index), "GET", path) for index, path in enumerate(paths)])
    return [_rows(bc, path, answers[str(index)]) for index, path in enumerate(paths)]


def comparable(value: object, *, guid: bool = False) -> str:
    """A value in the form in which equal ones are the same."""
    text = str(value).strip() if value is not None else ""
    return text.strip("{}").lower() if guid else text.casefold()


def _rows(bc: BusinessCentral, path: str, answer: PartAnswer) -> list[dict[str, Any]]:
    if not answer.ok:
        raise failure(bc, path, answer)
    page = answer.body
    rows = page.get("value") if isinstance(page, Mapping) else None
    if not isinstance(rows, list):
        raise RequestFailed(f"the answer to GET {_place(path)} in a batch is no list")
    return [*rows, *bc.rest(page, bc.api_url(path))]


def failure(bc: BusinessCentral, path: str, answer: PartAnswer) -> PipelineError:
    """What to raise for a part of a batch that did not work."""
    if answer.status in (401, 403):
        return no_access(bc.tenant, answer.status, answer.error_code)
    code = f" ({answer.error_code})" if answer.error_code else ""
    status = "gave no answer" if answer.status is None else f"answered {answer.status}"
    return RequestFailed(
        f"Business Central {status} to {_place(path)} in a batch{code}: {answer.error_message}",
        status=answer.status,
        code=answer.error_code,
        explanation=answer.error_message,
        uncertain=answer.uncertain,
    )


def _place(path: str) -> str:
    return path.split("?", 1)[0].rsplit("/", 1)[-1]
