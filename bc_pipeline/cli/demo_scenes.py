"""The scenes of the demo: both systems kept in step, buy orders, accounting files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console

from bc_pipeline.cli import demo_exports
from bc_pipeline.cli.output import console, print_table
from bc_pipeline.cli.progress import watch
from bc_pipeline.cli.runs import RunOptions, add_partitions, instance_for, run_tenant
from bc_pipeline.cli.sync import print_summary
from bc_pipeline.orchestration.jobs import EXPORT
from bc_pipeline.report import COUNT_NAMES
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.optiply.store import Shop
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant

Told = dict[str, dict[str, Any]]
"""Tenant -> what happened there."""

CHANGED = ("created", "updated", "deleted")
ORDERS = "outbound/purchase_orders"
PURCHASES = ("optiply/buy_orders", "optiply/buy_order_lines", "optiply/receipt_lines")


class Stage:
    """Where the demo plays: the sandbox, and what people get to see of it.

    Args:
        sandbox: both systems.
        quiet: JSON was asked for; headlines go to stderr, tables nowhere.
    """

    def __init__(self, sandbox: Sandbox, *, quiet: bool) -> None:
        self.sandbox = sandbox
        self.quiet = quiet
        self.statuses: set[str] = set()
        self._console: Console = console(stderr=quiet)

    def headline(self, text: str) -> None:
        self._console.print(f"\n{text}\n{'-' * len(text)}", markup=False)

    def lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._console.print(f"  {line}", markup=False)

    def tenants(self) -> dict[str, Tenant]:
        """The tenants as tenants.yaml has them now."""
        return dict(registry.load().tenants)

    def company(self, tenant: Tenant) -> Company:
        """The tenant's company in Business Central."""
        return self.sandbox.business_central.companies[tenant.business_central.company]

    def shop(self, tenant: Tenant) -> Shop:
        """The tenant's account in Optiply."""
        return self.sandbox.optiply.shops[tenant.name]

    def run_all(self, options: RunOptions | None = None) -> Told:
        """One run per tenant; how each ended."""
        found = registry.load()
        told: Told = {}
        with instance_for(found.home) as instance:
            add_partitions(instance, found)
            for name, tenant in found.tenants.items():
                with watch() as watcher:
                    summary = run_tenant(tenant, options or RunOptions(), instance, watcher)
                if not self.quiet:
                    print_summary(summary)
                self.statuses.add(summary.status)
                told[name] = summary.as_json()
        return told


def in_step(stage: Stage) -> dict[str, Told]:
    """A full sync, a day of changes, an incremental sync, and one without anything to do."""
    rounds: dict[str, Told] = {}
    stage.headline("First full sync: everything is new to Optiply")
    rounds["full"] = stage.run_all()
    stage.headline("A day at work in both companies")
    for company in stage.sandbox.business_central.companies.values():
        changes = [f"  {change}" for change in a_day_at_work(company)]
        stage.lines([company.display_name, *changes])
    stage.headline("Incremental sync: only the changes are sent")
    rounds["changes"] = stage.run_all()
    stage.headline("Incremental sync again: nothing to do")
    rounds["nothing_to_do"] = stage.run_all()
    if not stage.quiet:
        _print_rounds(rounds)
    return rounds


def buy_orders(stage: Stage) -> Told:
    """A buy order made in Optiply stands in Business Central, comes back without a duplicate, is
    received there, and its receipt is in Optiply."""
    tenants = stage.tenants()
    stage.headline("Exports are switched on, and a user of Optiply orders goods")
    orders: dict[str, demo_exports.Ordered] = {}
    for name, tenant in tenants.items():
        shop, company = stage.shop(tenant), stage.company(tenant)
        order = orders[name] = demo_exports.order_in_optiply(shop, company)
        stage.lines([f"{name}: buy order {order.id}, {order.lines} products of {order.supplier}"])
    stage.headline("Export: the buy orders become purchase orders")
    stage.run_all(RunOptions(job=EXPORT, entities=(ORDERS,)))
    told: Told = {name: _standing(stage, tenants[name], order) for name, order in orders.items()}
    stage.headline("Sync: they are known when they are read back")
    stage.run_all(RunOptions(entities=PURCHASES))
    for name, order in orders.items():
        shop = stage.shop(tenants[name])
        copies = demo_exports.copies(shop, order.id)
        told[name]["copies"] = copies
        stage.lines([f"{name}: buy order {order.id} was read back, {copies} duplicates in Optiply"])
    stage.headline("The goods arrive in Business Central, and Optiply is told")
    for name, order in orders.items():
        stage.lines([f"{name}: {demo_exports.receive(stage.company(tenants[name]), order.id)}"])
    stage.run_all(RunOptions(entities=PURCHASES))
    for name, order in orders.items():
        receipts = demo_exports.received_lines(stage.shop(tenants[name]), order.id)
        told[name]["receipts"] = len(receipts)
        stage.lines(
            f"{name}: {row['quantity']} received on line {row['buyOrderLineId']} of buy order "
            f"{order.id}"
            for row in receipts
        )
    return told


