"""What a GET asks for, found: companies, entity sets, single entities, published pages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bc_pipeline.sandbox.business_central.analytics import analytics_page
from bc_pipeline.sandbox.business_central.company import Company, Row
from bc_pipeline.sandbox.business_central.errors import (
    bad_request,
    company_not_found,
    unknown_resource,
)
from bc_pipeline.sandbox.business_central.path import entity_type, row_at, walk
from bc_pipeline.sandbox.business_central.published import published_page
from bc_pipeline.sandbox.business_central.query_options import parse_query
from bc_pipeline.sandbox.business_central.reader import Reader
from bc_pipeline.sandbox.business_central.settings import EXTENSION_PAGES
from bc_pipeline.sandbox.business_central.urls import (
    ANALYTICS,
    API,
    EXTENSION,
    ODATA,
    Segment,
    Target,
    guid_key,
    text_key,
)
from bc_pipeline.sandbox.business_central.values import ZERO_GUID
from bc_pipeline.sandbox.business_central.versions import (
    is_published,
    major_version,
    released_entities,
)

Companies = Mapping[str, Company]


@dataclass(frozen=True)
class Answer:
    """What was found: a page or one entity with its context, or plain text; ``version`` is the
    company's when it was read."""

    company: str | None
    context: str = ""
    body: Any = None
    text: str | None = None
    version: int = 0


def read(companies: Companies, target: Target, page_size: int) -> Answer:
    """Answer one GET.

    Raises:
        BcError: anything Business Central refuses.
    """
    segments = target.segments
    if segments and segments[0].name == "companies" and len(segments) == 1:
        return _companies(companies, target, page_size)
    if not segments:
        return Answer(
            None, f"{target.root}/$metadata", {"value": _service_document(companies, target)}
        )
    company, rest = company_of(companies, target)
    with company.lock:
        if target.service == API:
            answer = _EntityRead(company, target, rest, page_size).answer()
        else:
            answer = _published(company, target, rest, page_size)
        return replace(answer, version=company.version)


# --- companies -----------------------------------------------------------------------------------


def _companies(companies: Companies, target: Target, page_size: int) -> Answer:
    # The platform's own list, the same under every service; read as a table of its own.
    listing = Company("companies", currency_code="", clock=next(iter(companies.values())).clock)
    for company in companies.values():
        listing.tables["companies"][company.id] = _company_row(company)
    segment = target.segments[0]
    if segment.key is not None:
        _by_id(companies, segment.key)
    return _EntityRead(listing, target, target.segments, page_size).answer(company=None)


def _company_row(company: Company) -> Row:
    return {
        "id": company.id,
        "systemVersion": company.settings.system_version,
        "timestamp": uuid.UUID(company.id).int % 10**9,
        "name": company.name,
        "displayName": company.display_name,
        "businessProfileId": "",
        "systemCreatedAt": company.created_at,
        "systemCreatedBy": ZERO_GUID,
        "systemModifiedAt": company.created_at,
        "systemModifiedBy": ZERO_GUID,
    }


def company_of(companies: Companies, target: Target) -> tuple[Company, tuple[Segment, ...]]:
    """The company a URL names, in its path or by ``?company=``, and the rest of the path."""
    first = target.segments[0]
    if first.name == "companies" and first.key is not None:
        return _by_id(companies, first.key), target.segments[1:]
    if first.name == "Company" and first.key is not None:
        return _by_name(companies, text_key(first.key)), target.segments[1:]
    given = target.option("company")
    if given is None:
        raise company_not_found("")
    return _by_name(companies, given), target.segments


def _by_id(companies: Companies, key: str) -> Company:
    wanted = guid_key(key)
    for company in companies.values():
        if company.id == wanted:
            return company
    raise company_not_found(wanted)


def _by_name(companies: Companies, name: str) -> Company:
    for company in companies.values():
        if name in (company.name, company.id):
            return company
    raise company_not_found(name)


def _service_document(companies: Companies, target: Target) -> list[dict[str, str]]:
    if target.service != API:
        return [{"name": "companies", "kind": "EntitySet", "url": "companies"}]
    return [
        {"name": entity.entity_set, "kind": "EntitySet", "url": entity.entity_set}
        for entity in released_entities(major_version(companies.values()))
    ]


# --- entities ------------------------------------------------------------------------------------


class _EntityRead:
    """A walk along the path: set, key, navigation, key ... to what is asked for."""

    def __init__(
        self, company: Company, target: Target, segments: tuple[Segment, ...], page_size: int
    ) -> None:
        self._company = company
        self._reader = Reader(company)
        self._target = target
        self._segments = segments
        self._page_size = page_size

    def answer(self, *, company: str | None = "") -> Answer:
        name = self._company.name if company == "" else company
        segments = list(self._segments)
        counting = bool(segments) and segments[-1].name == "$count"
        if counting:
            segments.pop()
        if not segments:
            raise unknown_resource("$count")
        place = walk(self._company, segments)
        entity_of = partial(entity_type, self._company)
        query = parse_query(self._target.options, place.entity, entity_of)
        if counting:
            if place.key is not None:
                raise unknown_resource("$count")
            return Answer(name, text=str(self._reader.count(query, place.link)))
        if place.key is None:
            page = self._reader.page(query, self._page_size, place.link)
            return Answer(name, context_url(self._target), page)
        row = row_at(self._company, place)
        body = self._reader.project(row, query)
        return Answer(name, f"{context_url(self._target)}/$entity", body)


def context_url(target: Target) -> str:
    """``@odata.context`` of a list; an entity of it has ``/$entity`` behind."""
    path = "/".join(_segment_text(segment) for segment in target.segments)
    last = target.segments[-1]
    if last.key is not None:
        path = path.removesuffix(f"({last.key})")
    return f"{target.root}/$metadata#{path}"


def _segment_text(segment: Segment) -> str:
    return segment.name if segment.key is None else f"{segment.name}({segment.key})"


# --- published pages and extensions --------------------------------------------------------------


def _published(
    company: Company, target: Target, segments: tuple[Segment, ...], page_size: int
) -> Answer:
    if len(segments) != 1 or target.service not in (ODATA, EXTENSION, ANALYTICS):
        raise unknown_resource(segments[0].name if segments else target.service)
    if target.service == ANALYTICS and segments[0].key is None:
        page = analytics_page(company, segments[0].name, target.options, page_size)
        return Answer(company.name, context_url(target), page)
    segment = segments[0]
    if not is_published(company, segment.name) or _is_extension(segment) != (
        target.service == EXTENSION
    ):
        raise unknown_resource(segment.name)
    if segment.key is not None:
        raise bad_request("Only lists of published pages are played here.")
    page = published_page(company, segment.name, target.options, page_size)
    return Answer(company.name, f"{target.root}/$metadata#{segment.name}", page)


def _is_extension(segment: Segment) -> bool:
    return segment.name in EXTENSION_PAGES


__all__ = ["Answer", "company_of", "context_url", "read"]
