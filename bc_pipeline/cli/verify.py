"""``bc-pipeline verify``: does Optiply itself have what was sent there?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.task import OPTIPLY
from bc_pipeline.catalogue.tasks import entity_names
from bc_pipeline.cli import output
from bc_pipeline.cli.selection import must_have_run
from bc_pipeline.cli.sync import print_summary
from bc_pipeline.report import RunSummary
from bc_pipeline.run.verification import mark_for_repair, verify_tenant
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_optiply.verified import KINDS, Verified

SHOWN = 50
"""Differences of an entity printed one by one; --json has them all."""


@click.command()
@click.argument("tenant")
@click.argument("entity", required=False)
@click.option("--repair", is_flag=True, help="Send again what is missing or was changed.")
@click.option(
    "--yes", is_flag=True, help="Repair also when so much is missing that it looks like a mistake."
)
@output.json_option
def verify(tenant: str, entity: str | None, repair: bool, yes: bool, as_json: bool) -> int:
    """Compare Optiply itself with what was last sent there.

    Tells what is missing in Optiply, what somebody else changed there, what stands there twice,
    and what is there without our knowing. Values people may set in Optiply (a supplier ignored, a
    lead time) are theirs and no difference. Nothing is written, unless with --repair. Exit code 1
    when there are differences, after --repair when some are left.
    """
    found = registry.load().get(tenant)
    name = entity_names([entity], (OPTIPLY,))[0] if entity else None
    with output.only_json_on_stdout(as_json):
        compared = _compared(found, name)
        run = _repaired(found, compared, yes) if repair else None
    left = sum(len(each.differences) for each in compared)
    if run is not None:
        by_hand = sum(d.by_hand for each in compared for d in each.differences)
        left = by_hand + (run.exit_failure or run.status == "skipped")
    if as_json:
        output.print_json(_document(found, compared, repair, run))
    else:
        _print(found, compared, repair, run)
    return output.SOME_FAILED if left else output.SUCCESS


def _compared(tenant: Tenant, entity: str | None) -> list[Verified]:
    def told(each: Verified) -> None:
        output.message(f"{tenant.name}: {each.entity}: {each.compared} rows compared")

    with must_have_run(tenant.name):
        return verify_tenant(tenant, entity, told=told)


def _repaired(tenant: Tenant, compared: Sequence[Verified], yes: bool) -> RunSummary | None:
    """The run that sends again what differs; None when there is nothing to send."""
    from bc_pipeline.cli.runs import RunOptions, run_tenants

    marked = mark_for_repair(tenant, compared, even_if_much_is_missing=yes)
    if not marked:
        return None
    # What hangs on a row that is created anew has to be created anew too.
    first = min(list(RESOURCES).index(each.removeprefix("optiply/")) for each in marked)
    entities = tuple(f"optiply/{each}" for each in list(RESOURCES)[first:])
    return run_tenants(registry.load(), [tenant.name], RunOptions(entities=entities))[tenant.name]


def _document(
    tenant: Tenant, compared: Sequence[Verified], repair: bool, run: RunSummary | None
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "tenant": tenant.name,
        "differences": sum(len(each.differences) for each in compared),
        "entities": {each.entity: each.as_json() for each in compared},
    }
    if repair:
        document["repair"] = run.as_json() if run is not None else None
    return document


def _print(
    tenant: Tenant, compared: Sequence[Verified], repair: bool, run: RunSummary | None
) -> None:
    columns = ("compared", *KINDS, "by users", "not ours")
    output.print_table(
        f"{tenant.name}: Optiply, compared with what was sent",
        ["entity", *columns],
        [
            [each.entity, each.compared, *each.counts.values(), each.by_users, each.not_ours]
            for each in compared
        ],
        numbers=columns,
    )
    for each in compared:
        for difference in each.differences[:SHOWN]:
            output.line(f"  {difference.kind}: {each.entity}: {difference.text}")
        if len(each.differences) > SHOWN:
            click.echo(f"  and {len(each.differences) - SHOWN} more of {each.entity}: --json")
    differences = [d for each in compared for d in each.differences]
    if run is not None:
        print_summary(run)
    if any(d.by_hand for d in differences):
        click.echo("  what is doubled or unknown, and sell orders, a person corrects in Optiply")
    if differences and not repair:
        click.echo(f"  to send again what can be sent: bc-pipeline verify {tenant.name} --repair")
