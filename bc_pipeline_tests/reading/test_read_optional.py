"""Sources that only some tenants have, and companies."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.errors import ReadFailed
from bc_pipeline.reading.entity import read_entity
from bc_pipeline_tests.business_central.fake import (
    Reply,
    error,
    make_bc,
    page,
)
from bc_pipeline_tests.reading.reads import ids, read, reads

ITEM_PAGE = ENTITIES["bc/item_page"]


@pytest.mark.parametrize("code", ["BadRequest_NotFound", "BadRequest_ResourceNotFound"])
def test_given_an_optional_source_that_is_not_there_then_that_is_a_warning(
    fake, tmp_path, world, code: str
):
    fake.on_set("bomComponents", error(404, code))

    result = read(world, "bc/bom_components")

    assert (result.absent, result.complete, result.rows) == (True, False, 0)
    assert world.rows("SELECT kind FROM ops.warnings") == [("source_absent",)]
    assert reads(world)[0][5] is False


def test_given_an_optional_source_that_disappears_then_its_mirror_stays(world, source):
    source.sets["bomComponents"] = [{"id": "a", "parentItemNo": "P", "no": "C", "quantityPer": 2}]
    assert read(world, "bc/bom_components").complete
    assert "$select" not in world.fake.requests_of("bomComponents")[0].query
    world.fake.on_set("bomComponents", error(404, "BadRequest_ResourceNotFound"))

    assert read(world, "bc/bom_components").absent
    assert world.rows("SELECT parentItemNo, no, quantityPer FROM bc.bom_components") == [
        ("P", "C", Decimal(2))
    ]


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("bc/items", error(404, "BadRequest_ResourceNotFound")),
        ("bc/bom_components", error(500, "Internal_ServerError")),
        ("bc/bom_components", error(404, "Internal_CompanyNotFound")),
        ("bc/bom_components", Reply(404, b"<html>")),
    ],
    ids=["not optional", "trouble", "company gone", "not BC's own 404"],
)
def test_given_any_other_absence_then_the_read_failed(world, name: str, reply: Reply):
    world.fake.on_set(ENTITIES[name].path, reply)

    with pytest.raises(ReadFailed):
        read(world, name)


def test_given_a_published_page_then_it_is_read_by_the_name_the_tenant_gave_it(
    fake, tmp_path, world
):
    rows = [
        {"No": "1000", "Vendor_No": "V1", "Last_Direct_Cost": 1.25, "Lead_Time_Calculation": "2W"}
    ]
    fake.on_set("Artikel", page(rows))
    with make_bc(fake, tmp_path, item_page_name="Artikel") as bc:
        result = read_entity(bc, world.snapshot, ITEM_PAGE, run_no=1)

    assert result.rows == 1
    (seen,) = fake.requests_of("Artikel")
    assert seen.path.endswith("/ODataV4/Artikel")
    assert seen.query["company"] == "CRONUS"
    assert world.rows("SELECT No, Vendor_No, Last_Direct_Cost, Unit_Cost FROM bc.item_page") == [
        ("1000", "V1", Decimal("1.25"), None)
    ]


def test_given_stock_per_location_then_item_variant_and_location_are_its_key(fake, tmp_path, world):
    row = {"ItemId": "i", "ItemNo": "1000", "VariantCode": "", "Inventory": 5}
    rows = [{**row, "LocationCode": code} for code in ("EAST", "WEST", "")]
    fake.on_set("inventoryByLocations", page(rows), page([{**rows[0], "Inventory": 6}, rows[2]]))

    assert read(world, "bc/inventory_by_locations").rows == 3
    again = read(world, "bc/inventory_by_locations")

    assert (again.changed, again.deleted) == (1, 1)
    assert world.rows(
        "SELECT LocationCode, Inventory FROM bc.inventory_by_locations ORDER BY ALL"
    ) == [("", Decimal(5)), ("EAST", Decimal(6))]


def test_given_a_preflight_then_companies_cost_no_second_request(world):
    world.bc.preflight()

    result = read(world, "bc/companies")

    assert (result.rows, result.requests) == (1, 1)
    assert len(world.fake.requests_of("companies")) == 1
    assert ids(world, "companies") == ["11111111-1111-1111-1111-111111111111"]
    read(world, "bc/companies")
    assert len(world.fake.requests_of("companies")) == 2
