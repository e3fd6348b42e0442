"""Dimensions of documents, lines and entries, as they are stored (rules.md 9).

A set is a mapping of dimension id -> dimension value id, in the order the dimensions were added.
It is stored as rows of ``dimensionSetLines`` under their parent.
"""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.metadata import entities

DimensionSet = dict[str, str]


def parent_type(entity_set: str) -> str:
    """How ``dimensionSetLines`` name rows of an entity set as their parent."""
    return entities()[entity_set].navigations["dimensionSetLines"].const["parentType"]


def dimensions_of(company: Company, row: Row) -> DimensionSet:
    """The set of a document, line or entry."""
    lines = company.find("dimensionSetLines", parentId=row["id"])
    return {str(line["id"]): str(line["valueId"]) for line in lines}


def replace_dimensions(
    company: Company, entity_set: str, row: Row, wanted: Mapping[str, str]
) -> None:
    """Makes ``wanted`` the set of a row; the row itself is not touched."""
    for line in company.find("dimensionSetLines", parentId=row["id"]):
        if line["id"] not in wanted:
            company.delete("dimensionSetLines", company.key_of("dimensionSetLines", line))
    for dimension_id, value_id in wanted.items():
        put_dimension(company, entity_set, row, dimension_id, value_id)


def put_dimension(
    company: Company, entity_set: str, row: Row, dimension_id: str, value_id: str
) -> Row:
    """Adds one dimension to the set of a row, or gives it another value; returns the line."""
    dimension = company.tables["dimensions"][dimension_id]
    value = company.tables["dimensionValues"][value_id]
    values: Row = {
        "valueId": value_id,
        "valueCode": value["code"],
        "valueDisplayName": value["displayName"],
        "valueConsolidationCode": value["consolidationCode"],
    }
    present = company.find("dimensionSetLines", parentId=row["id"])
    line = next((line for line in present if line["id"] == dimension_id), None)
    if line is not None:
        if line["valueId"] == value_id:
            return line
        key = company.key_of("dimensionSetLines", line)
        return company.modify("dimensionSetLines", key, **values)
    named: Row = {
        "id": dimension_id,
        "code": dimension["code"],
        "displayName": dimension["displayName"],
        "consolidationCode": dimension["consolidationCode"],
        "parentId": row["id"],
        "parentType": parent_type(entity_set),
    }
    return company.insert("dimensionSetLines", named | values)
