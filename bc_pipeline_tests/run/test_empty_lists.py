"""Lists that stocks and settings of products hang on, empty all of a sudden (decisions 25)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.report import RunSummary
from bc_pipeline.run.operator_actions import approve_deletions
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline_tests.end_to_end.installation import Installation

pytestmark = pytest.mark.covers("decision 25")
TENANT = "wholesale"


@pytest.fixture
def installation(sandbox: Sandbox, tmp_path: Path) -> Installation:
    sandbox.reset()
    return Installation.create(sandbox, tmp_path)


@pytest.fixture
def company(installation: Installation) -> Company:
    return installation.sandbox.business_central.companies[wholesale.NAME]


def answer_empty(installation: Installation, path: str) -> None:
    """The list is there and has no rows, as for a user who may not see any."""
    installation.sandbox.faults.add(
        "bc", path=path, times=None, action="status", status=200, body={"value": []}
    )


def products(installation: Installation, name: str) -> dict[str, Any]:
    rows = installation.sandbox.optiply.shops[TENANT].rows("products")
    return {row["skuCode"]: row[name] for row in rows}


def reasons(summary: RunSummary) -> list[str]:
    return [each.reason for each in summary.problems if each.entity == "optiply/products"]


@pytest.mark.parametrize("path", ["itemLedgerEntries", "inventoryByLocations"])
def test_given_no_stock_of_any_location_although_items_have_some_then_none_is_sent(
    installation: Installation, company: Company, path: str
) -> None:
    company.settings.analytics = path == "itemLedgerEntries"
    installation.change_settings(TENANT, "sync", locations=["AMS"])
    assert installation.sync(TENANT).status == "success"
    before = products(installation, "stockLevel")
    assert any(before.values())

    # When the list shows no rows any more
    answer_empty(installation, path)
    summary = installation.sync(TENANT)

    # Then stock stays and the reason is told, and once there are rows all is well
    assert products(installation, "stockLevel") == before
    assert "lists no stock of any location" in reasons(summary)[0]
    installation.sandbox.faults.clear()
    assert installation.sync(TENANT).status == "success"


@pytest.mark.parametrize("path", ["itemLedgerEntries", "inventoryByLocations"])
def test_given_neither_stock_nor_rows_then_zero_is_sent(
    installation: Installation, company: Company, path: str
) -> None:
    company.settings.analytics = path == "itemLedgerEntries"
    installation.change_settings(TENANT, "sync", locations=["AMS"], deduct_sales_orders=False)
    installation.sync(TENANT)
    for item in company.tables["items"]:
        company.tables["items"][item]["inventory"] = 0
    answer_empty(installation, path)

    assert installation.sync(TENANT).status == "success"
    assert not any(products(installation, "stockLevel").values())


def test_given_no_boms_any_more_then_composed_products_stay_so_until_it_is_approved(
    installation: Installation,
) -> None:
    installation.sync(TENANT)
    before = products(installation, "assembled"), products(installation, "unlimitedStock")
    assert any(before[0].values())

    # When all BOM lines are gone at once, compositions are held, and the products as they are
    answer_empty(installation, "bomComponents")
    summary = installation.sync(TENANT)
    assert [each.kind for each in summary.problems] == ["guard"]
    assert (products(installation, "assembled"), products(installation, "unlimitedStock")) == before

    # And when that is approved, they are ordinary products
    approve_deletions(installation.tenant(TENANT))
    installation.sync(TENANT)
    installation.sync(TENANT)
    assert not any(products(installation, "assembled").values())


def test_given_boms_are_not_offered_any_more_then_composed_products_stay_so(
    installation: Installation,
) -> None:
    installation.sync(TENANT)
    before = products(installation, "unlimitedStock")
    body = {"error": {"code": "BadRequest_ResourceNotFound", "message": "gone"}}
    installation.sandbox.faults.add(
        "bc", path="bomComponents", times=None, action="status", status=404, body=body
    )

    installation.sync(TENANT)

    assert products(installation, "unlimitedStock") == before


def keep_few_orders(company: Company) -> None:
    """Fewer lines than the guard asks about for their number alone."""
    for order in list(company.tables["purchaseOrders"])[2:]:
        company.delete("purchaseOrders", order)


def test_given_orders_without_lines_all_of_a_sudden_then_the_held_orders_keep_theirs(
    installation: Installation, company: Company
) -> None:
    keep_few_orders(company)
    installation.sync(TENANT)
    shop = installation.sandbox.optiply.shops[TENANT]
    before = shop.rows("buyOrderLines"), shop.rows("receiptLines")
    assert 0 < len(before[0]) < 10

    # When no order has lines any more
    for line in list(company.tables["purchaseOrderLines"]):
        company.delete("purchaseOrderLines", line)
    summary = installation.sync(TENANT)

    # Then orders are held, with lines and receipts as they are, until it is approved
    assert [(each.entity, each.kind) for each in summary.problems] == [
        ("optiply/buy_orders", "guard")
    ]
    assert (shop.rows("buyOrderLines"), shop.rows("receiptLines")) == before
    approve_deletions(installation.tenant(TENANT))
    installation.sync(TENANT)
    assert (shop.rows("buyOrders"), shop.rows("buyOrderLines")) == ([], [])
