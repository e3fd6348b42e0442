from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.business_central.lookup.dimensions import Dimensions, DimensionValue
from bc_pipeline.business_central.lookup.reference_data import ReferenceData
from bc_pipeline.errors import RecordError, RequestFailed
from bc_pipeline.tenants.tenant_config import DimensionMappings
from bc_pipeline_tests.business_central.fake import World, error
from bc_pipeline_tests.business_central.lookup.reference_rows import (
    CLASS,
    OFFICE,
    REGION,
    SHOP,
    WEST,
    Company,
)

IN_SHOP = DimensionValue(CLASS, "CLASS", SHOP, "SHOP")
IN_OFFICE = DimensionValue(CLASS, "CLASS", OFFICE, "HQ")
IN_WEST = DimensionValue(REGION, "REGION", WEST, "W")


@pytest.fixture
def company(world: World) -> Company:
    return Company(world.fake)


@pytest.fixture
def dimensions(world: World, company: Company) -> Dimensions:
    return mapped(world, {"class": "CLASS", "area": "region"})


def mapped(world: World, codes: dict[str, str], *, is_default: bool = False) -> Dimensions:
    reference = ReferenceData(world.bc, world.bc.company)
    return Dimensions(reference, DimensionMappings(codes, is_default, Path("tenant-config.json")))


# --- root fields -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"classId": SHOP}, (IN_SHOP,)),
        ({"classId": f"{{{SHOP.upper()}}}"}, (IN_SHOP,)),
        ({"classNumber": "shop"}, (IN_SHOP,)),
        ({"className": "Shop"}, (IN_SHOP,)),
        ({"classId": OFFICE, "className": "Shop"}, (IN_OFFICE,)),
        ({"className": "office", "areaNumber": "W"}, (IN_OFFICE, IN_WEST)),
        ({"areaNumber": "W", "displayName": "x", "class": "SHOP"}, (IN_WEST,)),
    ],
)
def test_given_root_fields_of_mapped_prefixes_then_these_values_are_wanted(
    dimensions, fields: dict[str, Any], wanted: tuple[DimensionValue, ...]
):
    assert dimensions.wanted(fields) == wanted


@pytest.mark.parametrize("fields", [{}, {"classId": None, "className": " ", "areaNumber": ""}])
def test_given_no_value_then_nothing_is_looked_up(world, fields: dict[str, Any]):
    """target_behaviour.md 10 B3: not even whether the dimension exists."""
    dimensions = mapped(world, {"class": "NOWHERE"})

    assert dimensions.wanted(fields, []) == ()
    assert world.fake.requests_of("dimensions") == []


def test_given_a_mapped_dimension_that_is_missing_then_just_records_that_use_it_fail(
    world, company
):
    """target_behaviour.md 10 B2."""
    dimensions = mapped(world, {"class": "CLASS", "department": "DEPARTMENT"})

    assert dimensions.wanted({"className": "Shop"}) == (IN_SHOP,)
    with pytest.raises(RecordError, match="no dimension DEPARTMENT") as caught:
        dimensions.wanted({"departmentName": "Sales"})
    assert caught.value.error_class == "DimensionDefinitionNotFound"


# --- the list --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ({"id": REGION, "valueId": WEST}, IN_WEST),
        ({"number": " Region", "valueNumber": "w"}, IN_WEST),
        ({"name": "area", "value": "WEST"}, IN_WEST),
        ({"name": "Area", "valueId": None, "valueNumber": "", "value": "West"}, IN_WEST),
    ],
)
def test_given_list_entries_then_dimension_and_value_are_found_by_id_code_or_name(
    dimensions, entry: dict[str, Any], wanted: DimensionValue
):
    assert dimensions.wanted({}, [entry]) == (wanted,)


