"""``bc-pipeline alerts``: who has been told of what, and whether messages arrive."""

from __future__ import annotations

from typing import Any

import click

from bc_pipeline import clock
from bc_pipeline.alerts import book, message, telling
from bc_pipeline.alerts.sending import NotSent, send
from bc_pipeline.cli import output
from bc_pipeline.cli.selection import known_tenants, load_to_run, tenant_arguments
from bc_pipeline.run.freshness import minute
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.registry import Registry

NOBODY = "alerts names nobody in tenants.yaml, neither for this tenant nor in defaults"


@click.group()
def alerts() -> None:
    """Who has been told of what, and whether messages arrive."""


@alerts.command("test")
@tenant_arguments
@output.json_option
def test_alerts(tenants: tuple[str, ...], as_json: bool) -> int:
    """Send a test message to every address, and say what became of it.

    All tenants when none is named.
    """
    found = registry.load()
    results: dict[str, list[dict[str, Any]]] = {}
    with output.only_json_on_stdout(as_json):
        for name in known_tenants(found, tenants):
            results[name] = [*_tried(found, name)]
    if as_json:
        output.print_json({"tenants": results})
    else:
        for name, rows in results.items():
            for row in rows:
                output.line(f"{name}: {row['address']}: {row['error'] or 'sent'}")
            if not rows:
                output.line(f"{name}: {found.errors.get(name, NOBODY)}")
    bad = any(row["error"] for rows in results.values() for row in rows)
    nobody = bool(tenants) and not all(results.values())
    return output.SOME_FAILED if bad or nobody else output.SUCCESS


@alerts.command("list")
@tenant_arguments
@output.json_option
def list_alerts(tenants: tuple[str, ...], as_json: bool) -> int:
    """What stands and was told, and messages that still wait to be sent."""
    found = registry.load()
    told = {name: _contents(found, name) for name in known_tenants(found, tenants)}
    if as_json:
        output.print_json({"tenants": told})
        return output.SUCCESS
    rows = [
        [name, row["kind"], minute(row["since"]), row["what"]]
        for name, each in told.items()
        for row in each["standing"]
    ]
    if rows:
        output.print_table("Told of", ["tenant", "kind", "since", "what"], rows)
    else:
        output.line("Nothing that was told still stands")
    for name, each in told.items():
        for line in telling.unsent_lines(each):
            output.line(f"{name}: {line}")
    return output.SUCCESS


@alerts.command("send", short_help="Send what is new or could not be sent before.")
@output.json_option
def send_alerts(as_json: bool) -> int:
    """Look how every tenant stands, and send what is new or could not be sent before.

    What the sensor states_to_alerts does every five minutes; for cron, where Dagster does not run.
    """
    found = load_to_run()
    telling.look(found)
    unsent = sum(len(_contents(found, name)["unsent"]) for name in ("", *found.names()))
    text = f"{unsent} messages wait to be sent again" if unsent else "Everything is told"
    return output.answer({"unsent": unsent}, text, as_json=as_json)


def _tried(found: Registry, name: str) -> list[dict[str, Any]]:
    addresses = found.tenants[name].alerts if name in found.tenants else found.told_of.get(name, ())
    rows = []
    for number, address in enumerate(addresses):
        error = None
        try:
            send(address, message.trial(name, clock.now()))
        except NotSent as reason:
            error = str(reason)
        rows.append({"address": f"alerts.{number} ({address.scheme})", "error": error})
    return rows


def _contents(found: Registry, name: str) -> dict[str, Any]:
    """Of the book of a tenant, or of the installation (``""``)."""
    return telling.contents(book.path_of(found.home, name))
