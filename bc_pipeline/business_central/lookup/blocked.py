"""Which dimensions and values are blocked: the standard API does not tell.

A row that shows a property ``blocked`` (a changed API page) is believed. Else the published OData
pages of the tenant tell, where they are configured; else nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bc_pipeline.business_central import published_pages
from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.urls import is_absent
from bc_pipeline.errors import ConfigError, RequestFailed
from bc_pipeline.values import by_code

DIMENSIONS_PAGE = "dimensions_page_name"
VALUES_PAGE = "dimension_values_page_name"
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    DIMENSIONS_PAGE: ("Code", "Blocked"),
    VALUES_PAGE: ("Dimension_Code", "Code", "Blocked"),
}
TYPE_COLUMN = "Dimension_Value_Type"


class BlockedDimensions:
    """What the published pages show.

    Args:
        dimensions: rows of the page of dimensions.
        values: rows of the page of dimension values.
    """

    def __init__(
        self, dimensions: Iterable[Mapping[str, Any]], values: Iterable[Mapping[str, Any]]
    ) -> None:
        self._dimensions = {by_code(row["Code"]): row for row in dimensions}
        self._values = {
            (by_code(row["Dimension_Code"]), by_code(row["Code"])): row for row in values
        }

    @classmethod
    def read(cls, bc: BusinessCentral, company: Company) -> BlockedDimensions:
        """Reads the pages the tenant has configured; nothing is asked where there is none.

        Raises:
            ConfigError: a configured page is not published, although it could be, or lacks a
                column.
            AuthError, Cancelled, ReadFailed, RequestFailed: it could not be read.
        """
        return cls(_page(bc, company, DIMENSIONS_PAGE), _page(bc, company, VALUES_PAGE))

    def mark(self, dimensions: Iterable[dict[str, Any]]) -> None:
        """Adds ``blocked`` to dimensions and their values, and ``valueType`` to the values."""
        for dimension in dimensions:
            code = by_code(dimension.get("code"))
            _mark(dimension, self._dimensions.get(code))
            for value in dimension["dimensionValues"]:
                shown = self._values.get((code, by_code(value.get("code"))))
                _mark(value, shown)
                value["valueType"] = shown.get(TYPE_COLUMN) if shown else None


def _mark(row: dict[str, Any], shown: Mapping[str, Any] | None) -> None:
    if not isinstance(row.get("blocked"), bool):
        blocked = shown.get("Blocked") if shown else None
        row["blocked"] = blocked if isinstance(blocked, bool) else None


def _page(bc: BusinessCentral, company: Company, setting: str) -> list[dict[str, Any]]:
    name = getattr(bc.tenant.business_central, setting)
    if not name:
        return []
    try:
        rows = list(bc.rows(bc.page_url(name, company)))
    except RequestFailed as error:
        if published_pages.is_gone(error, bc.company.major_version):
            return []  # nothing is known then, as without the page
        if not is_absent(error):
            raise
        raise ConfigError(
            f"business_central.{setting}: {company.name} has no published page {name!r}"
        ) from error
    lacking = [column for column in _COLUMNS[setting] if any(column not in row for row in rows)]
    if lacking:
        raise ConfigError(
            f"business_central.{setting}: the page {name!r} lacks {', '.join(lacking)}"
        )
    return rows
