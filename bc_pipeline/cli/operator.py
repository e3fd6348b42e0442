"""``retry``, ``resend``, ``accept-sell-order-source`` and ``show``: what an operator does between
two runs."""

from __future__ import annotations

from typing import Any

import click

from bc_pipeline.catalogue.task import OPTIPLY, OUTBOUND
from bc_pipeline.catalogue.tasks import BY_NAME, entity_names
from bc_pipeline.cli.output import (
    SUCCESS,
    json_option,
    print_json,
    print_table,
)
from bc_pipeline.errors import ConfigError
from bc_pipeline.run import operator_actions
from bc_pipeline.tenants import registry

SOURCE_ROWS_SHOWN = 10


@click.command()
@click.argument("tenant")
@click.argument("entity", required=False)
@click.argument("remote_id", required=False)
@json_option
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
    if as_json:
        print_json({"tenant": tenant, "records": count})
    else:
        click.echo(f"{tenant}: the next run tries {count} records again")
    return SUCCESS


@click.command()
@click.argument("tenant")
@click.argument("entity", required=False)
@click.argument("key", required=False)
@json_option
def resend(tenant: str, entity: str | None, key: str | None, as_json: bool) -> int:
    """Bring again what could not be written to Business Central, once it is repaired.

    All of the tenant, of one ENTITY (customers, Bills, buy_orders), or one record by its KEY, the
    producer's id. Failed records of files are dropped again as a new file; buy orders that are
    blocked or unclear are set free. For an Optiply ENTITY (optiply/products): send all attributes
    again in the next run, changed or not.
    """
    found = registry.load().get(tenant)
    name = _resent(entity) if entity else None
    if name is not None and BY_NAME[name].prefix == OPTIPLY:
        count = operator_actions.resend(found, name, key)
    else:
        count = operator_actions.resend_outbound(found, name, key)
    if key and not count:
        raise ConfigError(f"{tenant} has no record {key!r} of {entity} to send again")
    if as_json:
        print_json({"tenant": tenant, "records": count})
    else:
        click.echo(f"{tenant}: the next run sends {count} records again")
    return SUCCESS


def _resent(entity: str) -> str:
    """The asset meant: one that is written to Business Central, else one of Optiply's."""
    try:
        return entity_names([entity], (OUTBOUND,))[0]
    except ConfigError:
        return entity_names([entity], (OPTIPLY, OUTBOUND))[0]


@click.command("accept-sell-order-source")
@click.argument("tenant")
@json_option
def accept_sell_order_source(tenant: str, as_json: bool) -> int:
    """Accept that sync.sell_order_source was changed in tenants.yaml.

    The next run takes the sell orders of the old source away (behind the deletion guard) and
    creates those of the new one.
    """
    source = operator_actions.accept_sell_order_source(registry.load().get(tenant))
    if as_json:
        print_json({"tenant": tenant, "sell_order_source": source})
    else:
        click.echo(f"{tenant}: from the next run on, sell orders come from {source}")
    return SUCCESS


@click.command()
@click.argument("tenant")
@click.argument("entity")
@click.argument("identifier", metavar="ID")
@json_option
def show(tenant: str, entity: str, identifier: str, as_json: bool) -> int:
    """One record on its way: as read, as wanted, as last sent, and its state; of one that goes to
    Business Central, as it came and what became of it.

    ID is a Business Central number or id, or an Optiply id, or the producer's id; a number may fit
    several records.
    """
    (name,) = entity_names([entity], (OPTIPLY, OUTBOUND))
    found = registry.load().get(tenant)
    outbound = BY_NAME[name].prefix == OUTBOUND
    look = operator_actions.show_outbound if outbound else operator_actions.show
    try:
        records = look(found, BY_NAME[name].entity, identifier)
    except FileNotFoundError:
        raise ConfigError(f"{tenant} has not run yet: bc-pipeline sync {tenant}") from None
    if not records:
        raise ConfigError(f"{tenant} knows no record {identifier!r} of {entity}")
    if as_json:
        print_json({"tenant": tenant, "records": records})
        return SUCCESS
    for record in records:
        if outbound:
            _print_outbound(record)
        else:
            _print_record(record)
    return SUCCESS


def _print_outbound(record: dict[str, Any]) -> None:
    click.echo(f"{record['entity']} {record['reference'] or ''} ({record['key']})")
    _print_values("as it came", record["record"])
    _print_values("ledger", record["ledger"])
    for outcome in record["outcomes"]:
        _print_values(f"outcome of {outcome['file']}, line {outcome['line']}", outcome)


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
