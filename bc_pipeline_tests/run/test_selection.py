"""Runs of some entities: what they read themselves, what they take from the snapshot."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.errors import ConfigError, EntityBlocked
from bc_pipeline.report import EntityResult, Launch
from bc_pipeline.run.dependencies import chosen, dependencies, made_from
from bc_pipeline.run.tenant_run import TenantRun
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.run.house import MASTERS, House


def test_a_single_entity_reads_its_own_sources_and_writes_nothing_else(house: House) -> None:
    summary = house.run(entities=("suppliers",))

    assert set(summary.entities) == {"bc/vendors", "bc/purchase_orders", "optiply/suppliers"}
    assert house.shop.rows("products") == []
    assert summary.status == "success"


def test_a_single_task_takes_the_rest_from_the_snapshot(house: House) -> None:
    house.run(entities=MASTERS)
    run = TenantRun(house.tenant(), Launch(), run_id="x", selected=["optiply/products"])
    run.start()

    assert run.wait("optiply/products").unchanged > 0
    assert list(run.finish().entities) == ["optiply/products"]


def minutes_pass(house: House, minutes: int) -> None:
    with Snapshot.open(house.tenant().snapshot_dir) as snapshot, snapshot.transaction() as cursor:
        cursor.execute(
            "UPDATE ops.runs SET started_at = started_at - to_minutes($minutes)",
            {"minutes": minutes},
        )


@pytest.mark.covers("decision 31")
@pytest.mark.parametrize("sync", [{"deduct_sales_orders": True}, {"deduct_sales_orders": False}])
def test_an_old_mirror_is_read_first_with_one_request_for_each_source(
    house: House, sync: dict[str, Any]
) -> None:
    tenant = house.tenant(**sync)
    house.run(entities=MASTERS)
    minutes_pass(house, 6)
    item = next(iter(house.company.tables["items"].values()))
    house.company.modify("items", item["id"], displayName="Renamed since")
    before = house.sandbox.requests.total

    run = TenantRun(tenant, Launch(), run_id="x", selected=["optiply/products"])
    run.start()

    assert run.wait("optiply/products").updated == 1
    read = {each.name: each.requests for each in run.read_first("optiply/products")}
    assert read == dict.fromkeys(made_from(tenant, "optiply/products"), 1)
    run.finish()
    asked = house.sandbox.requests.of("bc", after=before)
    assert len(asked) == len(read) + 1, "each source, and the companies to get in"


@pytest.mark.covers("decision 31")
def test_a_source_that_cannot_be_read_first_stops_what_is_made_from_it(house: House) -> None:
    house.run(entities=MASTERS)
    minutes_pass(house, 6)
    house.sandbox.faults.add("bc", action="status", status=403, path=r"/items\?", times=None)

    run = TenantRun(house.tenant(), Launch(), run_id="x", selected=["optiply/products"])
    run.start()

    with pytest.raises(EntityBlocked, match="bc/items failed"):
        run.wait("optiply/products")
    assert run.finish().status == "failed"


def test_names_a_tenant_has_no_use_for_give_an_empty_result(house: House) -> None:
    run = TenantRun(house.tenant(), Launch(), run_id="x", selected=["bc/item_page"])
    run.start()

    assert run.wait("bc/item_page") == EntityResult(name="bc/item_page", mode="not configured")
    with pytest.raises(KeyError):
        run.wait("bc/items")
    run.finish()


def test_an_unknown_entity_is_a_configuration_error(house: House) -> None:
    with pytest.raises(ConfigError, match="prodcts"):
        house.run(entities=("prodcts",))


def test_entities_may_be_named_with_and_without_their_group(house: House) -> None:
    tenant = house.tenant()

    assert chosen(tenant, ("products",)) == chosen(tenant, ("optiply/products",))
    assert chosen(tenant, ("bc/items",)) == ("bc/items",)
    assert chosen(tenant, ("items",)) == ("bc/items",)
    assert chosen(tenant, ()) == tuple(dependencies(tenant))
