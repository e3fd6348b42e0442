"""What Optiply refuses, loses or does not know: one record's trouble stays its own
(optiply.md 4, flows.md 4)."""

from __future__ import annotations

import pytest

from bc_pipeline.errors import AuthError, EntityFailed
from bc_pipeline.report import EntityResult
from bc_pipeline.run.operator_actions import retry
from bc_pipeline.to_optiply.diff import PlannedRow
from bc_pipeline.to_optiply.outcome import rejected
from bc_pipeline_tests.to_optiply.shop import Bench, product, supplier

TOO_LONG = "name: is too long"


@pytest.mark.parametrize("status", [400, 422])
def test_a_rejected_record_is_quarantined_and_the_others_go_on(tenant: Bench, status: int) -> None:
    tenant.refuse(status, TOO_LONG, method="POST", times=1)
    tenant.want("products", [product(n) for n in range(6)])

    result = tenant.sync("products")

    assert (result.created, result.quarantined) == (5, 1)
    problem = result.problems[0]
    assert problem.kind == "quarantined"
    assert TOO_LONG in problem.reason
    assert tenant.state("products", str(problem.remote_id))["state"] == "quarantined"


def test_a_rejected_update_keeps_what_optiply_has(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    before = tenant.state("products", "item-1")
    tenant.refuse(400, TOO_LONG, method="PATCH", times=1)
    tenant.want("products", [product(1, name="x" * 9)])

    tenant.sync("products")

    after = tenant.state("products", "item-1")
    assert after["state"] == "quarantined"
    for name in ("optiply_id", "optiply_uuid", "content_hash", "last_sent"):
        assert after[name] == before[name]


def test_a_rejected_record_is_tried_again_after_1_2_4_runs(tenant: Bench) -> None:
    tenant.refuse(400, TOO_LONG, method="POST", times=None)
    tenant.want("products", [product(1)])

    tried = [run for run in range(1, 20) if tries(tenant)]

    assert tried == [1, 2, 4, 8, 16]


def test_a_rejected_record_is_tried_again_at_least_daily() -> None:
    row = PlannedRow("item-1", "create", state="quarantined", attempts=9)

    assert rejected(row, TOO_LONG, run_no=1000).next_attempt_run == 1048


def tries(tenant: Bench) -> bool:
    before = tenant.shop.writes + sum(fault.hits for fault in tenant.sandbox.faults)
    result = tenant.sync("products")
    assert result.quarantined == 1
    assert len(result.problems) == 1
    return tenant.shop.writes + sum(f.hits for f in tenant.sandbox.faults) > before


def test_a_change_of_the_source_ends_the_wait(tenant: Bench) -> None:
    tenant.refuse(400, TOO_LONG, method="POST", times=2)
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.sync("products")
    assert tenant.sync("products").quarantined == 1

    tenant.want("products", [product(1, source_modified_at="2026-03-01T00:00:00Z")])

    assert tenant.sync("products").created == 1
    assert tenant.state("products", "item-1")["attempts"] == 0


def test_an_operator_ends_the_wait_with_retry(tenant: Bench) -> None:
    tenant.refuse(400, TOO_LONG, method="POST", times=2)
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.sync("products")
    assert tenant.sync("products").quarantined == 1

    assert retry(tenant.tenant, "optiply/products", "item-1") == 1

    assert tenant.sync("products").created == 1


def test_a_bad_email_is_left_out_once_and_remembered(tenant: Bench) -> None:
    tenant.refuse(400, "emails: 'a@b' is not a valid address", method="POST", times=1)
    tenant.want("suppliers", [supplier(1, emails=["a@b"])])

    result = tenant.sync("suppliers")

    assert (result.created, result.warnings) == (1, {"emails_refused": 1})
    assert tenant.rows("suppliers")["vendor-1"]["emails"] in (None, [])
    assert tenant.sync("suppliers").requests == 0
    tenant.want("suppliers", [supplier(1, emails=["a@b"], name="Renamed")])
    tenant.sync("suppliers")
    assert tenant.writes()[-1] == ("PATCH", {"name": "Renamed"})
    tenant.want("suppliers", [supplier(1, emails=["good@b.example"], name="Renamed")])
    tenant.sync("suppliers")
    assert tenant.writes()[-1] == ("PATCH", {"emails": ["good@b.example"]})


def test_a_shop_that_refuses_the_sync_date_is_not_asked_twice(tenant: Bench) -> None:
    tenant.shop.refused_attributes.add("products.remoteDataSyncedToDate")
    tenant.optiply.concurrency = 1
    tenant.want("products", [product(n) for n in range(8)])

    assert tenant.sync("products").created == 8
    refused = tenant.shop.writes - 8
    assert 1 <= refused <= 2  # as many as were under way when the first answer came
    tenant.want("products", [product(n, stockLevel=50) for n in range(8)])
    tenant.sync("products")
    assert tenant.shop.writes == 16 + refused


def test_throttled_requests_are_repeated_and_counted(tenant: Bench) -> None:
    tenant.fault("throttled", times=3, retry_after=0)
    tenant.want("products", [product(n) for n in range(4)])

    result = tenant.sync("products")

    assert (result.created, result.throttled, result.retried) == (4, 3, 3)
    assert len(tenant.rows("products")) == 4


def test_endless_throttling_leaves_the_records_for_later_without_blame(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.fault("throttled", method="PATCH", times=None, retry_after=0)
    tenant.want("products", [product(1, stockLevel=9)])

    result = tenant.sync("products")

    assert (result.deferred, result.problems[0].kind) == (1, "throttled")
    tenant.sandbox.faults.clear()
    assert tenant.sync("products").updated == 1


@pytest.mark.parametrize("action", ["apply_then_drop", "truncate", "cut", "not_json"])
def test_a_post_whose_answer_is_lost_is_looked_for_and_not_repeated(
    tenant: Bench, action: str
) -> None:
    tenant.want("products", [product(n) for n in range(4)])
    fault = tenant.fault(action, method="POST", path="/products", times=3)

    result = tenant.sync("products")

    assert fault.hits == 3
    assert result.created == 4
    assert len(tenant.rows("products")) == 4
    assert tenant.sync("products").requests == 0


def test_a_post_that_was_not_applied_is_repeated_after_looking(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(4)])
    tenant.fault("drop", method="POST", path="/products", times=2)
    tenant.fault("unavailable", method="POST", path="/products", times=2)

    assert tenant.sync("products").created == 4
    assert len(tenant.rows("products")) == 4


def test_a_slow_answer_is_a_lost_answer(tenant: Bench) -> None:
    transport = tenant.optiply._transport
    transport._timeout = (5, 0.3)
    tenant.want("products", [product(1)])
    tenant.fault("delay", method="POST", path="/products", times=1, seconds=1.0)

    assert tenant.sync("products").created == 1
    assert len(tenant.rows("products")) == 1


def test_a_lookup_that_fails_is_not_taken_for_absent(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.fault("apply_then_drop", method="POST", path="/products", times=1)
    fault = tenant.fault("unavailable", method="GET", path="skuCode", times=None)

    result = tenant.sync("products")
    assert fault.hits > 0
    assert (result.created, result.deferred) == (0, 1)
    assert tenant.state("products", "item-1")["state"] == "intent"

    tenant.sandbox.faults.clear()
    assert tenant.sync("products").created == 1
    assert len(tenant.rows("products")) == 1


def test_a_record_optiply_always_fails_on_is_poison_and_quarantined(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    fault = tenant.fault("unavailable", method="POST", times=None)

    result = tenant.sync("products")

    assert fault.hits == tenant.tenant.optiply.max_attempts
    assert result.quarantined == 1


def test_reads_and_changes_are_repeated_until_they_work(tenant: Bench) -> None:
    tenant.fault("not_json", method="GET", times=2)
    tenant.fault("truncate", method="GET", times=1)
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.fault("unavailable", method="PATCH", times=2)
    tenant.fault("apply_then_drop", method="PATCH", times=1)
    tenant.want("products", [product(1, stockLevel=9)])

    assert tenant.sync("products").updated == 1
    assert tenant.rows("products")["item-1"]["stockLevel"] == 9


def test_one_cause_failing_many_records_stops_the_entity(tenant: Bench) -> None:
    tenant.refuse(400, "stockLevel: must not be so", method="POST", times=None)
    tenant.want("products", [product(n) for n in range(100)])
    result = EntityResult(name="optiply/products")

    with pytest.raises(EntityFailed, match="failed alike"):
        tenant.try_sync("products", result)

    assert result.quarantined < 60
    assert result.quarantined + result.deferred == 100


def test_different_causes_do_not_add_up(tenant: Bench) -> None:
    for number in range(1, 8):
        text = "attribute " + "abcdefgh"[number] + " is wrong"
        tenant.refuse(400, text, method="POST", times=1)
    tenant.want("products", [product(n) for n in range(14)])

    result = tenant.sync("products")

    assert (result.created, result.quarantined) == (7, 7)


def test_a_forbidden_account_stops_the_entity(tenant: Bench) -> None:
    tenant.refuse(403, "scope missing", method="POST", times=None)
    tenant.want("products", [product(1)])

    with pytest.raises(EntityFailed, match="forbids"):
        tenant.sync("products")


def test_broken_credentials_end_the_entity_and_are_not_tried_again(tenant: Bench) -> None:
    tenant.shop.password = "changed"
    tenant.want("products", [product(n) for n in range(20)])
    before = len(tenant.sandbox.requests)

    with pytest.raises(AuthError, match="credentials broken"):
        tenant.sync("products")

    assert len(tenant.sandbox.requests) - before == 1


def test_an_outage_stops_the_entity_instead_of_trying_every_record(tenant: Bench) -> None:
    tenant.want("products", [product(0)])
    tenant.sync("products")
    fault = tenant.fault("unavailable", times=None)
    tenant.want("products", [product(n) for n in range(200)])
    result = EntityResult(name="optiply/products")

    with pytest.raises(EntityFailed, match="failed alike"):
        tenant.try_sync("products", result)

    assert fault.hits < 200 * 3
    tenant.sandbox.faults.clear()
    assert tenant.sync("products").created == 199
    assert len(tenant.rows("products")) == 200


@pytest.mark.covers("decision 16")
def test_half_characters_and_controls_stop_no_record(tenant: Bench) -> None:
    found = tenant.shop.add_by_user(
        "products",
        {"name": "Zon \ud83d", "skuCode": "SKU1", "stockLevel": 0, "unlimitedStock": False},
    )
    tenant.optiply.patch(
        "products", found["id"], {"name": "Zonnebloem \ud83d\x00", "stockLevel": 3}
    )
    row = next(row for row in tenant.shop.rows("products") if row["id"] == found["id"])
    assert (row["name"], row["stockLevel"]) == ("Zonnebloem \ufffd", 3)


@pytest.mark.covers("decision 16")
def test_half_characters_in_optiply_itself_stop_no_first_sync(tenant: Bench) -> None:
    given = {"name": "Zon", "skuCode": "SKU1", "stockLevel": 0, "unlimitedStock": False}
    number = tenant.shop.add_by_user("products", given)["id"]
    spoilt = {"id": str(number), "attributes": {**given, "name": "Zon \ud83d\x00"}}
    tenant.fault("status", method="GET", path="/products", status=200, body={"data": [spoilt]})
    tenant.want("products", [product(1, name="Zon \x07bloem")])

    result = tenant.sync("products")

    assert (result.adopted, result.updated) == (1, 1)
    assert tenant.rows("products")["item-1"]["name"] == "Zon bloem"
