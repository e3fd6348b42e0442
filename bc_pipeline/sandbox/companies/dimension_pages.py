"""Dimensions and their values as published OData pages: the standard API shows no ``Blocked``."""

from __future__ import annotations

from collections.abc import Iterator

from bc_pipeline.sandbox.company.company import Company, Page, Row

DIMENSIONS_PAGE = "Dimensions"
DIMENSION_VALUES_PAGE = "Dimension_Values"


def publish_dimensions(
    company: Company,
    *,
    dimensions: str = DIMENSIONS_PAGE,
    values: str = DIMENSION_VALUES_PAGE,
) -> None:
    """Puts both pages into ``company.pages`` under the given names."""

    def read_dimensions(company: Company) -> list[Row]:
        with company.lock:
            return list(_dimensions(company))

    def read_values(company: Company) -> list[Row]:
        with company.lock:
            return list(_values(company))

    pages: dict[str, Page] = {dimensions: read_dimensions, values: read_values}
    company.pages |= pages


def _dimensions(company: Company) -> Iterator[Row]:
    for row in _by_code(company, "dimensions"):
        yield {
            "Code": row["code"],
            "Name": row["displayName"],
            "Code_Caption": f"{row['displayName']} Code",
            "Filter_Caption": f"{row['displayName']} Filter",
            "Description": "",
            "Blocked": bool(row.get("#blocked")),
            "Map_to_IC_Dimension_Code": "",
            "Consolidation_Code": row["consolidationCode"],
        }


def _values(company: Company) -> Iterator[Row]:
    codes = {row["id"]: row["code"] for row in company.tables["dimensions"].values()}
    for row in _by_code(company, "dimensionValues"):
        yield {
            "Dimension_Code": codes.get(row["dimensionId"], ""),
            "Code": row["code"],
            "Name": row["displayName"],
            "Dimension_Value_Type": row.get("#valueType", "Standard"),
            "Totaling": "",
            "Blocked": bool(row.get("#blocked")),
            "Map_to_IC_Dimension_Value_Code": "",
            "Consolidation_Code": row["consolidationCode"],
        }


def _by_code(company: Company, entity_set: str) -> list[Row]:
    return sorted(company.tables[entity_set].values(), key=lambda row: str(row["code"]))
