"""Goods from one location to another (platform 2)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline.sandbox.bookkeeping.documents import Refused, resolve
from bc_pipeline.sandbox.changes import masters, transfers
from bc_pipeline.sandbox.company.company import Company


@pytest.fixture
def stocked(company: Company) -> Company:
    company.insert("locations", {"code": "SHOP", "displayName": "Shop"})
    masters.move_stock(company, item="A", quantity="7.5", location="AMS")
    return company


def test_given_a_transfer_then_the_goods_lie_elsewhere_and_the_sum_and_the_row_stay(
    stocked: Company,
):
    item = resolve(stocked, "items", "A")
    before = dict(item)
    posted = transfers.transfer_stock(
        stocked, item="A", quantity="2.5", origin="AMS", destination="SHOP"
    )
    assert item == before
    assert stocked.inventory(item["id"]) == Decimal("7.5")
    assert stocked.inventory(item["id"], "AMS") == 5
    assert stocked.inventory(item["id"], "SHOP") == Decimal("2.5")
    entries = [
        (entry["entryType"], entry["documentType"], entry["quantity"])
        for entry in stocked.tables["itemLedgerEntries"].values()
        if entry["documentNumber"] == posted["documentNumber"] == "DT00001"
    ]
    assert entries == [
        ("Transfer", "Direct_x0020_Transfer", Decimal("-2.5")),
        ("Transfer", "Direct_x0020_Transfer", Decimal("2.5")),
    ]


@pytest.mark.parametrize(
    "params",
    [
        {"quantity": 8},
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 1, "destination": "AMS"},
        {"quantity": 1, "destination": "MARS"},
        {"quantity": 1, "origin": "SHOP", "destination": "AMS"},
        {"quantity": 1, "variant": "RED"},
        {"quantity": 1, "item": "SERVICE"},
        {"quantity": 1, "item": "BLOCKED"},
    ],
    ids=str,
)
def test_given_a_transfer_bc_refuses_then_no_entry_is_made(
    stocked: Company, params: dict[str, object]
):
    with pytest.raises(Refused):
        transfers.transfer_stock(
            stocked, **{"item": "A", "origin": "AMS", "destination": "SHOP", **params}
        )
    assert len(stocked.tables["itemLedgerEntries"]) == 1
