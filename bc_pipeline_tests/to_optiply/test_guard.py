"""The deletion guard and its approval (flows.md 6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bc_pipeline.run.operator_actions import approve_deletions
from bc_pipeline.to_optiply.guard import Deletions, too_many_deletions
from bc_pipeline.to_optiply.held import held_deletions
from bc_pipeline_tests.to_optiply.shop import Bench, product, sell_order, supplier


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


@pytest.mark.covers("decision 28")
def test_given_many_more_are_gone_than_were_seen_then_the_approval_does_not_hold(
    tenant: Bench,
) -> None:
    tenant.want("products", [product(n) for n in range(60)])
    tenant.sync("products")
    tenant.want("products", [product(n) for n in range(48)])
    tenant.sync("products")

    # When the 12 that waited are approved, and 38 more are gone by the next run
    approve_deletions(tenant.tenant, "products")
    tenant.want("products", [product(n) for n in range(10)])
    result = tenant.sync("products")

    # Then all of them wait, and go on waiting
    assert (result.deleted, result.problems[0].kind) == (0, "guard")
    assert "50 of 60 records" in result.problems[0].reason
    assert tenant.sync("products").deleted == 0

    # And once they were seen too, they are let through, with the few that went meanwhile
    approve_deletions(tenant.tenant, "products")
    tenant.want("products", [product(n) for n in range(8)])
    assert tenant.sync("products").deleted == 52


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


@pytest.mark.covers("decision 25")
@pytest.mark.parametrize("number", [1, 8])
def test_all_rows_gone_at_once_are_guarded_however_few(tenant: Bench, number: int) -> None:
    tenant.want("suppliers", [supplier(n) for n in range(number)])
    tenant.sync("suppliers")
    tenant.want("suppliers", [])

    result = tenant.sync("suppliers")

    assert (result.deleted, result.skipped) == (0, number)
    (problem,) = result.problems
    assert problem.kind == "guard"
    assert f"{number} of {number} records" in problem.reason
    assert not any(row["ignored"] for row in tenant.rows("suppliers").values())
    approve_deletions(tenant.tenant, "suppliers")
    assert tenant.sync("suppliers").deleted == number


@pytest.mark.covers("decision 25")
def test_all_rows_replaced_by_others_are_guarded_too(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(3)])
    tenant.sync("products")
    tenant.want("products", [product(n) for n in range(10, 13)])

    result = tenant.sync("products")

    assert (result.deleted, result.created) == (0, 3)
    assert [problem.kind for problem in result.problems] == ["guard"]
    # They wait for an approval, although there are others to stay by now.
    again = tenant.sync("products")
    assert (again.deleted, [problem.kind for problem in again.problems]) == (0, ["guard"])


@pytest.mark.covers("decision 25")
@pytest.mark.parametrize(
    ("gone", "absent", "staying", "coming", "guarded"),
    [
        (1, 1, 0, 0, True),  # an empty list
        (1, 1, 0, 5, True),  # a list of others
        (1, 1, 1, 0, False),
        (1, 0, 0, 0, False),  # one that says itself that it is gone
        (8, 0, 0, 0, True),  # all say so at once
        (2, 0, 0, 2, False),  # and others take their place
        (0, 0, 0, 0, False),
    ],
)
def test_what_counts_as_all_rows_gone(
    gone: int, absent: int, staying: int, coming: int, guarded: bool
) -> None:
    deletions = Deletions(gone, absent, gone + staying, staying, coming)
    assert deletions.are_too_many is guarded
    # A document that is there says itself which lines it has.
    assert not replace(deletions, parts=True).are_too_many


@pytest.mark.covers("decision 28")
def test_held_deletions_are_listed_by_number_and_name(tenant: Bench) -> None:
    tenant.want("products", [product(n, name=f"Name {n:02}") for n in range(30)])
    tenant.sync("products")
    tenant.want("products", [])

    result = tenant.sync("products")

    with tenant.snapshot.cursor() as cursor:
        held = held_deletions(cursor, tenant.tenant)
    assert len(held) == 30
    assert (held[0].entity, held[0].text) == ("optiply/products", "SKU0 Name 00")
    assert held[0].as_json() == {
        "entity": "optiply/products",
        "remote_id": "item-0",
        "number": "SKU0",
        "name": "Name 00",
    }
    (problem,) = result.problems
    assert ": SKU0 Name 00, SKU1 Name 01, " in problem.reason
    assert " and 10 more. If so: bc-pipeline approve-deletions acme" in problem.reason
    assert tenant.state("products", "item-0")["state"] == "guard"


@pytest.mark.covers("decision 28")
def test_records_that_come_back_or_were_approved_are_not_held_any_more(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(12)])
    tenant.sync("products")
    tenant.want("products", [])
    tenant.sync("products")
    tenant.want("products", [product(0), product(1, stockLevel=70)])

    tenant.sync("products")
    with tenant.snapshot.cursor() as cursor:
        held = {record.remote_id for record in held_deletions(cursor, tenant.tenant)}
    assert held == {f"item-{n}" for n in range(2, 12)}
    assert {tenant.state("products", f"item-{n}")["state"] for n in range(2)} == {"active"}

    approve_deletions(tenant.tenant, "products")
    assert tenant.sync("products").deleted == 10
    with tenant.snapshot.cursor() as cursor:
        assert held_deletions(cursor, tenant.tenant) == []


@pytest.mark.covers("decision 28")
def test_every_kind_of_record_can_be_named(tenant: Bench) -> None:
    with tenant.snapshot.cursor() as cursor:
        assert held_deletions(cursor, tenant.tenant) == []
        assert held_deletions(cursor, tenant.tenant, "buy_orders") == []
