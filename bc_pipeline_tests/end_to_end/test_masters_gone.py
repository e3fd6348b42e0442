"""Items and vendors that leave their lists take no document with them (decisions 24, 25)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.report import RunSummary
from bc_pipeline.run.operator_actions import approve_deletions
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.optiply.comparison import snapshot
from bc_pipeline_tests.end_to_end.installation import Installation

TENANT = "wholesale"
DOCUMENTS = ("sellOrders", "buyOrders", "buyOrderLines", "receiptLines", "productCompositions")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A wholesaler that is synced in full."""
    with Sandbox(seed=5, wholesale_items=40) as sandbox:
        installed = Installation.create(sandbox, tmp_path)
        assert installed.sync(TENANT).status in ("success", "partial")
        yield installed


def hide(installation: Installation, entity_set: str, how_many: int) -> None:
    """The API user does not see these rows any more; what refers to them stays."""
    tenant = installation.tenant(TENANT)
    company = installation.sandbox.business_central.companies[tenant.business_central.company]
    lines = company.tables["purchaseOrderLines"].values()
    named = [line["itemId"] for line in lines if line.get("itemId")]
    ids = dict.fromkeys([*named, *company.tables["items"]])
    ids = ids if entity_set == "items" else dict.fromkeys(company.tables[entity_set])
    for row_id in [i for i in ids if i in company.tables[entity_set]][:how_many]:
        company.delete(entity_set, row_id)


def documents(installation: Installation) -> dict[str, Any]:
    state = snapshot(installation.sandbox.optiply.shops[TENANT])
    return {name: state[name] for name in DOCUMENTS}


def guarded(summary: RunSummary) -> set[str]:
    return {problem.entity for problem in summary.problems if problem.kind == "guard"}


@pytest.mark.covers("decision 24")
def test_given_items_held_by_the_guard_and_then_deleted_then_order_lines_and_totals_stay(
    installation: Installation,
) -> None:
    before = documents(installation)
    assert before["buyOrderLines"]
    assert before["receiptLines"]
    links = snapshot(installation.sandbox.optiply.shops[TENANT])["supplierProducts"]

    # When more items than the guard lets through leave the list
    hide(installation, "items", 30)
    held = installation.sync(TENANT)

    # Then products are held, and nothing happens to what names them
    assert guarded(held) == {"optiply/products"}
    assert documents(installation) == before
    assert snapshot(installation.sandbox.optiply.shops[TENANT])["supplierProducts"] == links

    # And when their deletion is approved, documents stay all the same
    approve_deletions(installation.tenant(TENANT))
    installation.sync(TENANT)
    shop = snapshot(installation.sandbox.optiply.shops[TENANT])
    assert sum(row["status"] == "disabled" for row in shop["products"].values()) >= 20
    assert documents(installation) == before
    again = installation.sync(TENANT)
    assert guarded(again) == set()
    assert documents(installation) == before
