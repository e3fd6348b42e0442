"""The scenes of the demo: both systems kept in step, buy orders, accounting files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bc_pipeline.cli import demo_exports
from bc_pipeline.cli.demo_stage import Stage, Told, as_told
from bc_pipeline.report import Problem, RunSummary
from bc_pipeline.sandbox import ordering
from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.tenants.settings import Tenant

NO_SUCH_UNIT = "unit BAG"
"""What CRONUS has one purchase line in."""
WHY_IT_WAITS = (
    "cronus ends as 'partial', and that is meant. CRONUS has one purchase line, in order 106008, "
    "in the unit BAG, and the standard API does not tell how many pieces a bag holds. A guess "
    "would be a wrong quantity in Optiply, so this one line is quarantined, with its reason, and "
    "tried again in later runs; everything else is sent. (A published page of item units would "
    "tell it; wholesale has one.)"
)
SKIPPED = (
    "Not everything is for Optiply: {skipped} records, such as services, blocked items and what "
    "was received of orders that are gone, were left out. Each has its reason: bc-pipeline records."
)


def introduction(stage: Stage) -> None:
    """Who plays."""
    names = {name: stage.company(tenant) for name, tenant in stage.tenants().items()}
    stage.text("Business Central and Optiply are played on this machine; nothing leaves it.")
    stage.lines(f"tenant {name}: {company.display_name}" for name, company in names.items())


def in_step(stage: Stage) -> dict[str, Told]:
    """A full sync, a day of changes, an incremental sync, and one without anything to do."""
    rounds: dict[str, Told] = {}
    stage.headline("First sync: everything is new to Optiply")
    first = stage.tick()
    rounds["full"] = as_told(first)
    stage.sent(first)
    skipped = sum(result.skipped for each in first.values() for result in each.entities.values())
    stage.text(SKIPPED.format(skipped=skipped))
    if any(_is_meant(problem) for each in first.values() for problem in each.problems):
        stage.text("", WHY_IT_WAITS)
    _tell_other_problems(stage, first)

    stage.headline("A day at work in both companies")
    for name, tenant in stage.tenants().items():
        stage.lines([name, *(f"  {change}" for change in a_day_at_work(stage.company(tenant)))])

    stage.headline("Next tick of the schedule: only the changes are sent")
    changed = stage.tick()
    rounds["changes"] = as_told(changed)
    stage.sent(changed)
    _tell_other_problems(stage, changed)

    stage.headline("The tick after that: nothing to do")
    nothing = stage.tick()
    rounds["nothing_to_do"] = as_told(nothing)
    stage.lines(
        f"{name}: {each.business_central.total} request to Business Central, {each.optiply.total} "
        "to Optiply"
        for name, each in nothing.items()
    )
    return rounds


def buy_orders(stage: Stage) -> Told:
    """A buy order made in Optiply stands in Business Central, comes back without a duplicate, is
    received there, and its receipt is in Optiply."""
    tenants = stage.tenants()
    stage.headline("The other way: a user of Optiply orders goods")
    orders: dict[str, ordering.Ordered] = {}
    for name, tenant in tenants.items():
        shop, company = stage.shop(tenant), stage.company(tenant)
        order = orders[name] = ordering.order_in_optiply(shop, company)
        stage.lines([f"{name}: buy order {order.id}, {order.lines} products of {order.supplier}"])
    stage.text("", "The next tick makes purchase orders of them in Business Central:", "")
    stage.tick()
    told: Told = {name: _standing(stage, tenants[name], order) for name, order in orders.items()}
    stage.text(
        "",
        "The comment is how a buy order is known again, so that none is ever made twice, and none "
        "comes back to Optiply as a second one.",
    )

    stage.headline("The goods arrive in Business Central, and Optiply is told")
    for name, order in orders.items():
        demo_exports.receive(stage.company(tenants[name]), order.id)
    stage.tick()
    for name, order in orders.items():
        shop = stage.shop(tenants[name])
        receipts = demo_exports.received_lines(shop, order.id)
        copies = demo_exports.copies(shop, order.id)
        told[name] |= {"receipts": len(receipts), "copies": copies}
        pieces = sum(row["quantity"] for row in receipts)
        stage.lines(
            [
                f"{name}: {pieces} pieces received on buy order {order.id}, "
                f"{copies} duplicates in Optiply"
            ]
        )
    return told


def accounting_files(stage: Stage) -> Told:
    """One file of each accounting entity, with good and bad records, and each record's result."""
    stage.headline("Files of accounting records arrive, each with a bad record")
    dropped: dict[str, list[str]] = {}
    for name, tenant in stage.tenants().items():
        company = stage.company(tenant)
        today = company.clock().date()
        dropped[name] = demo_exports.drop_files(company, tenant.snapshot_dir, today)
    files = next(iter(dropped.values()))
    stage.lines([f"snapshots/<tenant>/outbound/{each}" for each in files])
    stage.text(
        "",
        "The good records are written to Business Central, the bad ones say why not. Each has a "
        "line in snapshots/<tenant>/outbound/results:",
    )
    stage.tick()
    told: Told = {}
    for name, tenant in stage.tenants().items():
        results = demo_exports.results(tenant.snapshot_dir, dropped[name])
        told[name] = {"results": results}
        rows = [[row["externalId"], row["action"], _number_or_reason(row)] for row in results]
        stage.table([f"{name}: record", "result", "number in Business Central, or why not"], rows)
    return told


