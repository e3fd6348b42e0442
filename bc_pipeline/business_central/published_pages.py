"""Pages that a tenant has published as OData endpoints, and the end of Microsoft's own ones
(platform 5, decisions 19).

Nothing tells whose page a name belongs to: before the end everybody is warned, after it a page that
does not answer counts as absent. Nothing stops because of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.errors import RequestFailed
from bc_pipeline.tenants.settings import BusinessCentralSettings

LAST_VERSION = 29
ENDS = "version 30 (2027 release wave 1, about April 2027)"
WARNING = "published_pages_end"
_NOT_OF_THE_PAGE = frozenset({401, 403, 408, 429})

WITHOUT: Mapping[str, str] = {
    "item_page_name": "vendors, prices and order quantities then come from purchase orders and "
    "receipts, without lead times",
    "item_units_page_name": "then only base units can be counted",
    "dimensions_page_name": "blocked dimensions are then refused by Business Central only",
    "dimension_values_page_name": "blocked values are then refused by Business Central only",
}
"""Settings that name a published page -> how things go on without it."""


def major_version(system_version: str) -> int | None:
    """30 of ``30.0.12345.0``; None when it is not told."""
    major = system_version.partition(".")[0]
    return int(major) if major.isdecimal() else None


def configured(settings: BusinessCentralSettings) -> dict[str, str]:
    """Setting -> page, of those that the tenant has published."""
    named = ((setting, getattr(settings, setting)) for setting in WITHOUT)
    return {setting: page for setting, page in named if page}


def notice(settings: BusinessCentralSettings, version: int | None) -> str | None:
    """What an operator should know about the pages configured; None when there are none.

    Args:
        version: of the company's system, None when it is not known.
    """
    pages = configured(settings)
    if not pages:
        return None
    named = ", ".join(f"business_central.{key} ({page})" for key, page in pages.items())
    if is_over(version):
        return (
            f"{named}: Business Central {version} publishes only pages of extensions. What does "
            f"not answer counts as absent; {WHAT_TO_DO}"
        )
    return (
        f"{named}: with {ENDS} Business Central stops publishing Microsoft's own pages; pages of "
        f"extensions go on. If this is one of Microsoft's, before that {WHAT_TO_DO}"
    )


WHAT_TO_DO = (
    "have an extension bring a page with the same columns (Optiply's has the item card), publish "
    "that and name it here, or take the setting out"
)


def is_over(version: int | None) -> bool:
    """Whether Microsoft's own pages are gone."""
    return version is not None and version > LAST_VERSION


def is_gone(error: RequestFailed, version: int | None) -> bool:
    """Whether a page that is refused like this is one of those that are gone."""
    status = error.status
    return (
        is_over(version)
        and status is not None
        and 400 <= status < 500
        and status not in _NOT_OF_THE_PAGE
    )


def absence(setting: str, page: str, version: int | None) -> str:
    """Why a page does not answer, how things go on, and what to do."""
    return (
        f"business_central.{setting}: Business Central {version} does not publish {page!r} any "
        f"more, as it ended Microsoft's own pages with version 30; {WITHOUT[setting]}. To have it "
        f"back, {WHAT_TO_DO}"
    )
