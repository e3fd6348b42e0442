"""The buyer is told of orders that cannot be exported: how many, which, why and what to do."""

from __future__ import annotations

import pytest

from bc_pipeline.alerts import delivery, telling
from bc_pipeline.tenants.alert_settings import AlertAddress
from bc_pipeline_tests.alerts.receiver import SECRET, Receiver
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import TENANT, OrdersWorld


def test_given_blocked_orders_then_they_are_told_at_once_a_further_one_too_and_when_it_is_over(
    world: OrdersWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_rested", {})
    vendor = world.suppliers[0]["remoteId"]
    world.company.modify("vendors", vendor, blocked="All")
    supplier = next(r for r in world.shop.rows("suppliers") if r["remoteId"] == vendor)
    with Receiver() as receiver:
        address = AlertAddress(url=receiver.url, secret=SECRET, on=("blocked", "recovered"))
        tenant = world.installation.tenant(TENANT).model_copy(update={"alerts": (address,)})

        def told() -> list[dict]:
            world.export()
            telling.after_run(tenant)
            return [each.data for each in receiver.take()]

        first = world.order(supplierId=supplier["id"])
        (raised,) = told()
        again = told()
        second = world.order(supplierId=supplier["id"])
        further = told()
        world.company.modify("vendors", vendor, blocked="_x0020_")
        (over,) = told()

    (item,) = raised["items"]
    assert item["records"] == [str(first)]
    assert f"1 buy order is blocked: {first}" in raised["text"]
    assert "is blocked in Business Central" in raised["text"]
    assert f"bc-pipeline export {TENANT}" in raised["text"]
    assert again == []
    assert str(second) in further[0]["text"]
    assert (over["event"], over["kind"]) == ("recovered", "blocked")
