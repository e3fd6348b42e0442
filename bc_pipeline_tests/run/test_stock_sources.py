"""Where stock comes from, in whole runs: items, the Analytics API, Optiply's extension (mapping
2.1, platform 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.orchestration.preflight.tenant import check_tenant
from bc_pipeline.report import RunSummary
from bc_pipeline.run import tasks
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import apply_to, random_changes
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.end_to_end.installation import Installation
from bc_pipeline_tests.slow import deep_but

pytestmark = pytest.mark.covers("stock by location")

TENANT = "wholesale"
ENTRIES = "bc/stock_by_location"


@dataclass
class House:
    """The tenant wholesale with the stock of Amsterdam, without sales taken off unless told."""

    installation: Installation
    company: Company

    def configure(self, **sync: Any) -> None:
        self.installation.change_settings(TENANT, "sync", **sync)

    def run(self, *entities: str) -> RunSummary:
        return self.installation.sync(TENANT, entities=entities or ("products",))

    def level(self, item: Row) -> Decimal:
        rows = self.installation.sandbox.optiply.shops[TENANT].rows("products")
        return Decimal(next(r["stockLevel"] for r in rows if r["remoteId"] == item["id"]))

    def item(self) -> Row:
        """One of which some lies in Amsterdam."""
        return next(
            row
            for row in self.company.tables["items"].values()
            if row["type"] == "Inventory"
            and not row["blocked"]
            and row["baseUnitOfMeasureCode"] != "KG"
            and not self.company.find("itemVariants", itemId=row["id"])
            and self.company.stock(row["id"]).get(("AMS", ""), Decimal(0)) >= 2
        )

    def send_to(self, item: Row, destination: str, quantity: int = 2) -> None:
        move = {"item": item["number"], "quantity": quantity, "origin": "AMS"}
        apply_to(self.company, "transfer_stock", move | {"destination": destination})

    def asked(self, path: str) -> int:
        found = sum(path in request.path for request in self.installation.sandbox.requests.of("bc"))
        self.installation.sandbox.requests.clear()
        return found

    def told(self, kind: str) -> list[tuple[str, str]]:
        """Entity and message of the warnings of the last run."""
        directory = self.installation.tenant(TENANT).snapshot_dir
        with Snapshot.open(directory, read_only=True) as snapshot, snapshot.cursor() as cursor:
            return cursor.execute(
                "SELECT entity, message FROM ops.warnings WHERE kind = ? "
                "AND run_no = (SELECT max(run_no) FROM ops.runs) ORDER BY ALL",
                [kind],
            ).fetchall()

    def check(self) -> dict[str, tuple[str, str]]:
        answers = check_tenant(self.installation.tenant(TENANT))
        return {each.name: (each.outcome, each.detail) for each in answers}


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path) -> House:
    sandbox.reset()
    sandbox.requests.clear()
    house = House(
        Installation.create(sandbox, tmp_path), sandbox.business_central.companies[wholesale.NAME]
    )
    house.configure(locations=["AMS"], deduct_sales_orders=False)
    return house


def test_given_locations_then_goods_sent_elsewhere_leave_the_stock_in_optiply(house: House) -> None:
    item = house.item()
    assert house.run().status == "success"
    before = house.level(item)
    assert before == house.company.inventory(item["id"], "AMS")
    assert house.asked("inventoryByLocations") == 0

    # When some of it goes to Rotterdam, which leaves the item and its inventory as they are
    house.send_to(item, "RTM")
    assert house.run().status == "success"

    # Then it is gone in Amsterdam, and comes when Rotterdam counts too
    assert house.level(item) == before - 2
    house.configure(locations=["AMS", "RTM"])
    house.run()
    assert house.level(item) == before + house.company.inventory(item["id"], "RTM") - 2
    assert house.told("stock_sums_differ") == []
    assert house.check()["stock_source"] == (
        "passed",
        "stock comes from Business Central's Analytics API: it tells locations apart, as "
        "sync.locations needs",
    )


def test_given_sales_are_taken_off_then_those_of_the_location_in_base_units(house: House) -> None:
    house.configure(deduct_sales_orders=True)
    item = house.item()
    customer = next(
        r["number"] for r in house.company.tables["customers"].values() if r["blocked"] == "_x0020_"
    )
    house.run()
    before = house.level(item)
    lines = [
        {"item": item["number"], "quantity": 3, "location": "AMS"},
        {"item": item["number"], "quantity": 5, "location": "RTM"},
    ]
    apply_to(house.company, "new_sales_order", {"customer": customer, "lines": lines})
    house.asked("")

    house.run("products", "bc/sales_orders")

    assert house.level(item) == before - 3
    assert house.asked("/salesOrders") == 0, "outstanding_sales told the same"


def test_given_orders_are_sales_too_then_they_are_read_as_well(house: House) -> None:
    house.configure(deduct_sales_orders=True, sell_order_source="sales_orders")

    house.run("products", "bc/sales_orders")

    assert house.asked("/salesOrders") == 1


def test_given_no_analytics_api_then_the_extension_serves_and_it_is_said(house: House) -> None:
    house.company.settings.analytics = False
    item = house.item()

    summary = house.run()

    assert summary.status == "success"
    assert house.level(item) == house.company.inventory(item["id"], "AMS")
    ((entity, message),) = house.told("source_absent")
    assert entity == ENTRIES
    assert "is not there" in message
    assert "Stock by location comes from Optiply's extension then" in message
    outcome, detail = house.check()[ENTRIES]
    assert (outcome, "Optiply's extension" in detail) == ("warned", True)
    assert house.check()["stock_source"] == (
        "passed",
        "stock comes from Optiply's extension: Business Central's Analytics API is not there",
    )

    # And once the app is installed, it serves
    house.company.settings.analytics = True
    house.send_to(item, "RTM")
    house.asked("")
    assert house.run().status == "success"
    assert house.level(item) == house.company.inventory(item["id"], "AMS")
    assert house.asked("inventoryByLocations") == 0
    assert house.check()["inventory_by_location"][1] == f"not needed: {ENTRIES} tells the same"


def test_given_neither_source_then_no_stock_is_sent_and_it_is_said(house: House) -> None:
    item = house.item()
    house.run()
    before = house.level(item)
    house.company.settings.analytics = False
    house.installation.sandbox.faults.add(
        "bc",
        path="inventoryByLocations",
        times=None,
        action="status",
        status=404,
        body={"error": {"code": "BadRequest_ResourceNotFound", "message": "gone"}},
    )
    house.send_to(item, "RTM")

    summary = house.run()

    assert house.level(item) == before
    (problem,) = summary.problems
    assert (problem.entity, problem.kind) == ("optiply/products", "blocked")
    assert "there is no stock by location" in problem.reason
    assert house.check()["stock_source"][0] == "failed"


def test_given_a_read_that_breaks_off_half_way_then_nothing_changes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(ENTITIES[ENTRIES], page_size=20)
    monkeypatch.setattr(tasks, "ENTITIES", {**ENTITIES, ENTRIES: small})
    item = house.item()
    house.run()
    before = house.level(item)
    assert house.asked("itemLedgerEntries") > 1

    # When goods move, an item is renamed and the second page of entries fails
    house.send_to(item, "RTM")
    apply_to(house.company, "rename_item", {"item": item["number"], "name": "Renamed"})
    fault = house.installation.sandbox.faults.add(
        "bc",
        path="itemLedgerEntries",
        after=1,
        times=None,
        action="status",
        status=400,
        body={"error": {"code": "BadRequest", "message": "no"}},
    )
    summary = house.run()

    # Then no stock changes, and the rest does
    assert fault.hits
    assert [each.entity for each in summary.problems] == [ENTRIES]
    assert house.level(item) == before
    rows = house.installation.sandbox.optiply.shops[TENANT].rows("products")
    assert next(r["name"] for r in rows if r["remoteId"] == item["id"]) == "Renamed"
    assert house.told("stock_sums_differ") == []

    # And the next run brings it
    house.installation.sandbox.faults.clear()
    assert house.run().status == "success"
    assert house.level(item) == before - 2


def test_given_entries_that_may_not_be_read_then_no_other_source_is_taken(house: House) -> None:
    item = house.item()
    house.run()
    before = house.level(item)
    house.send_to(item, "RTM")
    house.installation.sandbox.faults.add(
        "bc",
        path="itemLedgerEntries",
        times=None,
        action="status",
        status=403,
        body={"error": {"code": "Authorization_RequestDenied", "message": "You may not."}},
    )

    summary = house.run()

    assert (house.level(item), house.asked("inventoryByLocations")) == (before, 0)
    assert [each.entity for each in summary.problems] == [ENTRIES]
    answers = house.check()
    assert "Item Ledger Entry" in answers[ENTRIES][1]
    assert answers["stock_source"][0] == "warned"


def test_given_sums_that_are_not_the_inventory_then_the_item_is_named(house: House) -> None:
    item = house.item()
    # As for a user who may not see the entries of one location
    hidden = {"path": "itemLedgerEntries", "action": "status", "status": 200, "times": None}
    seen = [
        {"entryNo": n, "itemNo": row["number"], "locationCode": "AMS", "remainingQuantity": left}
        for n, row in enumerate(house.company.tables["items"].values())
        if (left := float(house.company.inventory(row["id"]))) and row is not item
    ]
    house.installation.sandbox.faults.add("bc", **hidden, body={"value": seen})

    summary = house.run()

    told = house.told("stock_sums_differ")
    assert [item["number"] in message for _, message in told] == [True]
    assert summary.entities["optiply/products"].warnings["stock_sums_differ"] == 1
    assert summary.status == "success"


@pytest.mark.parametrize("analytics", [True, False])
def test_given_variants_then_the_extension_serves_as_before(house: House, analytics: bool) -> None:
    house.configure(variant_mode="variant")
    house.company.settings.analytics = analytics
    assert house.run().status == "success"
    shop = house.installation.sandbox.optiply.shops[TENANT]
    levels = {row["remoteId"]: row["stockLevel"] for row in shop.rows("products")}
    variants = {
        f"{row['itemId']}_{row['id']}": house.company.stock(row["itemId"]).get(
            ("AMS", row["code"]), Decimal(0)
        )
        for row in house.company.tables["itemVariants"].values()
    }
    sent = {key: levels[key] for key in variants if key in levels}
    assert sent
    assert sent == {key: int(variants[key]) for key in sent}


@pytest.mark.parametrize("seed", deep_but([1, 2], 1))
def test_given_any_business_then_both_sources_tell_the_same_stock(house: House, seed: int) -> None:
    house.configure(locations=["AMS", ""], deduct_sales_orders=True)
    house.run()
    kinds = {
        "move_stock",
        "transfer_stock",
        "new_sales_order",
        "change_sales_order_line",
        "ship_sales_order",
        "post_sales_order",
        "delete_sales_order",
        "receive_purchase_order",
        "undo_receipt",
        "cancel_sales_invoice",
    }
    for step in range(2):
        random_changes(house.company, seed * 100 + step, 25, kinds=kinds)
        house.configure(stock_source="auto")
        summary = house.run()
        assert summary.status == "success", summary.problems
        assert summary.entities["optiply/products"].updated > 0
        assert house.told("stock_sums_differ") == []

        house.configure(stock_source="extension")
        summary = house.run()

        assert summary.entities["optiply/products"].updated == 0, seed


def test_given_another_source_by_setting_then_it_alone_is_read(house: House) -> None:
    house.configure(stock_source="extension")
    house.run()
    assert house.asked("analytics") == 0
    house.configure(locations=[], stock_source="analytics")
    assert house.run().status == "success"
    assert house.asked("inventoryByLocations") == 0
    item = house.item()
    assert house.level(item) == house.company.inventory(item["id"])
    assert house.check()["stock_source"][1].endswith("sync.stock_source is analytics")
