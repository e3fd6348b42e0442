"""What a GET asks for, found: companies, entity sets, single entities, published pages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bc_pipeline.sandbox.business_central import odata
from bc_pipeline.sandbox.business_central.path import entity_type, row_at, walk
from bc_pipeline.sandbox.business_central.published import RowList
from bc_pipeline.sandbox.business_central.query_options import check_single, parse_query
from bc_pipeline.sandbox.business_central.reader import Page, Reader
from bc_pipeline.sandbox.business_central.service_root import metadata, service_document
from bc_pipeline.sandbox.business_central.urls import (
    API,
    ODATA,
    Segment,
    Target,
    guid_key,
    text_key,
)
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline.sandbox.odata_errors import company_not_found, unknown_resource

_METADATA = (Segment("$metadata"),)

Companies = Mapping[str, Company]


@dataclass(frozen=True)
class Answer:
    """What was found: a page or one entity with its context, plain text, or XML; ``version`` is
    the company's when it was read."""

    company: str | None
    context: str = ""
    body: Any = None
    text: str | None = None
    xml: bytes | None = None
    version: int = 0


def read(companies: Companies, target: Target, page_size: int) -> Answer:
    """Answer one GET.

    Raises:
        BcError: anything Business Central refuses.
    """
    segments = target.segments
    if not segments:
        sets = service_document(companies, target.service)
        return Answer(None, f"{target.root}/$metadata", {"value": sets})
    if segments == _METADATA:
        return Answer(None, xml=metadata(companies, target.service))
    if segments[1:] in ((), (odata.COUNT,)):
        if segments[0].name == "companies":
            return _companies(companies, target, page_size)
        if segments[0].name == odata.COMPANY and target.service == ODATA:
            return _of_list(None, odata.company_list(companies), target, segments, page_size)
    company, rest = company_of(companies, target)
    with company.lock:
        if target.service == API:
            answer = _EntityRead(company, target, rest, page_size).answer()
        else:
            if not rest:
                raise unknown_resource(target.service)
            page = odata.list_of(company, target.service, rest[0].name)
            answer = _of_list(company.name, page, target, rest, page_size)
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
        if place.key is not None:
            check_single(self._target.options)
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
    """``@odata.context`` of a list, with the properties selected; an entity of it has
    ``/$entity`` behind."""
    path = "/".join(_segment_text(segment) for segment in target.segments)
    last = target.segments[-1]
    if last.key is not None:
        path = path.removesuffix(f"({last.key})")
    selected = ",".join(name.strip() for name in (target.option("$select") or "").split(","))
    return f"{target.root}/$metadata#{path}" + (f"({selected})" if selected else "")


def _segment_text(segment: Segment) -> str:
    return segment.name if segment.key is None else f"{segment.name}({segment.key})"


# --- published pages and extensions --------------------------------------------------------------


def _of_list(
    name: str | None,
    page: RowList,
    target: Target,
    segments: tuple[Segment, ...],
    size: int,
) -> Answer:
    found = odata.read_list(page, target, segments, size)
    if isinstance(found, str):
        return Answer(name, text=found)
    context = context_url(target)
    return Answer(name, context if isinstance(found, Page) else f"{context}/$entity", found)


__all__ = ["Answer", "company_of", "context_url", "read"]