def _standing(stage: Stage, tenant: Tenant, ordered: ordering.Ordered) -> dict[str, Any]:
    company = stage.company(tenant)
    order = demo_exports.standing(company, ordered.id)
    marker = demo_exports.marker(ordered.id)
    stage.lines([tenant.name, *(f"  {x}" for x in demo_exports.describe(company, order))])
    return {"order": ordered.id, "marker": marker, "number": order["number"]}


def _number_or_reason(row: dict[str, Any]) -> object:
    return row["error"]["message"] if row["error"] else row["number"]


def _is_meant(problem: Problem) -> bool:
    return NO_SUCH_UNIT in problem.reason


def _tell_other_problems(stage: Stage, told: dict[str, RunSummary]) -> None:
    stage.lines(
        f"{name}: {problem.kind}: {problem.entity}: {problem.reason}"
        for name, each in told.items()
        for problem in each.problems
        if not _is_meant(problem)
    )


# The day in the demo: a handful of things people do in Business Central between two runs.


def a_day_at_work(company: Company) -> Iterator[str]:
    """Apply the demo's changes to a company of the sandbox, telling each in words."""
    first, second = _pick(company, "items", 2, type="Inventory", blocked=False)
    (vendor,) = _pick(company, "vendors", 1, blocked=ordering.OPEN)
    (customer,) = _pick(company, "customers", 1, blocked="_x0020_")
    sold = {"item": first, "quantity": 1}
    bought = {"item": second, "quantity": 10}

    apply_to(company, "move_stock", {"item": first, "quantity": 25})
    yield f"25 more of item {first} are counted in stock"
    apply_to(company, "rename_item", {"item": second, "name": "Renamed in the demo"})
    yield f"item {second} gets another name"
    details = {"name": "Demo Supplies Ltd.", "email": "d@demo.example"}
    yield f"vendor {_number(company, 'new_vendor', details)}, Demo Supplies Ltd., is new"
    invoice = _number(company, "new_sales_invoice", {"customer": customer, "lines": [sold]})
    yield f"customer {customer} buys 1 of item {first}: invoice {invoice}"
    order = _number(company, "new_purchase_order", {"vendor": vendor, "lines": [bought]})
    yield f"10 of item {second} are ordered from vendor {vendor}: purchase order {order}"
    receipt = _number(company, "receive_purchase_order", {"order": order})
    yield f"they arrive: receipt {receipt}"


def _number(company: Company, change: str, params: dict[str, Any]) -> str:
    """Apply a change; the number of what it made."""
    return apply_to(company, change, params).rpartition(" -> ")[2]


def _pick(company: Company, table: str, count: int, **wanted: object) -> list[str]:
    """Numbers of the first rows of a table that have the wanted values."""
    rows = company.tables[table].values()
    found = [
        str(row["number"])
        for row in rows
        if all(row.get(name) == value for name, value in wanted.items())
    ]
    return sorted(found)[:count]
