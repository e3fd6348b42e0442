"""Finding records by the values of a property, many at once.

A look-up either tells what BC has or raises. Trouble is never taken for "there is none".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bc_pipeline.business_central.auth import no_access
from bc_pipeline.business_central.batch import Part, PartAnswer
from bc_pipeline.business_central.filters import Guid, all_of, any_of
from bc_pipeline.business_central.urls import next_link, query_url
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

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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
        entity_set: or the path of a list, such as ``vendorPaymentJournals(<id>)/vendorPayments``.
        field: property to compare; with ``select`` it is selected as well.
        values: what it may be.
        also: further condition, built with ``filters``.
        expand: navigations to read along, as ``$expand`` takes them.
        select: properties to read, all by default.
        guid: the property is a Guid.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: what exists could not be found out.
    """
    asked = _possible(field, values, guid)
    conditions = any_of(field, (Guid(value) if guid else value for value in asked))
    wanted = {comparable(value, guid=guid) for value in asked}
    options = {"$select": ",".join(dict.fromkeys((field, *select))) if select else ""}
    options["$expand"] = expand or ""
    paths = [
        list_path(company, entity_set, {**options, "$filter": all_of(condition, also)})
        for condition in conditions
    ]
    found: dict[object, dict[str, Any]] = {}
    for rows in read_lists(bc, paths):
        for row in rows:
            # A server may read * or | in a value as a pattern (behaviour.md 3.1).
            if comparable(row.get(field), guid=guid) in wanted:
                found[row.get("id", len(found))] = row
    return list(found.values())


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


def _possible(field: str, values: Iterable[str], guid: bool) -> list[str]:
    """Of the values those that a record can have."""
    given = list(dict.fromkeys(value.strip() for value in values))
    if guid:
        known = dict.fromkeys(comparable(value, guid=True) for value in given)
        return [value for value in known if _GUID.fullmatch(value)]
    # Not even values that differ in case only are put together: to text they are two.
    return [value for value in given if 0 < len(value) <= LONGEST.get(field, 250)]


def _rows(bc: BusinessCentral, path: str, answer: PartAnswer) -> list[dict[str, Any]]:
    if not answer.ok:
        raise failure(bc, path, answer)
    page = answer.body
    rows = page.get("value") if isinstance(page, Mapping) else None
    if not isinstance(rows, list):
        raise RequestFailed(f"the answer to GET {_place(path)} in a batch is no list")
    following = next_link(page, bc.api_url(path))
    return [*rows, *bc.rows(following)] if following else rows


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
