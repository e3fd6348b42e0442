"""``bc-pipeline connect``: a new tenant, from consent to its entry in tenants.yaml."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from bc_pipeline.cli import output
from bc_pipeline.cli.asking import (
    CREDENTIALS_HELP,
    CREDENTIALS_VARIABLE,
    Terminal,
    read_secret,
)
from bc_pipeline.cli.private_directory import private_directory
from bc_pipeline.connecting.connect import SECRET_FLAG, Connection, Given, find_out, finish, try_out
from bc_pipeline.connecting.consent import Method
from bc_pipeline.connecting.questions import Question
from bc_pipeline.connecting.saving import SECRET_FILES

SECRET_VARIABLE = "BC_PIPELINE_CLIENT_SECRET"  # noqa: S105 - the name of a variable
SAMPLES_SHOWN = 3
SAMPLE_WIDTH = 110
_AN_ID = re.compile(r"\w*Id: ")

_FLAGS: dict[str, tuple[str, ...]] = {
    "environment": ("business_central", "environment_name"),
    "company": ("business_central", "company"),
    "entra_tenant": ("business_central", "entra_tenant"),
    "client_id": ("business_central", "client_id"),
    "redirect_uri": ("business_central", "redirect_uri"),
    "optiply_account": ("optiply", "account_id"),
    "stock_source": ("sync", "stock_source"),
}
"""Option -> the setting it gives."""

_FILE = click.Path(dir_okay=False, allow_dash=True)


@click.command()
@click.argument("tenant")
@click.option("--environment", metavar="NAME", help="Its whole name.")
@click.option("--company", metavar="NAME", help="Id, name or display name.")
@click.option("--client-id", metavar="ID", help="Of the app registration at Microsoft Entra.")
@click.option(
    SECRET_FLAG,
    "client_secret_file",
    type=_FILE,
    help=f"File with the secret of the app registration, - for stdin; or {SECRET_VARIABLE}.",
)
@click.option("--entra-tenant", metavar="ID", help="The customer's Microsoft Entra tenant.")
@click.option("--redirect-uri", metavar="URL", help="As it stands in the app registration.")
@click.option(
    "--no-browser",
    "method",
    flag_value="paste",
    help="Sign in on another machine: the address is printed, the one it ends at is pasted.",
)
@click.option(
    "--device-code", "method", flag_value="device", help="Sign in with a code on any device."
)
@click.option(
    "--client-credentials",
    "method",
    flag_value="application",
    help="No person signs in: the app has application permissions of the customer.",
)
@click.option("--keep-consent", is_flag=True, help="Do not sign in again where that works already.")
@click.option(
    "--optiply-credentials",
    type=_FILE,
    help=CREDENTIALS_HELP,
)
@click.option("--optiply-account", metavar="ID", help="Where the user has several.")
@click.option(
    "--locations", metavar="CODES", help="Whose stock counts, with commas; all: every one."
)
@click.option(
    "--stock-source",
    type=click.Choice(["auto", "items", "analytics", "extension"]),
    help="Where stock comes from.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any other setting, such as sync.deduct_sales_orders=false. Repeatable.",
)
@click.option(
    "--no-dry-run",
    "dry_run",
    is_flag=True,
    default=True,
    flag_value=False,
    help="Do not try what the first sync would do.",
)
@click.option(
    "--sandbox",
    metavar="URL",
    help="Play with the systems that `bc-pipeline sandbox` serves there.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: flags tell what has to be picked.")
@click.option(
    "--force", is_flag=True, help="Write the entry, switched off, although a check fails."
)
@output.json_option
def connect(
    tenant: str,
    method: Method | None,
    keep_consent: bool,
    client_secret_file: str | None,
    optiply_credentials: str | None,
    locations: str | None,
    settings: tuple[str, ...],
    sandbox: str | None,
    dry_run: bool,
    yes: bool,
    force: bool,
    as_json: bool,
    **named: str | None,
) -> int:
    """Connect a shop: sign in at Microsoft, pick the company, try everything, write its entry.

    Asks six questions at most, and only what neither flags nor tenants.yaml tell. Nothing is
    written before the end. Safe to repeat: settings stay, the consent is renewed.
    """
    person = Terminal(may_ask=not yes)
    given = Given(
        method=method,
        keep_consent=keep_consent,
        settings={**_addresses(sandbox), **_settings(named, settings)},
        client_secret=read_secret(SECRET_FLAG, client_secret_file, SECRET_VARIABLE),
        optiply_credentials=read_secret(
            "--optiply-credentials", optiply_credentials, CREDENTIALS_VARIABLE
        ),
        locations=_codes(locations),
    )
    with (
        output.only_json_on_stdout(as_json),
        private_directory("connect") as work,
    ):
        connection = _found(tenant, given, person, work, dry_run=dry_run)
        if not as_json:
            _print(connection)
        refusal = _refusal(connection, force)
        if refusal is None and connection.faults:
            connection.draft.put("false", "enabled")
        if refusal is None and not yes and not person.ask(_confirmation(connection)):
            refusal = "not wanted, so nothing was written"
        written = finish(connection) if refusal is None else []
    document = {**connection.as_json(), "written": written}
    if refusal is not None:
        if as_json:
            output.print_json({**document, "error": refusal})
        else:
            output.message(f"Error: {refusal}")
        return output.SOME_FAILED
    lines = [f"Written: {file}" for file in written]
    if not connection.draft.tenant(work=False).enabled:
        lines.append("It is switched off; --set enabled=true switches it on")
    lines.append(f"Next: bc-pipeline sync {tenant}")
    return output.answer(document, "\n".join(lines), as_json=as_json)


def _found(tenant: str, given: Given, person: Terminal, work: Path, *, dry_run: bool) -> Connection:
    from bc_pipeline.cli.progress import watch
    from bc_pipeline.orchestration.preflight.tenant import check_tenant

    connection = find_out(tenant, given, person, check_tenant, work)
    if dry_run and not connection.faults:
        person.tell("Dry run: reading everything, sending nothing ...")
        with watch() as watcher:
            watcher.tenant(tenant)
            try_out(connection, watcher)
    return connection


def _confirmation(connection: Connection) -> Question[bool]:
    def read(text: str) -> bool:
        replies = {"y": True, "yes": True, "n": False, "no": False}
        if text.strip().lower() not in replies:
            raise ValueError("type y or n")
        return replies[text.strip().lower()]

    file = connection.draft.file
    return Question(f"Write {connection.draft.name} to {file}? (y/n)", "--yes", read, default="y")


def _refusal(connection: Connection, force: bool) -> str | None:
    """Why nothing is written; None: it may be."""
    if force or not connection.faults:
        return None
    return (
        f"{connection.draft.name} would not work, so nothing was written: "
        f"{'; '.join(connection.faults)}. Repair that and connect again, or write it switched off "
        "with --force"
    )


def _settings(named: dict[str, str | None], others: Iterable[str]) -> dict[tuple[str, ...], str]:
    found = {_FLAGS[name]: value for name, value in named.items() if value is not None}
    for text in others:
        key, mark, value = text.partition("=")
        way = tuple(key.strip().split("."))
        if not mark or not all(way):
            raise click.UsageError("--set takes KEY=VALUE, such as sync.sweep_hour=4")
        if way in SECRET_FILES:
            raise click.UsageError(
                f"{key} is a secret: other users of this machine see command lines. Give it with "
                f"{SECRET_FLAG} or --optiply-credentials"
            )
        found[way] = value
    return found


def _addresses(sandbox: str | None) -> dict[tuple[str, ...], str]:
    """Where the sandbox serves each system, as fast as it can."""
    if sandbox is None:
        return {}
    base = sandbox.rstrip("/")
    return {
        ("business_central", "api_url"): f"{base}/bc",
        ("business_central", "login_url"): f"{base}/entra",
        ("optiply", "api_url"): f"{base}/optiply/v1",
        ("optiply", "login_url"): f"{base}/optiply-login/api",
        ("optiply", "requests_per_second"): "1000",
    }


def _codes(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    if text.strip().lower() in ("", "all"):
        return ()
    return tuple(code.strip() for code in text.split(","))


# --- what people see -----------------------------------------------------------------------------


def _print(connection: Connection) -> None:
    worth = [each for each in connection.checks if each.outcome != "passed"]
    passed = len(connection.checks) - len(worth)
    if worth:
        rows = [[each.name, each.outcome, each.detail] for each in worth]
        output.print_table(f"Checks: {passed} passed, and", ["check", "outcome", "detail"], rows)
    else:
        click.echo(f"Checks: {passed} passed")
    for source in connection.sources:
        there = {True: "there", False: "not there", None: "may not be read"}[source.there]
        click.echo(f"  {source.name}: {there}")
    if connection.trial:
        _print_trial(connection)


def _print_trial(connection: Connection) -> None:
    from bc_pipeline.cli.sync import print_summary

    trial = connection.trial
    assert trial is not None
    print_summary(trial.summary)
    for entity, changes in trial.samples.items():
        output.line(f"  {entity}, such as:")
        for change in changes[:SAMPLES_SHOWN]:
            output.line(f"    {_one_line(change)}")
    output.print_table(
        "Data quality",
        ["records", "what", "such as", "what to do"],
        [
            [flaw.count, flaw.text, "; ".join(flaw.samples[:2]), flaw.todo if flaw.count else ""]
            for flaw in trial.flaws
        ],
        numbers=["records"],
    )
    if forecast := trial.forecast:
        which = "next" if connection.draft.existed else "first"
        click.echo(
            f"The {which} sync sends {forecast.requests} rows at {forecast.per_second:g} a second "
            f"and takes about {_duration(forecast.seconds)}, of which reading "
            f"{_duration(forecast.reading_seconds)}."
        )


def _one_line(change: dict[str, Any]) -> str:
    """A change as people read it: without ids, which a dry run has none of yet."""
    attributes = (each for each in str(change.get("changes") or "").split("; "))
    told = "; ".join(each for each in attributes if not _AN_ID.match(each))
    return textwrap.shorten(f"{change.get('reference') or ''}: {told}", SAMPLE_WIDTH)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"
