from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.business_central.batch import Part
from bc_pipeline.business_central.lookup.dimensions import (
    DimensionValue,
    default_dimension_parts,
    dimension_set_parts,
    posting_rules_broken,
)

IN_SHOP = DimensionValue("d-class", "CLASS", "v-shop", "SHOP")
IN_WEST = DimensionValue("d-region", "REGION", "v-west", "W")
VENDOR = "companies(c)/vendors(v)"
INVOICE = "companies(c)/purchaseInvoices(i)"


def test_given_a_record_without_default_dimensions_then_they_are_posted():
    assert default_dimension_parts(VENDOR, [], [IN_SHOP, IN_WEST], "k1") == [
        Part(
            "k1.0",
            "POST",
            f"{VENDOR}/defaultDimensions",
            {"dimensionId": "d-class", "dimensionValueId": "v-shop"},
        ),
        Part(
            "k1.1",
            "POST",
            f"{VENDOR}/defaultDimensions",
            {"dimensionId": "d-region", "dimensionValueId": "v-west"},
        ),
    ]


def test_given_default_dimensions_then_only_another_value_is_patched_by_the_rows_id():
    present = [
        {"id": "row-1", "dimensionId": "D-CLASS", "dimensionValueId": "V-OTHER"},
        {"id": "row-2", "dimensionId": "d-region", "dimensionValueId": "V-WEST"},
        {"id": "row-3", "dimensionId": "d-else", "dimensionValueId": "v-else"},
    ]

    assert default_dimension_parts(VENDOR, present, [IN_SHOP, IN_WEST], "k1") == [
        Part(
            "k1.0",
            "PATCH",
            f"{VENDOR}/defaultDimensions(row-1)",
            {"dimensionValueId": "v-shop"},
        )
    ]


def test_given_a_document_then_new_dimensions_are_posted_and_inherited_ones_patched():
    """rules.md 9.2, 9.3, 9.5, 9.6: by the dimension's id, the dimension first, only the value."""
    present = [{"id": "D-REGION", "code": "REGION", "valueId": "v-east", "valueCode": "E"}]

    parts = dimension_set_parts(INVOICE, present, [IN_SHOP, IN_WEST], "h")

    assert parts == [
        Part("h.0", "POST", f"{INVOICE}/dimensionSetLines", {"id": "d-class", "valueId": "v-shop"}),
        Part("h.1", "PATCH", f"{INVOICE}/dimensionSetLines(d-region)", {"valueId": "v-west"}),
    ]
    assert list(parts[0].body or {}) == ["id", "valueId"]


@pytest.mark.parametrize(
    "row",
    [{"id": "d-class", "valueId": "V-SHOP"}, {"id": "d-class", "valueCode": "shop"}],
    ids=["by id", "by code"],
)
def test_given_a_value_that_is_there_already_then_nothing_is_sent(row: dict[str, Any]):
    assert dimension_set_parts(INVOICE, [row], [IN_SHOP], "h") == []


# --- value posting rules -----------------------------------------------------------------------


def default(code: str, value: str, rule: str) -> dict[str, Any]:
    return {"dimensionCode": code, "dimensionValueCode": value, "postingValidation": rule}


MANDATORY, SAME, NO = "Code_x0020_Mandatory", "Same_x0020_Code", "No_x0020_Code"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (default("CLASS", "", MANDATORY), None),
        (default("DEPT", "", MANDATORY), "DEPT must have a value"),
        (default("DEPT", "", "Code Mandatory"), "DEPT must have a value"),
        (default("class", "Shop", SAME), None),
        (default("CLASS", "HQ", SAME), "CLASS must be HQ, not SHOP"),
        (default("CLASS", "", SAME), "CLASS must have no value, not SHOP"),
        (default("DEPT", "SALES", SAME), "DEPT must be SALES, not blank"),
        (default("DEPT", "", SAME), None),
        (default("CLASS", "", NO), "CLASS must have no value, not SHOP"),
        (default("DEPT", "", NO), None),
        (default("DEPT", "", "_x0020_"), None),
        (default("DEPT", "", " "), None),
        ({"dimensionCode": "DEPT"}, None),
    ],
)
def test_given_value_posting_rules_then_what_posting_would_refuse_is_foreseen(
    row: dict[str, Any], words: str | None
):
    """rules.md 5.14, 8.6."""
    for values in ([IN_SHOP], [{"id": "d-class", "code": "CLASS", "valueCode": "SHOP"}]):
        broken = posting_rules_broken([default("REGION", "", ""), row], values)
        if words is None:
            assert broken is None
        else:
            assert broken is not None
            assert words in broken