def accounting_files(stage: Stage) -> Told:
    """One file of each accounting entity, with good and bad records, and each record's result."""
    stage.headline("Five files of accounting records arrive, each with a bad record")
    dropped: dict[str, list[str]] = {}
    for name, tenant in stage.tenants().items():
        company = stage.company(tenant)
        today = company.clock().date()
        dropped[name] = demo_exports.drop_files(company, tenant.snapshot_dir, today)
        stage.lines([f"{name}: {', '.join(dropped[name])}"])
    stage.headline("Export: the good records are written, the bad ones say why not")
    stage.run_all(RunOptions(job=EXPORT))
    told: Told = {}
    for name, tenant in stage.tenants().items():
        results = demo_exports.results(tenant.snapshot_dir, dropped[name])
        told[name] = {"results": results}
        if not stage.quiet:
            _print_results(name, results)
    return told


def _standing(stage: Stage, tenant: Tenant, ordered: demo_exports.Ordered) -> dict[str, Any]:
    company = stage.company(tenant)
    order = demo_exports.standing(company, ordered.id)
    marker = demo_exports.marker(ordered.id)
    stage.lines([tenant.name, *(f"  {x}" for x in demo_exports.describe(company, order))])
    return {"order": ordered.id, "marker": marker, "number": order["number"]}


def _print_rounds(rounds: dict[str, Told]) -> None:
    """Created + updated + deleted per tenant and entity, one column per round."""
    rows = [
        [tenant, entity, *(_changes(told, tenant, entity) for told in rounds.values())]
        for tenant, outcome in rounds["full"].items()
        for entity in outcome["entities"]
    ]
    title = "Sent to Optiply (created / updated / deleted)"
    print_table(title, ["tenant", "entity", *rounds], rows)


def _changes(told: Told, tenant: str, entity: str) -> str:
    counts = told[tenant]["entities"].get(entity, dict.fromkeys(COUNT_NAMES, 0))
    return " / ".join(str(counts[name]) for name in CHANGED)


def _print_results(tenant: str, results: list[dict[str, Any]]) -> None:
    print_table(
        f"{tenant}: results",
        ["file", "line", "externalId", "action", "number", "error"],
        [
            [
                row["file"],
                row["line"],
                row["externalId"],
                row["action"],
                row["number"],
                f"{row['error']['class']}: {row['error']['message']}" if row["error"] else "",
            ]
            for row in results
        ],
        numbers=["line"],
    )


# The day in the demo: a handful of things people do in Business Central between two runs.


def a_day_at_work(company: Company) -> Iterator[str]:
    """Apply the demo's changes to a company of the sandbox, telling each in words."""
    first, second = _pick(company, "items", 2, type="Inventory", blocked=False)
    (vendor,) = _pick(company, "vendors", 1, blocked="_x0020_")
    (customer,) = _pick(company, "customers", 1, blocked="_x0020_")
    sold = {"item": first, "quantity": 1}
    bought = {"item": second, "quantity": 10}

    yield apply_to(company, "move_stock", {"item": first, "quantity": 25})
    yield apply_to(company, "rename_item", {"item": second, "name": "Renamed in the demo"})
    yield apply_to(company, "new_vendor", {"name": "Demo Supplies Ltd.", "email": "d@demo.example"})
    yield apply_to(company, "new_sales_invoice", {"customer": customer, "lines": [sold]})
    ordered = apply_to(company, "new_purchase_order", {"vendor": vendor, "lines": [bought]})
    yield ordered
    number = ordered.rpartition(" -> ")[2]
    yield apply_to(company, "receive_purchase_order", {"order": number})


def _pick(company: Company, table: str, count: int, **wanted: object) -> list[str]:
    """Numbers of the first rows of a table that have the wanted values."""
    rows = company.tables[table].values()
    found = [
        str(row["number"])
        for row in rows
        if all(row.get(name) == value for name, value in wanted.items())
    ]
    return sorted(found)[:count]
