"""Settings that name things in Business Central, in whole runs (decisions 18)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bc_pipeline.orchestration.preflight.tenant import check_tenant
from bc_pipeline.report import Launch, Problem, RunSummary
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline.tenants import registry

pytestmark = pytest.mark.covers("decision 18")

TENANT = "wholesale"
STOCK = ("products",)


@dataclass
class House:
    """The tenant wholesale, whose stock is that of some locations, in a directory."""

    sandbox: Sandbox
    company: Company
    home: Path

    @property
    def shop(self) -> Shop:
        return self.sandbox.optiply.shops[TENANT]

    def configure(self, section: str = "sync", **values: Any) -> None:
        path = self.home / "tenants.yaml"
        document = yaml.safe_load(path.read_text("utf-8"))
        document["tenants"][TENANT].setdefault(section, {}).update(values)
        path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")

    def run(self, *entities: str, **launch: Any) -> RunSummary:
        tenant = registry.load(self.home).get(TENANT)
        return run_tenant(tenant, Launch(entities=entities or STOCK, **launch))

    def stock(self) -> dict[str, int]:
        return {row["remoteId"]: row["stockLevel"] for row in self.shop.rows("products")}

    def asked(self, path: str) -> int:
        """How often a list was asked for since the last time this was asked."""
        found = sum(request.path.endswith(path) for request in self.sandbox.requests.of("bc"))
        self.sandbox.requests.clear()
        return found

    def check(self, name: str) -> tuple[str, str]:
        answers = check_tenant(registry.load(self.home).get(TENANT))
        return next((each.outcome, each.detail) for each in answers if each.name == name)


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path) -> Iterator[House]:
    service = sandbox.business_central
    before = service.companies[wholesale.NAME]
    company = service.add(wholesale.build(clock=sandbox.clock, seed=5, items=20, months=1))
    sandbox.optiply.shops[TENANT].clear()
    sandbox.write_tenants(tmp_path)
    sandbox.requests.clear()
    yield House(sandbox, company, tmp_path)
    sandbox.faults.clear()
    service.add(before)


def the_problem(summary: RunSummary, kind: str = "config") -> Problem:
    (problem,) = (each for each in summary.problems if each.kind == kind)
    return problem


def move_stock(house: House) -> str:
    """Goods arrive and an item is renamed; its id."""
    item = next(r for r in house.company.tables["items"].values() if r["type"] == "Inventory")
    apply_to(house.company, "move_stock", {"item": item["number"], "quantity": 7})
    apply_to(house.company, "rename_item", {"item": item["number"], "name": "Renamed"})
    return str(item["id"])


def test_given_a_misspelt_location_then_no_stock_is_sent_and_the_rest_goes_on(
    house: House,
) -> None:
    house.configure(locations=["AMS", "RTM"])
    assert house.run().status == "success"
    before = house.stock()
    house.configure(locations=["AMSTERDAM", "RTM"])
    item = move_stock(house)

    summary = house.run()

    assert summary.status == "partial"
    assert the_problem(summary) == Problem(
        "optiply/products",
        None,
        "config",
        "sync.locations: Business Central has no location 'AMSTERDAM'; it has AMS, ONDERWEG, RTM, "
        "WINKEL. No stock is sent until this is corrected",
    )
    assert house.stock() == before
    names = {row["remoteId"]: row["name"] for row in house.shop.rows("products")}
    assert names[item] == "Renamed"
    assert house.check("locations")[0] == "failed"
    assert "'AMSTERDAM'" in house.check("locations")[1]


def test_given_the_first_run_with_a_misspelt_location_then_products_wait_with_the_reason(
    house: House,
) -> None:
    house.configure(locations=["AMSTERDAM"])

    summary = house.run("products", "suppliers")

    result = summary.entities["optiply/products"]
    assert (result.created, house.stock()) == (0, {})
    assert result.deferred > 0
    assert summary.entities["optiply/suppliers"].created > 0


def test_given_codes_in_other_letters_then_they_are_the_same(house: House) -> None:
    house.configure(locations=[" ams", "Rtm"])

    assert house.run().status == "success"
    assert house.check("locations") == ("passed", "Business Central has  ams, Rtm")


def test_given_a_location_in_use_then_nobody_is_asked_and_without_stock_business_central_is(
    house: House,
) -> None:
    house.company.insert("locations", {"code": "EMPTY", "displayName": "Empty"})
    house.configure(locations=["AMS"])
    house.run()
    house.asked("")
    house.run()
    usual = house.asked("/locations")

    house.configure(locations=["AMS", "EMPTY"])
    summary = house.run()

    assert summary.status == "success"
    assert house.asked("/locations") == usual + 1


def test_given_a_list_that_may_not_be_read_then_stock_waits_and_the_doubt_is_told(
    house: House,
) -> None:
    house.configure(locations=["AMS"])
    house.run()
    before = house.stock()
    house.configure(locations=["EMPTY"])
    refused = {"error": {"code": "Authorization_RequestDenied", "message": "no"}}
    house.sandbox.faults.add(
        "bc", path=r"/locations\?\$select=code$", action="status", status=403, body=refused
    )
    move_stock(house)

    summary = house.run()

    assert "could not be found out" in the_problem(summary, "blocked").reason
    assert house.stock() == before


def test_given_a_renamed_item_category_then_its_items_keep_what_was_sent(house: House) -> None:
    house.configure(quantity_scale={"TUIN": 10})
    house.run()
    before = house.stock()
    (category,) = house.company.find("itemCategories", code="TUIN")
    scaled = {row["id"] for row in house.company.find("items", itemCategoryCode="TUIN")}
    house.company.modify("itemCategories", category["id"], code="GARDEN")
    for item in scaled:
        house.company.modify("items", item, itemCategoryCode="GARDEN")

    first, second = house.run(), house.run()

    for summary in (first, second):
        told = the_problem(summary).reason
        assert "sync.quantity_scale: Business Central has no item category 'TUIN'" in told
        assert "GARDEN" in told
        assert summary.entities["optiply/products"].updated == 0
    assert house.stock() == before
    house.configure(quantity_scale={"GARDEN": 10})
    third = house.run()
    assert (third.status, third.entities["optiply/products"].updated) == ("success", 0)


def test_given_an_unknown_tax_group_then_it_is_named_and_everything_goes_on(house: House) -> None:
    house.configure(vat_percent_by_tax_group={"HOOG": 21, "HIGH": 21})

    summary = house.run()

    told = the_problem(summary).reason
    assert "sync.vat_percent_by_tax_group: Business Central has no tax group 'HIGH'" in told
    assert "HOOG, LAAG, MARGE, NUL" in told
    assert summary.entities["optiply/products"].created > 0
    assert house.check("vat_percent_by_tax_group")[0] == "failed"


def test_given_a_tax_group_that_no_item_has_then_it_is_asked_for_once_a_day(house: House) -> None:
    house.run()
    assert house.asked("/taxGroups") == 1

    house.run()

    assert house.asked("/taxGroups") == 0


def test_given_tax_groups_that_may_not_be_read_then_the_run_is_as_good_as_before(
    house: House,
) -> None:
    refused = {"error": {"code": "Authorization_RequestDenied", "message": "no"}}
    house.sandbox.faults.add("bc", path=r"/taxGroups", action="status", status=403, body=refused)

    assert house.run().status == "success"


@pytest.mark.parametrize("name", ["Artikelnummer", "GTIN"])
def test_given_an_article_code_field_that_items_do_not_have_then_products_go_on_without(
    house: House, name: str
) -> None:
    house.configure(article_code_field=name)

    summary = house.run()

    told = the_problem(summary).reason
    assert "sync.article_code_field: Business Central has no property of items" in told
    assert repr(name) in told
    assert "gtin" in told
    assert summary.entities["optiply/products"].created > 0
    assert house.check("article_code_field")[0] == "failed"
