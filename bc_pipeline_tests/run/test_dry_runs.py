"""A dry run tells what a run would do, and leaves nothing behind."""

from __future__ import annotations

import pytest

from bc_pipeline.cli.sync import adopted_lines
from bc_pipeline_tests.run.house import MASTERS, House, runs_of


def test_a_dry_run_tells_everything_and_leaves_nothing_behind(house: House) -> None:
    told = house.run(dry_run=True)

    assert house.shop.writes == 0
    assert runs_of(house) == []
    done = house.run()
    assert told.dry_run
    for name, result in done.optiply_entities():
        assert told.entities[name].as_json() == result.as_json(), name
        assert len(told.entities[name].changes) == len(result.changes)


def test_a_dry_run_of_a_running_tenant_shows_only_the_changes(house: House) -> None:
    house.run(entities=MASTERS)
    before = house.shop.snapshot()
    vendor = dict(house.company.find("vendors")[0])
    house.company.modify("vendors", vendor["id"], displayName="Renamed B.V.")

    told = house.run(entities=MASTERS, dry_run=True)

    assert told.optiply.total == 0
    assert house.shop.snapshot() == before
    assert told.entities["optiply/suppliers"].updated == 1
    (change,) = told.entities["optiply/suppliers"].changes
    assert change["changes"] == f"name: {vendor['displayName']} -> Renamed B.V."
    assert [run["dry_run"] for run in runs_of(house)] == [False]


@pytest.mark.covers("decision 4")
def test_a_dry_run_and_a_first_run_say_how_many_rows_they_take_over(house: House) -> None:
    for number in ("1896-S", "1900-S"):
        row = {"name": number, "skuCode": number, "stockLevel": 0, "unlimitedStock": False}
        house.shop.add_by_user("products", row)
    taken_over = {"optiply/products": 2}

    dry = house.run(dry_run=True, entities=MASTERS)
    first = house.run(entities=MASTERS)

    assert dry.as_json()["adopted"] == first.as_json()["adopted"] == taken_over
    told = [*adopted_lines(dry), *adopted_lines(first)]
    assert told == [
        "  optiply/products: 2 rows that stood in Optiply already would be taken over",
        "  optiply/products: 2 rows that stood in Optiply already were taken over",
    ]
    assert "adopted" not in house.run(entities=MASTERS).as_json()
