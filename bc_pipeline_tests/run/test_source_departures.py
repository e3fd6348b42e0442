"""What becomes of Optiply's records when Business Central takes back what it has shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bc_pipeline.reading.went_back import WARNING
from bc_pipeline.report import RunSummary
from bc_pipeline.run.operator_actions import approve_deletions
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import apply_to, picks_documents
from bc_pipeline.sandbox.companies import cronus
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.end_to_end.installation import Installation, counts


@dataclass
class Shop:
    """The sandbox's cronus tenant, synced once."""

    sandbox: Sandbox
    installation: Installation

    @property
    def company(self) -> Company:
        return self.sandbox.business_central.companies[cronus.NAME]

    def sync(self) -> RunSummary:
        return self.installation.sync("cronus")

    def rows(self, path: str) -> list[Any]:
        return list(self.sandbox.optiply.shops["cronus"].rows(path))

    def sell(self) -> tuple[str, dict[str, Any]]:
        chosen = Random(3)
        while True:
            params = picks_documents.new_sales_invoice(self.company, chosen)
            if params and not params.get("draft"):
                return "new_sales_invoice", params

    def order_goods(self) -> str:
        """A purchase order that Optiply knows; its number."""
        before = set(self.company.tables["purchaseOrders"])
        params = picks_documents.new_purchase_order(self.company, Random(5))
        assert params
        apply_to(self.company, "new_purchase_order", params)
        (new,) = set(self.company.tables["purchaseOrders"]) - before
        self.sync()
        return str(self.company.tables["purchaseOrders"][new]["number"])


@pytest.fixture
def shop(sandbox: Sandbox, tmp_path: Path) -> Iterator[Shop]:
    sandbox.reset()
    shop = Shop(sandbox, Installation.create(sandbox, tmp_path))
    assert not shop.sync().failed
    yield shop
    sandbox.reset()


def warned(summary: RunSummary) -> set[str]:
    return {name for name, result in summary.entities.items() if WARNING in result.warnings}


def held(summary: RunSummary) -> dict[str, str]:
    return {p.entity: p.reason for p in summary.problems if p.kind == "guard"}


@pytest.mark.covers("decision 23", "sandbox: phantoms")
def test_given_an_invoice_that_is_rolled_back_after_it_was_read_then_its_sell_order_goes(
    shop: Shop,
) -> None:
    before = len(shop.rows("sellOrders"))
    posting = shop.sandbox.postings.begin(shop.company, *shop.sell(), seen=True)
    shop.sync()
    assert len(shop.rows("sellOrders")) == before + 1

    shop.sandbox.postings.end(posting).roll_back()
    summary = shop.sync()

    assert counts(summary, "deleted") == {"optiply/sell_orders": 1}
    assert len(shop.rows("sellOrders")) == before
    assert (warned(summary), held(summary)) == (set(), {})


@pytest.mark.covers("decision 23", "sandbox: phantoms")
def test_given_a_receipt_that_is_rolled_back_after_it_was_read_then_its_lines_go(
    shop: Shop,
) -> None:
    order = shop.order_goods()
    before = shop.rows("receiptLines")
    posting = shop.sandbox.postings.begin(
        shop.company, "receive_purchase_order", {"order": order}, seen=True
    )
    shop.sync()
    assert len(shop.rows("receiptLines")) > len(before)

    shop.sandbox.postings.end(posting).roll_back()
    summary = shop.sync()

    assert len(shop.rows("receiptLines")) == len(before)
    assert (warned(summary), held(summary)) == (set(), {})


@pytest.mark.covers("decision 22", "sandbox: phantoms")
def test_given_an_invoice_committed_hours_late_then_the_sweep_of_the_next_day_brings_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(shop.rows("sellOrders"))
    posting = shop.sandbox.postings.begin(shop.company, *shop.sell(), hours_ago=5)
    apply_to(shop.company, *shop.sell())
    shop.sync()
    shop.sandbox.postings.end(posting).commit()
    shop.sync()
    assert len(shop.rows("sellOrders")) == before + 1, "it lies behind the bookmark"

    monkeypatch.setattr("bc_pipeline.reading.sweeps.is_due", lambda *_: True)
    shop.sync()

    assert len(shop.rows("sellOrders")) == before + 2


@pytest.mark.covers("decision 3", "sandbox: copied environment")
def test_given_an_environment_restored_to_yesterday_then_deletions_wait_for_approval(
    shop: Shop,
) -> None:
    shop.sandbox.clock.advance(-26 * 3600)
    shop.sandbox.business_central.environments.mark()
    for _ in range(3):
        apply_to(shop.company, *shop.sell())
        shop.sandbox.clock.advance(2 * 3600)
    apply_to(shop.company, "new_vendor", {"name": "Never Was"})
    shop.sync()
    orders, suppliers = len(shop.rows("sellOrders")), shop.rows("suppliers")

    shop.sandbox.business_central.environments.restore()
    summary = shop.sync()

    assert "bc/sales_invoices" in warned(summary)
    assert set(held(summary)) == {"optiply/sell_orders", "optiply/suppliers"}
    assert "3 of" in held(summary)["optiply/sell_orders"]
    assert "approve-deletions cronus" in held(summary)["optiply/sell_orders"]
    assert counts(summary, "deleted") == {}
    assert len(shop.rows("sellOrders")) == orders
    assert shop.rows("suppliers") == suppliers

    again = shop.sync()
    assert (warned(again), set(held(again))) == (set(), set(held(summary)))

    approve_deletions(shop.installation.tenant("cronus"), "sell_orders")
    approved = shop.sync()
    assert counts(approved, "deleted") == {"optiply/sell_orders": 3}
    assert set(held(approved)) == {"optiply/suppliers"}
    assert len(shop.rows("sellOrders")) == orders - 3


@pytest.mark.covers("decision 23")
@pytest.mark.parametrize("full", [False, True])
def test_given_an_invoice_that_was_deleted_years_later_then_what_was_sold_stays_sold(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    monkeypatch.setattr("bc_pipeline.reading.sweeps.is_due", lambda *_: True)
    with Snapshot.open(shop.installation.tenant("cronus").snapshot_dir) as snapshot:
        sold = set(snapshot.frame("sync.sell_orders").query("state == 'active'")["remote_id"])
    old = next(row for id, row in shop.company.tables["salesInvoices"].items() if id in sold)
    shop.sandbox.clock.advance(40 * 86_400)
    apply_to(shop.company, *shop.sell())
    shop.sync()
    orders = shop.rows("sellOrders")

    shop.company.delete("salesInvoices", old["id"])
    summary = shop.installation.sync("cronus", full=full)

    assert not summary.failed
    assert counts(summary, "deleted") == {}
    assert shop.rows("sellOrders") == orders
