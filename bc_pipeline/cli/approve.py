"""``bc-pipeline approve-deletions``: let through what the deletion guard holds back, once somebody
has seen it (decisions 28)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from bc_pipeline.cli.output import (
    SUCCESS,
    json_option,
    message,
    only_json_on_stdout,
    print_json,
    print_table,
)
from bc_pipeline.run import operator_actions
from bc_pipeline.run.operator_actions import HeldBack
from bc_pipeline.tenants import registry
from bc_pipeline.to_optiply.held import HeldDeletion

SHOWN = 50


@click.command("approve-deletions")
@click.argument("tenant")
@click.argument("entity", required=False)
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can answer.")
@json_option
def approve_deletions(tenant: str, entity: str | None, yes: bool, as_json: bool) -> int:
    """Let the next run take away in Optiply what the deletion guard holds back; shows it and asks.

    For one ENTITY, or for all that is held back. Good for one run.
    """
    found = registry.load().get(tenant)
    waiting = operator_actions.held_back(found, entity)
    with only_json_on_stdout(as_json):
        _show(tenant, waiting)
    if waiting.entities and not yes and not _agreed(waiting):
        message(f"{tenant}: nothing was approved")
        return SUCCESS
    approved = operator_actions.approve_deletions(found, entity)
    if as_json:
        told = [each.as_json() for each in waiting.deletions]
        document = {"tenant": tenant, "approved": list(approved)}
        print_json(document | {"deletions": told} if told else document)
    elif approved:
        click.echo(f"{tenant}: approved for the next run: {', '.join(approved)}")
    else:
        click.echo(f"{tenant}: the last run held nothing back")
    return SUCCESS


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


def print_deletions(tenant: str, deletions: Sequence[HeldDeletion], shown: int) -> None:
    """Records that would be taken away, by number and name."""
    if not deletions:
        return
    print_table(
        f"{tenant}: would be taken away in Optiply, waits for approval",
        ["entity", "number", "name"],
        [
            [each.entity, each.number or ("" if each.name else each.remote_id), each.name]
            for each in deletions[:shown]
        ],
    )
    if len(deletions) > shown:
        click.echo(
            f"and {len(deletions) - shown} more: bc-pipeline records {tenant} ENTITY --state guard"
        )
