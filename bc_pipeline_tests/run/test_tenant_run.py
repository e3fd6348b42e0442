"""A whole run of a tenant against the sandbox: order, failures, dry run, cancellation, books
(flows.md 1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bc_pipeline.errors import AuthError, EntityBlocked, EntityFailed, TenantBusy
from bc_pipeline.orchestration.checks.check import CheckInput, Finding
from bc_pipeline.orchestration.checks.verified import agrees_with_optiply
from bc_pipeline.report import COUNT_NAMES, EntityResult, Launch, RunSummary
from bc_pipeline.run.dependencies import chosen, dependencies
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.run.operator_actions import accept_sell_order_source, approve_deletions
from bc_pipeline.run.tenant_run import TenantRun
from bc_pipeline.snapshot.lock import tenant_lock
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.run.house import MASTERS, House, fetched, runs_of


def deleted(summary: RunSummary) -> int:
    return sum(result.deleted for _, result in summary.optiply_entities())


def test_a_first_run_fills_optiply_and_a_second_one_sends_nothing(house: House) -> None:
    first = house.run()

    assert not first.failed
    assert not first.blocked
    assert len(house.shop.rows("products")) == first.entities["optiply/products"].created > 0
    assert len(house.shop.rows("sellOrders")) > 0

    house.sandbox.requests.clear()
    second = house.run()
    assert house.requests("optiply") == []
    assert second.optiply.total == 0
    assert len(house.requests("bc")) <= 14
    for _, result in second.optiply_entities():
        assert (result.created, result.updated, result.deleted) == (0, 0, 0)


def test_the_summary_is_the_documented_object(house: House) -> None:
    document = house.run(entities=("products",)).as_json()

    assert list(document) == [
        "status",
        "run_id",
        "seconds",
        "reason",
        "entities",
        "requests",
        "checks",
        "problems",
    ]
    assert list(document["entities"]) == ["optiply/products"]
    assert tuple(document["entities"]["optiply/products"]) == COUNT_NAMES
    assert list(document["requests"]["optiply"]) == ["total", "retried", "throttled"]


@pytest.mark.covers("decision 27")
def test_given_clocks_minutes_apart_then_the_run_warns_of_it(house: House) -> None:
    house.sandbox.business_central.clock.ahead = timedelta(minutes=5)
    try:
        summary = house.run(entities=MASTERS)
    finally:
        house.sandbox.business_central.clock.ahead = timedelta(0)

    assert not summary.failed
    with Snapshot.open(house.tenant().snapshot_dir, read_only=True) as snapshot:
        told = fetched(snapshot, "SELECT message FROM ops.warnings WHERE kind = 'clock_differs'")
    (warning,) = told
    assert "5 minutes behind Business Central's" in warning["message"]


def test_a_run_is_booked(house: House) -> None:
    house.run(entities=MASTERS)

    with Snapshot.open(house.tenant().snapshot_dir, read_only=True) as snapshot:
        (run,) = fetched(snapshot, "FROM ops.runs")
        counts = fetched(
            snapshot,
            "SELECT count FROM ops.entity_counts "
            "WHERE entity = 'optiply/products' AND kind = 'created'",
        )
    assert (run["run_no"], run["status"]) == (1, "success")
    assert run["summary"] is not None
    assert counts == [{"count": len(house.shop.rows("products"))}]


def test_a_failed_read_blocks_only_what_depends_on_it(house: House) -> None:
    house.sandbox.faults.add("bc", action="status", status=400, path="/items", times=None)

    summary = house.run()

    assert summary.status == "partial"
    assert summary.failed == ("bc/items",)
    assert "optiply/products" in summary.blocked
    assert summary.entities["optiply/suppliers"].created > 0
    assert summary.exit_failure
    kinds = {(p.entity, p.kind) for p in summary.problems if p.remote_id is None}
    assert ("optiply/products", "blocked") in kinds


def test_without_sales_orders_products_go_without_stock(house: House) -> None:
    house.run(entities=MASTERS)
    house.sandbox.faults.add("bc", action="status", status=400, path="salesOrders", times=None)
    tenant = house.tenant()
    run = TenantRun(tenant, Launch(), run_id="x", selected=chosen(tenant, MASTERS))
    run.start()

    orders = run.wait("bc/sales_orders")
    products = run.wait("optiply/products")
    summary = run.finish()

    assert orders.complete is False
    assert products.updated == products.deferred == 0
    assert summary.status == "partial"
    assert ("bc/sales_orders", "blocked") in {(p.entity, p.kind) for p in summary.problems}


def test_new_products_wait_for_their_stock(house: House) -> None:
    house.sandbox.faults.add("bc", action="status", status=400, path="salesOrders", times=None)

    products = house.run(entities=MASTERS).entities["optiply/products"]

    assert products.created == 0
    assert products.deferred > 0


def test_broken_bc_credentials_end_the_run_before_anything_is_done(house: House) -> None:
    house.sandbox.entra.register("cronus", "another secret")
    try:
        run = TenantRun(house.tenant(), Launch(), run_id="x", selected=dependencies(house.tenant()))
        with pytest.raises(AuthError):
            run.start()
        summary = run.finish()
    finally:
        house.sandbox.entra.register("cronus", "cronus-client-secret")

    assert summary.status == "failed"
    assert [p.kind for p in summary.problems] == ["auth"]
    assert summary.exit_failure
    assert runs_of(house)[0]["status"] == "failed"
    assert summary is run.finish()


def test_broken_optiply_credentials_end_the_run_before_anything_is_done(house: House) -> None:
    house.shop.password = "changed"

    summary = house.run()

    assert (summary.status, summary.problems[0].kind) == ("failed", "auth")
    assert summary.reason is not None
    assert "credentials broken" in summary.reason


def test_a_busy_tenant_is_skipped(house: House) -> None:
    tenant = house.tenant()
    with tenant_lock(tenant.snapshot_dir):
        run = TenantRun(tenant, Launch(), run_id="x", selected=())
        with pytest.raises(TenantBusy):
            run.start()
        assert run.finish().status == "skipped"
    assert house.run(entities=("suppliers",)).status == "success"


def test_a_disabled_tenant_is_skipped(house: House) -> None:
    tenant = house.tenant().model_copy(update={"enabled": False})

    assert run_tenant(tenant).status == "skipped"


def test_an_entity_stopped_by_optiply_fails_and_blocks_its_children(house: House) -> None:
    house.sandbox.faults.add(
        "optiply", action="status", status=403, body={}, path="/v1/products", times=None
    )
    run = TenantRun(house.tenant(), Launch(), run_id="x", selected=dependencies(house.tenant()))
    run.start()

    with pytest.raises(EntityFailed):
        run.wait("optiply/products")
    with pytest.raises(EntityBlocked):
        run.wait("optiply/sell_orders")
    assert run.wait("optiply/suppliers").created > 0
    assert run.finish().status == "partial"


def test_an_interrupted_run_is_finished_by_the_next_one(house: House) -> None:
    tenant = house.tenant()
    run = TenantRun(tenant, Launch(), run_id="x", selected=chosen(tenant, MASTERS))
    run.start()
    run.wait("bc/items")
    run.cancel()
    summary = run.finish()
    assert summary.reason == "cancelled"
    assert summary.status in ("partial", "failed")

    assert house.run(entities=MASTERS).status == "success"
    products = house.shop.rows("products")
    assert len({row["remoteId"] for row in products}) == len(products) > 0


def test_a_run_that_never_ended_is_booked_as_failed_by_the_next_one(house: House) -> None:
    tenant = house.tenant()
    with Snapshot.open(tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("INSERT INTO ops.runs (run_no, status) VALUES (7, 'running')")

    house.run(entities=("suppliers",))

    runs = {run["run_no"]: run["status"] for run in runs_of(house)}
    assert runs == {7: "failed", 8: "success"}


def test_progress_is_told(house: House) -> None:
    told: list[tuple[str, int, int]] = []

    class Listener:
        def progress(self, entity: str, done: int, total: int, requests: int, rate: float) -> None:
            told.append((entity, done, total))

    run_tenant(house.tenant(), Launch(entities=("products",)), listener=Listener())

    products = [(done, total) for entity, done, total in told if entity == "optiply/products"]
    assert products[-1][0] == products[-1][1] > 0
    assert ("bc/items", products[-1][1], products[-1][1]) in told


def test_another_source_of_sell_orders_needs_to_be_accepted(house: House) -> None:
    sales = ("products", "sell_orders")
    house.run(entities=sales)
    before = house.shop.rows("sellOrders")
    tenant = house.tenant(sell_order_source="sales_shipments")

    refused = house.run(entities=sales)
    assert (refused.status, refused.problems[0].kind) == ("failed", "config")
    assert house.shop.rows("sellOrders") == before

    accept_sell_order_source(tenant)
    guarded = house.run(entities=sales)
    assert deleted(guarded) == 0
    assert {p.kind for p in guarded.problems if p.entity == "optiply/sell_orders"} == {"guard"}
    assert approve_deletions(tenant) == ("optiply/sell_orders",)
    house.run(entities=sales)
    assert not {r["id"] for r in before} & {r["id"] for r in house.shop.rows("sellOrders")}


@pytest.mark.covers("decision 5")
def test_once_a_day_optiply_itself_is_compared_with_what_was_sent(house: House) -> None:
    house.run(entities=MASTERS)
    row = house.shop.rows("products")[0]
    house.shop.change("products", row["id"], {"price": "0.01"}, 9000)
    same_day = house.run(entities=MASTERS)
    assert (same_day.optiply.total, verdict(house).passed) == (0, True)

    # When a day has passed
    with Snapshot.open(house.tenant().snapshot_dir) as snapshot, snapshot.transaction() as cursor:
        cursor.execute(
            "UPDATE ops.meta SET value = json_object('at', '2020-01-01T00:00:00+00:00') "
            "WHERE starts_with(key, 'verified.')"
        )
    next_day = house.run(entities=MASTERS)

    # Then each entity is read once, and the check names what differs
    assert next_day.entities["optiply/products"].requests > 0
    assert not next_day.problems
    finding = verdict(house)
    assert not finding.passed
    assert "1 changed" in finding.description
    assert "bc-pipeline verify cronus products --repair" in finding.description
    (shown,) = finding.sample
    assert shown["number"] == row["skuCode"]
    assert house.run(entities=MASTERS).optiply.total == 0


def verdict(house: House) -> Finding:
    """What the check on products says."""
    tenant = house.tenant()
    with Snapshot.open(tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        result = EntityResult(name="optiply/products")
        given = CheckInput("optiply/products", tenant, cursor, result, datetime.now(UTC))
        return agrees_with_optiply(given)
