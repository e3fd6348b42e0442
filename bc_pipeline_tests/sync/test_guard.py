"""The deletion guard and its approval (flows.md 6)."""

from __future__ import annotations

import pytest

from bc_pipeline.sync.guard import too_many_deletions
from bc_pipeline.sync.operations import approve_deletions
from bc_pipeline_tests.sync.shop import Bench, product, sell_order


@pytest.mark.parametrize(
    ("deletions", "standing", "guarded"),
    [
        (9, 10, False),
        (10, 10, True),
        (10, 200, True),
        (10, 201, False),
        (49, 1000, False),
        (50, 1000, True),
    ],
)
def test_ten_records_or_five_percent_need_an_approval(
    deletions: int, standing: int, guarded: bool
) -> None:
    assert too_many_deletions(deletions, standing) is guarded


def test_mass_deletions_are_held_back_and_everything_else_goes_on(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(20)])
    tenant.sync("products")
    tenant.want("products", [product(n, stockLevel=70) for n in range(10)] + [product(30)])

    result = tenant.sync("products")

    assert (result.deleted, result.skipped, result.updated, result.created) == (0, 10, 10, 1)
    (problem,) = result.problems
    assert (problem.kind, problem.remote_id) == ("guard", None)
    assert "10 of 20 records" in problem.reason
    assert "approve-deletions acme optiply/products" in problem.reason


def test_an_approval_lets_them_through_once(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(40)])
    tenant.sync("products")
    tenant.want("products", [product(n) for n in range(28)])
    tenant.sync("products")

    approve_deletions(tenant.tenant, "products")
    assert tenant.sync("products").deleted == 12

    tenant.want("products", [product(n) for n in range(14)])
    assert tenant.sync("products").deleted == 0


def test_an_approval_that_was_not_needed_is_used_up_too(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(20)])
    tenant.sync("products")
    approve_deletions(tenant.tenant, "products")
    tenant.want("products", [product(n) for n in range(19)])
    tenant.sync("products")

    tenant.want("products", [])
    assert tenant.sync("products").problems[0].kind == "guard"


def test_removals_the_source_asks_for_are_guarded_alike(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    line = (tenant.optiply_id("products", "item-1"), 1, "10.00")
    tenant.want("sell_orders", [sell_order(n, [line]) for n in range(12)])
    tenant.sync("sell_orders")
    tenant.want("sell_orders", [sell_order(n, [line], decision="remove") for n in range(12)])

    result = tenant.sync("sell_orders")

    assert (result.deleted, result.problems[0].kind) == (0, "guard")


def test_what_has_never_been_read_completely_deletes_nothing(tenant: Bench) -> None:
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")
    tenant.want("products", [product(1)])

    result = tenant.sync("products", may_delete=False)

    assert (result.deleted, result.skipped, result.problems[0].kind) == (0, 1, "blocked")
