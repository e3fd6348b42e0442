"""``bc-pipeline export``: write buy orders and outbound files to Business Central."""

from __future__ import annotations

import click

from bc_pipeline.catalogue.task import OUTBOUND
from bc_pipeline.catalogue.tasks import entity_names
from bc_pipeline.cli.output import json_option, only_json_on_stdout
from bc_pipeline.cli.selection import selected_tenants, tenant_arguments
from bc_pipeline.cli.sync import tell
from bc_pipeline.tenants import registry


@click.command()
@tenant_arguments
@click.option("--all", "every", is_flag=True, help="All enabled tenants.")
@click.option(
    "--entity",
    "entities",
    multiple=True,
    metavar="NAME",
    help="Only this one, as an asset (customers, outbound/customers) or as the files are called "
    "(Bills). Repeatable.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send nothing to Business Central; show exactly the requests that would be sent.",
)
@json_option
def export(
    tenants: tuple[str, ...],
    every: bool,
    entities: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Write Optiply's buy orders and the files in outbound/ to Business Central.

    One run per tenant, of those that have it switched on (exports.buy_orders, exports.accounting).
    """
    # Dagster takes a second to import; `--help` and usage errors should not wait for it.
    from bc_pipeline.cli.runs import RunOptions, run_tenants
    from bc_pipeline.orchestration.jobs import EXPORT

    wanted = entity_names(entities, (OUTBOUND,))
    found = registry.load()
    names = selected_tenants(found, tenants, every)
    options = RunOptions(job=EXPORT, entities=wanted, dry_run=dry_run)
    with only_json_on_stdout(as_json):
        summaries = run_tenants(found, names, options)
    return tell(summaries, as_json)
