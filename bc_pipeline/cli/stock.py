"""``bc-pipeline stock``: bring the stock levels in Optiply up to date, and nothing else."""

from __future__ import annotations

import click

from bc_pipeline.cli.output import json_option, only_json_on_stdout
from bc_pipeline.cli.selection import (
    load_to_run,
    selected_tenants,
    telling_of_all,
    tenant_arguments,
)
from bc_pipeline.cli.sync import tell


@click.command()
@tenant_arguments
@click.option("--all", "every", is_flag=True, help="All enabled tenants.")
@json_option
def stock(tenants: tuple[str, ...], every: bool, as_json: bool) -> int:
    """Look whether stock has moved, and bring the stock levels in Optiply up to date.

    What the schedule does every five minutes. A tenant that has never been synced is left to its
    first sync.
    """
    # Dagster takes a second to import; `--help` and usage errors should not wait for it.
    from bc_pipeline.cli.runs import sweep_tenants

    found = load_to_run()
    with only_json_on_stdout(as_json), telling_of_all(found, every):
        names = selected_tenants(found, tenants, every)
        summaries = sweep_tenants(found, names, stock=True, asked_for=not every)
    return tell(summaries, as_json)
