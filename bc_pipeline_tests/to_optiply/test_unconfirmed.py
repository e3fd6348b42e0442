"""Changes and creations that are answered with nothing readable."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.to_optiply.shop import Bench, product

UNREADABLE = ["apply_then_empty", "apply_then_not_json", "empty", "not_json", "cut"]


@pytest.mark.covers("decision 42")
@pytest.mark.parametrize("action", UNREADABLE)
def test_a_change_answered_with_nothing_readable_is_repeated(tenant: Bench, action: str) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.fault(action, method="PATCH", times=2)
    tenant.want("products", [product(1, stockLevel=9)])

    result = tenant.sync("products")

    assert (result.updated, result.retried, result.problems) == (1, 2, [])
    assert tenant.rows("products")["item-1"]["stockLevel"] == 9


@pytest.mark.covers("decision 42")
@pytest.mark.parametrize("action", ["empty", "not_json"])
def test_a_change_that_stays_unreadable_is_told_and_sent_again_next_run(
    tenant: Bench, action: str
) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    before = tenant.state("products", "item-1")
    tenant.fault(action, method="PATCH", times=None)
    tenant.want("products", [product(1, stockLevel=9)])

    result = tenant.sync("products")

    assert (result.updated, result.deferred) == (0, 1)
    (problem,) = result.problems
    assert (problem.kind, problem.remote_id) == ("ambiguous", "item-1")
    assert "not confirmed, sent again in the next run" in problem.reason
    after = tenant.state("products", "item-1")
    assert after["content_hash"] == before["content_hash"]
    assert after["last_sent"] == before["last_sent"]

    tenant.sandbox.faults.clear()
    again = tenant.sync("products")
    assert (again.updated, again.problems) == (1, [])
    assert tenant.rows("products")["item-1"]["stockLevel"] == 9
    assert tenant.sync("products").requests == 0


@pytest.mark.covers("decision 42")
@pytest.mark.parametrize("action", ["apply_then_empty", "apply_then_fail", "apply_then_drop"])
def test_a_change_that_may_have_been_made_is_taken_back_when_the_source_takes_it_back(
    tenant: Bench, action: str
) -> None:
    tenant.want("products", [product(1, eanCode=None)])
    tenant.sync("products")
    tenant.fault(action, method="PATCH", times=None, status=503)
    tenant.want("products", [product(1, stockLevel=9, eanCode="8712345678906")])
    tenant.sync("products")
    assert tenant.rows("products")["item-1"]["stockLevel"] == 9, "Optiply did it"

    tenant.sandbox.faults.clear()
    tenant.want("products", [product(1, eanCode=None)])
    tenant.sync("products")

    row = tenant.rows("products")["item-1"]
    assert (row["stockLevel"], row["eanCode"]) == (1, None)
    assert tenant.sync("products").requests == 0


@pytest.mark.covers("decision 42")
def test_a_product_that_may_have_been_disabled_is_enabled_when_it_comes_back(
    tenant: Bench,
) -> None:
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")
    tenant.fault("apply_then_empty", method="PATCH", times=None)
    tenant.want("products", [product(2)])
    assert tenant.sync("products").problems[0].kind == "ambiguous"

    tenant.sandbox.faults.clear()
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")

    assert tenant.rows("products")["item-1"]["status"] == "enabled"


@pytest.mark.covers("decision 42")
def test_no_content_confirms_a_change(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    fault = tenant.fault("status", method="PATCH", status=204, body="", times=1)
    tenant.want("products", [product(1, stockLevel=9)])

    result = tenant.sync("products")

    assert (fault.hits, result.updated, result.retried) == (1, 1, 0)


@pytest.mark.covers("decision 42")
@pytest.mark.parametrize("action", ["apply_then_empty", "apply_then_not_json"])
def test_a_creation_answered_with_nothing_readable_is_looked_up(tenant: Bench, action: str) -> None:
    tenant.want("products", [product(n) for n in range(3)])
    fault = tenant.fault(action, method="POST", path="/products", times=2)

    result = tenant.sync("products")

    assert (fault.hits, result.created) == (2, 3)
    assert len(tenant.rows("products")) == 3
