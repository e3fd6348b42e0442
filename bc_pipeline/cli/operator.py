"""What an operator does between two runs: ``retry``, ``resend``, ``accept-sell-order-source``,
``approve-deletions`` and ``rebind``."""

from __future__ import annotations

import sys
from typing import Any

import click

from bc_pipeline.catalogue.task import OPTIPLY, OUTBOUND
from bc_pipeline.catalogue.tasks import entity_names
from bc_pipeline.cli import output
from bc_pipeline.cli.deletions import print_deletions
from bc_pipeline.errors import ConfigError
from bc_pipeline.run import operator_actions
from bc_pipeline.run.identity import Change
from bc_pipeline.run.operator_actions import HeldBack
from bc_pipeline.tenants import registry


@click.command()
@click.argument("tenant")
@click.argument("entity", required=False)
@click.argument("remote_id", required=False)
@output.json_option
def retry(tenant: str, entity: str | None, remote_id: str | None, as_json: bool) -> int:
    """Try quarantined and deferred records again in the next run.

    All that wait for Optiply, those of one ENTITY, or one record by its REMOTE_ID or BC number. For
    an ENTITY that goes to Business Central it does the same as resend.
    """
    found = registry.load().get(tenant)
    name = entity_names([entity], (OPTIPLY, OUTBOUND))[0] if entity else None
    count = operator_actions.retry(found, name, remote_id)
    if remote_id and not count:
        raise ConfigError(f"{tenant} holds back no record {remote_id!r} of {entity}")
    told = f"{tenant}: the next run tries {count} records again"
    return output.answer({"tenant": tenant, "records": count}, told, as_json=as_json)


@click.command()
@click.argument("tenant")
@click.argument("entity", required=False)
@click.argument("key", required=False)
@output.json_option
def resend(tenant: str, entity: str | None, key: str | None, as_json: bool) -> int:
    """Bring again what could not be written to Business Central, once it is repaired.

    All of the tenant, of one ENTITY (customers, Bills, buy_orders), or one record by its KEY, the
    producer's id. Failed records of files are dropped again as a new file; buy orders that are
    blocked or unclear are set free. For an Optiply ENTITY (optiply/products): send all attributes
    again in the next run, changed or not.
    """
    found = registry.load().get(tenant)
    count = operator_actions.resend_named(found, entity, key)
    if key and not count:
        raise ConfigError(f"{tenant} has no record {key!r} of {entity} to send again")
    told = f"{tenant}: the next run sends {count} records again"
    return output.answer({"tenant": tenant, "records": count}, told, as_json=as_json)


@click.command("accept-sell-order-source")
@click.argument("tenant")
@output.json_option
def accept_sell_order_source(tenant: str, as_json: bool) -> int:
    """Accept that sync.sell_order_source was changed in tenants.yaml.

    The next run takes the sell orders of the old source away (behind the deletion guard) and
    creates those of the new one.
    """
    source = operator_actions.accept_sell_order_source(registry.load().get(tenant))
    told = f"{tenant}: from the next run on, sell orders come from {source}"
    return output.answer({"tenant": tenant, "sell_order_source": source}, told, as_json=as_json)


# ``bc-pipeline approve-deletions``: let through what the deletion guard holds back, once somebody
# has seen it (decisions 28).

SHOWN = 50


@click.command("approve-deletions")
@click.argument("tenant")
@click.argument("entity", required=False)
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can answer.")
@output.json_option
def approve_deletions(tenant: str, entity: str | None, yes: bool, as_json: bool) -> int:
    """Let the next run take away in Optiply what the deletion guard holds back; shows it and asks.

    For one ENTITY, or for all that is held back. Good for one run.
    """
    found = registry.load().get(tenant)
    waiting = operator_actions.held_back(found, entity)
    with output.only_json_on_stdout(as_json):
        _show(tenant, waiting)
    if waiting.entities and not yes and not _agreed(waiting):
        output.message(f"{tenant}: nothing was approved")
        return output.SUCCESS
    approved = operator_actions.approve_deletions(found, entity)
    deletions = [each.as_json() for each in waiting.deletions]
    document: dict[str, Any] = {"tenant": tenant, "approved": list(approved)}
    told = "the last run held nothing back"
    if approved:
        told = f"approved for the next run: {', '.join(approved)}"
    shown = {"deletions": deletions} if deletions else {}
    return output.answer(document | shown, f"{tenant}: {told}", as_json=as_json)


def _agreed(waiting: HeldBack) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{len(waiting.deletions)} deletions in {', '.join(waiting.entities)} would be "
            "approved, and nobody is here to be asked: look at them (`bc-pipeline status` lists "
            "them), then say --yes."
        )
    return click.confirm("Let the next run do this?", err=True)


def _show(tenant: str, waiting: HeldBack) -> None:
    print_deletions(tenant, waiting.deletions, SHOWN)
    for entity, reason in waiting.stopped.items():
        click.echo(f"{tenant}: {entity} was stopped: {reason}")


# ``bc-pipeline rebind``: the environment was renamed, and the state is still its own.


@click.command()
@click.argument("tenant")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output.json_option
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
        _print_changes(tenant, changed)
    if changed and as_json and not yes:
        raise click.UsageError("--json cannot ask: say --yes too.")
    if changed and not yes:
        click.confirm("Was it only renamed, and is it still the same?", abort=True, err=True)
    changed = operator_actions.rebind(found)
    if as_json:
        told = {change.key: {"before": change.before, "now": change.now} for change in changed}
        output.print_json({"tenant": tenant, "rebound": told})
    elif changed:
        click.echo(f"{tenant}: the next run goes on with its state")
    return output.SUCCESS


def _print_changes(tenant: str, changed: list[Change]) -> None:
    if not changed:
        click.echo(f"{tenant}: nothing was renamed; its state belongs to what is configured")
        return
    rows = [[change.key, change.before, change.now] for change in changed]
    output.print_table(f"{tenant}: its state belongs to", ["setting", "before", "now"], rows)
