"""What a tick finds to export: buy orders made in Optiply, files, and what was left unfinished."""

from __future__ import annotations

import json

from bc_pipeline.run.execute import tick_tenant
from bc_pipeline.run.tick import look
from bc_pipeline.to_business_central.buy_orders.buy_order import TASK
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import TENANT, OrdersWorld


def settled(world: OrdersWorld) -> None:
    for _ in range(4):
        if not tick_tenant(world.installation.tenant(TENANT)).run_id:
            return


def test_given_a_new_buy_order_then_a_tick_exports_it_and_reads_nothing_else(
    world: OrdersWorld,
) -> None:
    settled(world)
    buy_order = world.order()

    summary = tick_tenant(world.installation.tenant(TENANT))

    assert summary.entities[TASK].created == 1
    assert not [name for name in summary.entities if name.startswith("optiply/")]
    assert len(world.purchase_orders(buy_order)) == 1
    # That it stands in Business Central now, and is told so in Optiply, is news to the next ticks.
    settled(world)
    assert not look(world.installation.tenant(TENANT)).due
    assert len(world.purchase_orders(buy_order)) == 1


def test_given_a_file_then_a_tick_writes_its_records(world: OrdersWorld) -> None:
    world.configure(accounting=True)
    settled(world)
    tenant = world.installation.tenant(TENANT)
    inbox = tenant.snapshot_dir / "outbound"
    inbox.mkdir(exist_ok=True)
    record = {"externalId": "T-1", "companyName": "Tick BV", "customerName": "Tick BV"}
    (inbox / "Customers.jsonl").write_text(json.dumps(record) + "\n")

    found = look(tenant)
    summary = tick_tenant(tenant)

    assert "outbound/customers" in found.due
    assert not [n for n in found.due if n.startswith("optiply/")], found.why
    assert (summary.entities["outbound/customers"].rows, summary.failed) == (1, ())
    assert not list(inbox.glob("*.jsonl"))
    world.configure(accounting=False)
