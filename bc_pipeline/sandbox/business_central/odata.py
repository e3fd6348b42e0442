"""Services beside the API v2.0: published pages, Optiply's extension, Analytics. Each is lists."""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.sandbox.business_central.analytics import analytics_list, analytics_names
from bc_pipeline.sandbox.business_central.published import RowList
from bc_pipeline.sandbox.business_central.reader import Page
from bc_pipeline.sandbox.business_central.urls import ANALYTICS, EXTENSION, Segment, Target
from bc_pipeline.sandbox.business_central.versions import is_published
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.settings import EXTENSION_PAGES
from bc_pipeline.sandbox.odata_errors import unknown_resource

COMPANY = "Company"
COUNT = Segment("$count")


def read_list(
    page: RowList, target: Target, segments: tuple[Segment, ...], size: int
) -> Page | Row | str:
    """What a path into a list asks for: a page of it, the row of a key, or (as text) how many.

    Args:
        segments: the list, with a key or without, and ``$count`` behind it or not.

    Raises:
        BcError: 404 or 400, as Business Central refuses it.
    """
    key = segments[0].key
    if segments[1:] == (COUNT,) and key is None:
        return str(page.count(target.options))
    if len(segments) > 1:
        raise unknown_resource(segments[1].name)
    if key is not None:
        return page.row(key, target.options)
    return page.page(target.options, size)


def list_of(company: Company, service: str, name: str) -> RowList:
    """The list of a company that a URL of one of these services names.

    Raises:
        BcError: 404, the company shows none of this name there.
    """
    if service == ANALYTICS:
        return analytics_list(company, name)
    if name not in names(company, service):
        raise unknown_resource(name)
    return RowList(name, company.pages[name](company))


def names(company: Company, service: str) -> list[str]:
    """What a company shows in one of these services."""
    if service == ANALYTICS:
        return analytics_names(company)
    shown = [name for name in company.pages if is_published(company, name)]
    return [name for name in shown if (name in EXTENSION_PAGES) == (service == EXTENSION)]


def company_list(companies: Mapping[str, Company]) -> RowList:
    """The companies, as the OData service lists them."""
    return RowList(
        COMPANY,
        [
            {
                "Name": company.name,
                "Evaluation_Company": False,
                "Display_Name": company.display_name,
                "Id": company.id,
                "Business_Profile_Id": "",
            }
            for company in companies.values()
        ],
    )
