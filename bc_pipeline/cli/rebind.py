"""``bc-pipeline rebind``: the environment was renamed, and the state is still its own."""

from __future__ import annotations

import click

from bc_pipeline.cli.output import SUCCESS, json_option, print_json, print_table
from bc_pipeline.errors import ConfigError
from bc_pipeline.run import operator_actions
from bc_pipeline.run.identity import Change
from bc_pipeline.tenants import registry


@click.command()
@click.argument("tenant")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def rebind(tenant: str, yes: bool, as_json: bool) -> int:
    """Say that a tenant's environment, sign-in tenant or address was only renamed.

    Its state then belongs to what tenants.yaml has now. Never after a move to another environment,
    such as from a trial on a copy to Production: that needs a snapshot_dir of its own.
    """
    found = registry.load().get(tenant)
    try:
        changed = operator_actions.renamed(found)
    except FileNotFoundError:
        raise ConfigError(f"{tenant} has not run yet: there is no state to rebind") from None
    if not as_json:
        _print(tenant, changed)
    if changed and as_json and not yes:
        raise click.UsageError("--json cannot ask: say --yes too.")
    if changed and not yes:
        click.confirm("Was it only renamed, and is it still the same?", abort=True, err=True)
    changed = operator_actions.rebind(found)
    if as_json:
        told = {change.key: {"before": change.before, "now": change.now} for change in changed}
        print_json({"tenant": tenant, "rebound": told})
    elif changed:
        click.echo(f"{tenant}: the next run goes on with its state")
    return SUCCESS


def _print(tenant: str, changed: list[Change]) -> None:
    if not changed:
        click.echo(f"{tenant}: nothing was renamed; its state belongs to what is configured")
        return
    rows = [[change.key, change.before, change.now] for change in changed]
    print_table(f"{tenant}: its state belongs to", ["setting", "before", "now"], rows)
