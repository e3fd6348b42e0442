"""The failures of the runbook in writing to Business Central, made to happen; what the program then
tells."""

from __future__ import annotations

import json

from bc_pipeline.sandbox import ordering
from bc_pipeline_tests.runbook.cases import case
from bc_pipeline_tests.runbook.world import FEW_TRIES, World


def _ordered(world: World) -> tuple[str, str]:
    """A buy order made in Optiply: ids of its vendor and of its first item."""
    number = world.order()
    rows = {name: world.shop.rows(name) for name in ("buyOrders", "buyOrderLines")}
    order = next(row for row in rows["buyOrders"] if row["id"] == number)
    line = next(row for row in rows["buyOrderLines"] if row["buyOrderId"] == number)
    return (
        str(world.shop.remote_id("suppliers", order["supplierId"])),
        str(world.shop.remote_id("products", line["productId"])),
    )


@case("vendor blocked")
def _(world: World) -> str:
    vendor, _item = _ordered(world)
    world.company.modify("vendors", vendor, blocked="All")
    return world.export("purchase_orders")


@case("line refused")
def _(world: World) -> str:
    _vendor, item = _ordered(world)
    world.company.modify("items", item, blocked=True)
    return world.export("purchase_orders")


@case("answer lost")
def _(world: World) -> str:
    _ordered(world)
    lost = world.fault("bc", action="drop", path="purchaseOrders", method="GET")
    with (
        world.settings(business_central=FEW_TRIES),
        world.fault("bc", action="apply_then_drop", path="purchaseOrders", method="POST"),
        lost,
    ):
        return world.export("purchase_orders")


@case("dimension missing")
def _(world: World) -> str:
    mappings = {"dynamics-bc": {"dimension_mappings": {"region": "REGION"}}}
    (world.directory / "tenant-config.json").write_text(json.dumps(mappings), "utf-8")
    world.drop("Customers.jsonl", {"externalId": "crm-17", "companyName": "Example Ltd."})
    return world.export("customers")


@case("dimension value missing")
def _(world: World) -> str:
    customer = {"externalId": "crm-17", "companyName": "Example Ltd.", "departmentNumber": "WEB"}
    world.drop("Customers.jsonl", customer)
    return world.export("customers") + world.told("records", "cronus", "Customers")


@case("file nobody reads")
def _(world: World) -> str:
    world.drop("Bills.xlsx", {})
    return world.export("purchase_invoices")


@case("refused after it was done")
def _(world: World) -> str:
    tables = world.company.tables
    vendor = next(row for row in tables["vendors"].values() if row["blocked"] == ordering.OPEN)
    account = next(row for row in tables["accounts"].values() if row.get("directPosting"))
    bill = {"externalId": "bill-17", "billNumber": "B17", "vendorNumber": vendor["number"]}
    bill |= {"issueDate": "2026-11-01", "isDraft": False}
    bill |= {"expenses": [{"accountNumber": account["number"], "amount": 10}]}
    world.drop("Bills.jsonl", bill)
    with (
        world.settings(exports={"post_documents": True}),
        world.fault("bc", action="part_then_refuse", path="Microsoft.NAV.post"),
    ):
        world.export("purchase_invoices")
    return world.told("show", "cronus", "Bills", "bill-17")