@pytest.mark.parametrize(
    ("entry", "error_class", "words"),
    [
        ({"name": "Nothing", "value": "West"}, "DimensionDefinitionNotFound", "Nothing"),
        ({"value": "West"}, "DimensionDefinitionNotFound", "without id, number and name"),
        ({"number": "REGION"}, "InvalidDimensionValue", "REGION is listed without a value"),
        ({"number": "REGION", "value": "North"}, "InvalidDimensionValue", "no value North"),
        ({"number": "REGION", "valueId": SHOP}, "InvalidDimensionValue", f"no value {SHOP}"),
    ],
)
def test_given_a_wrong_entry_then_the_record_fails_with_its_class(
    dimensions, entry: dict[str, Any], error_class: str, words: str
):
    with pytest.raises(RecordError, match=words) as caught:
        dimensions.wanted({}, [entry])

    assert caught.value.error_class == error_class


# --- both ------------------------------------------------------------------------------------


def test_given_one_dimension_in_both_places_with_one_value_then_it_is_wanted_once(dimensions):
    """target_behaviour.md 10 C9."""
    listed = [{"number": "CLASS", "value": "Shop"}, {"id": CLASS, "valueId": SHOP.upper()}]

    assert dimensions.wanted({"classNumber": "SHOP"}, listed) == (IN_SHOP,)


@pytest.mark.parametrize(
    ("fields", "listed"),
    [
        ({"classNumber": "SHOP"}, [{"number": "CLASS", "value": "Office"}]),
        ({}, [{"number": "CLASS", "valueNumber": code} for code in ("SHOP", "HQ")]),
    ],
)
def test_given_one_dimension_with_two_values_then_the_record_fails(dimensions, fields, listed):
    """target_behaviour.md 10 C9."""
    with pytest.raises(RecordError, match="CLASS is given twice, as SHOP and as HQ") as caught:
        dimensions.wanted(fields, listed)

    assert caught.value.error_class == "InvalidDimensionValue"


# --- blocked ---------------------------------------------------------------------------------


def test_given_a_blocked_dimension_or_value_then_the_record_fails(company, dimensions):
    class_, region = company.sets["dimensions"]
    class_["dimensionValues"][0]["blocked"] = True
    region["blocked"] = True

    with pytest.raises(RecordError, match="value SHOP of dimension CLASS is blocked") as caught:
        dimensions.wanted({"className": "Shop"})
    assert caught.value.error_class == "InvalidDimensionValue"
    with pytest.raises(RecordError, match="dimension REGION is blocked"):
        dimensions.wanted({"areaNumber": "W"})
    assert dimensions.wanted({"className": "Office"}) == (IN_OFFICE,)


def test_given_trouble_with_bc_then_the_record_is_not_blamed(world, company, dimensions):
    """target_behaviour.md 10 D11: a throttled read is no missing dimension."""
    world.fake.on_set("dimensions", error(429, "x", Retry_After="0"))

    with pytest.raises(RequestFailed):
        dimensions.wanted({"className": "Shop"})


# --- the mapping -----------------------------------------------------------------------------


def test_given_a_sound_mapping_then_the_finding_passes(dimensions):
    finding = dimensions.mapping_finding()

    assert (finding.passed, finding.blocking) == (True, False)
    assert finding.message == "All mapped dimensions exist in CRONUS"


@pytest.mark.parametrize("is_default", [False, True])
def test_given_missing_and_blocked_dimensions_then_the_tenants_own_mapping_blocks(
    world, company, is_default: bool
):
    company.sets["dimensions"][1]["blocked"] = True
    codes = {"class": "CLASS", "area": "REGION", "department": "DEPARTMENT"}

    finding = mapped(world, codes, is_default=is_default).mapping_finding()

    assert finding.missing == {"department": "DEPARTMENT"}
    assert finding.blocked == {"area": "REGION"}
    assert finding.passed is False
    assert finding.blocking is not is_default
    assert "CRONUS has no dimension department -> DEPARTMENT" in finding.message
    assert "has blocked area -> REGION" in finding.message
