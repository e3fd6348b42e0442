"""Incremental runs arrive where a fresh full sync arrives, field by field.

Four things differ by rule, and only these, because Optiply keeps history that BC no longer has:
records taken out of use instead of deleted (mapping.md 2, 3), buy orders that BC deleted after
they were received (mapping.md 5), sell orders, which are never changed after they were written
(mapping.md 4), and the date of a buy order line that has none in BC: Optiply gives it the one its
order had when the line was made (mapping.md 5).
"""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import random_changes
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.company.values import ZERO_DATE
from bc_pipeline.sandbox.optiply.comparison import snapshot
from bc_pipeline_tests.end_to_end.accounting import EVERY
from bc_pipeline_tests.end_to_end.installation import Installation

CHANGES = 200
PER_RUN = 25
SEEDS = (1, 2, 3, 4) if EVERY else (1,)

Record = dict[str, Any]
Records = dict[str, Record]
OUT_OF_USE = {
    "products": ("status", "disabled"),
    "suppliers": ("ignored", True),
    "supplierProducts": ("status", "disabled"),
}


@pytest.mark.parametrize("tenant", ["cronus", "wholesale"])
@pytest.mark.parametrize("seed", SEEDS)
def test_200_changes_with_incremental_runs_between_equal_a_fresh_full_sync(
    tenant: str, seed: int, tmp_path: Path
) -> None:
    with Sandbox(seed=seed, wholesale_items=150) as sandbox:
        # Given a company that was synced in full
        kept = Installation.create(sandbox, tmp_path / "kept")
        company = sandbox.business_central.companies[kept.tenant(tenant).business_central.company]
        assert kept.sync(tenant).status in ("success", "partial")

        # When it changes, with incremental runs between
        done: list[str] = []
        for step in range(CHANGES // PER_RUN):
            done += random_changes(company, seed=seed * 1000 + step, count=PER_RUN)
            summary = kept.sync(tenant)
            assert not summary.failed, (summary.reason, summary.problems)
        kept.sync(tenant)

        # Then an empty shop synced from scratch holds the same
        fresh = Installation.create(sandbox, tmp_path / "fresh")
        shop = sandbox.optiply.add_shop("fresh")
        fresh.point_to(tenant, shop)
        assert fresh.sync(tenant).status in ("success", "partial")
        kept_rows, fresh_rows = snapshot(sandbox.optiply.shops[tenant]), snapshot(shop)
        found = differing(without_dates(kept_rows, company), without_dates(fresh_rows, company))
        assert not found, "\n".join([*found[:40], f"({len(found)} in all)", *done])


def differing(kept: dict[str, Records], fresh: dict[str, Records]) -> list[str]:
    """What differs although no rule says it may."""
    kept = without_what_a_fresh_shop_never_gets(kept, fresh)
    found = []
    for resource in sorted(kept.keys() | fresh.keys()):
        mine, other = kept.get(resource, {}), fresh.get(resource, {})
        found += [f"{resource} {key}: missing" for key in other.keys() - mine.keys()]
        found += [
            f"{resource} {key}: should be gone: {mine[key]}"
            for key in sorted(mine.keys() - other.keys())
            if not may_remain(resource, mine[key], kept)
        ]
        found += [
            f"{resource} {key}: {name} is {mine[key][name]!r}, fresh {other[key][name]!r}"
            for key in sorted(mine.keys() & other.keys())
            for name in mine[key]
            if mine[key][name] != other[key][name]
        ]
    return found


def without_dates(rows: dict[str, Records], company: Company) -> dict[str, Records]:
    """Without the dates of lines that Optiply chose itself."""
    undated = {
        line["id"]
        for line in company.tables["purchaseOrderLines"].values()
        if line["expectedReceiptDate"] == ZERO_DATE
    }
    lines = {
        key: line | ({"expectedDeliveryDate": "Optiply's"} if key in undated else {})
        for key, line in rows["buyOrderLines"].items()
    }
    return rows | {"buyOrderLines": lines}


def may_remain(resource: str, record: Record, kept: dict[str, Records]) -> bool:
    if resource in OUT_OF_USE:
        name, value = OUT_OF_USE[resource]
        return bool(record[name] == value)
    if resource == "buyOrders":
        return record["completed"] is not None
    if resource == "buyOrderLines":
        return kept["buyOrders"][record["buyOrderId"]]["completed"] is not None
    if resource == "receiptLines":
        return may_remain("buyOrderLines", kept["buyOrderLines"][record["buyOrderLineId"]], kept)
    return False


def without_what_a_fresh_shop_never_gets(
    kept: dict[str, Records], fresh: dict[str, Records]
) -> dict[str, Records]:
    """An item that was blocked or deleted after it was created stays, disabled, and so do the
    order lines and compositions that name it; a fresh shop has neither. Orders without other
    lines go with them."""
    known = fresh["products"].keys()
    kept = copy.deepcopy(kept)
    for order in kept["sellOrders"].values():
        lines = [line for line in order["orderLines"] if line["productId"] in known]
        if lines != order["orderLines"]:
            order["orderLines"], order["totalValue"] = lines, total(lines)
    # The same goes for a vendor blocked for everything, and with it for what it supplies.
    kept["supplierProducts"] = {
        key: link
        for key, link in kept["supplierProducts"].items()
        if link["productId"] in known and link["supplierId"] in fresh["suppliers"]
    }
    kept["productCompositions"] = {
        key: pair
        for key, pair in kept["productCompositions"].items()
        if {pair["composedProductId"], pair["partProductId"]} <= known
    }
    kept["sellOrders"] = {k: o for k, o in kept["sellOrders"].items() if o["orderLines"]}
    lost = {k for k, line in kept["buyOrderLines"].items() if line["productId"] not in known}
    orders_short = {kept["buyOrderLines"][key]["buyOrderId"] for key in lost}
    kept["buyOrderLines"] = {k: x for k, x in kept["buyOrderLines"].items() if k not in lost}
    kept["receiptLines"] = {
        k: x for k, x in kept["receiptLines"].items() if x["buyOrderLineId"] not in lost
    }
    for key in orders_short:
        lines = [x for x in kept["buyOrderLines"].values() if x["buyOrderId"] == key]
        if lines:
            kept["buyOrders"][key]["totalValue"] = total(lines)
        else:
            del kept["buyOrders"][key]
    return kept


def total(lines: list[Record]) -> str:
    return str(sum((Decimal(line["subtotalValue"]) for line in lines), Decimal("0.00")))
