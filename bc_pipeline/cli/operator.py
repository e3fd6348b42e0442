"""``retry``, ``approve-deletions`` and ``show``: what an operator does about single records."""

from __future__ import annotations

from typing import Any

import click

from bc_pipeline.cli.output import (
    SUCCESS,
    json_option,
    print_json,
    print_table,
)
from bc_pipeline.errors import ConfigError
from bc_pipeline.sync import operations
from bc_pipeline.tenants import registry

SOURCE_ROWS_SHOWN = 10


@click.command()
@click.argument("tenant")
@click.argument("entity", required=False)
@click.argument("remote_id", required=False)
@json_option
def retry(tenant: str, entity: str | None, remote_id: str | None, as_json: bool) -> int:
    """Try quarantined and deferred records again in the next run.

    All of the tenant, of one ENTITY, or one record by its REMOTE_ID or BC number.
    """
    count = operations.retry(registry.load().get(tenant), entity, remote_id)
    if remote_id and not count:
        raise ConfigError(f"{tenant} holds back no record {remote_id!r} of {entity}")
    if as_json:
        print_json({"tenant": tenant, "records": count})
    else:
        click.echo(f"{tenant}: the next run tries {count} records again")
    return SUCCESS


@click.command("approve-deletions")
@click.argument("tenant")
@click.argument("entity", required=False)
@json_option
def approve_deletions(tenant: str, entity: str | None, as_json: bool) -> int:
    """Let the next run do what the deletion guard held back in the last one.

    For one ENTITY, or for all that the guard held back. Good for one run.
    """
    approved = operations.approve_deletions(registry.load().get(tenant), entity)
    if as_json:
        print_json({"tenant": tenant, "approved": list(approved)})
    elif approved:
        click.echo(f"{tenant}: approved for the next run: {', '.join(approved)}")
    else:
        click.echo(f"{tenant}: the last run held nothing back")
    return SUCCESS


@click.command()
@click.argument("tenant")
@click.argument("entity")
@click.argument("identifier", metavar="ID")
@json_option
def show(tenant: str, entity: str, identifier: str, as_json: bool) -> int:
    """One record on its way: as read, as wanted, as last sent, and its state.

    ID is a Business Central number or id, or an Optiply id; a number may fit several records.
    """
    try:
        records = operations.show(registry.load().get(tenant), entity, identifier)
    except FileNotFoundError:
        raise ConfigError(f"{tenant} has not run yet: bc-pipeline sync {tenant}") from None
    if not records:
        raise ConfigError(f"{tenant} knows no record {identifier!r} of {entity}")
    if as_json:
        print_json({"tenant": tenant, "records": records})
        return SUCCESS
    for record in records:
        _print_record(record)
    return SUCCESS


def _print_record(record: dict[str, Any]) -> None:
    click.echo(f"{record['entity']} {record['reference'] or ''} ({record['remote_id']})")
    for table, rows in record["source"].items():
        for row in rows[:SOURCE_ROWS_SHOWN]:
            _print_values(f"read: bc.{table}", row)
        if len(rows) > SOURCE_ROWS_SHOWN:
            click.echo(f"and {len(rows) - SOURCE_ROWS_SHOWN} more rows of bc.{table}")
    _print_values("wanted", record["wanted"])
    _print_values("last sent", record["last_sent"])
    _print_values("state", record["state"])


def _print_values(title: str, values: dict[str, Any] | None) -> None:
    if values is None:
        click.echo(f"{title}: nothing")
        return
    print_table(title, ["field", "value"], [[name, value] for name, value in values.items()])
