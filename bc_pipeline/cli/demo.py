"""``bc-pipeline demo``: the whole thing on one command, without any account anywhere."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bc_pipeline.cli.output import (
    SOME_FAILED,
    SUCCESS,
    console,
    json_option,
    only_json_on_stdout,
    print_json,
    print_table,
)
from bc_pipeline.cli.sync import print_summary
from bc_pipeline.sync.model import COUNT_NAMES, RunSummary
from bc_pipeline.tenants import registry

WHOLESALE_ITEMS = 300
CHANGED = ("created", "updated", "deleted")


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Of the generated company.")
@json_option
def demo(seed: int, as_json: bool) -> int:
    """Play Business Central and Optiply, and keep two tenants in step.

    A full sync, a day of changes, an incremental sync that sends only those, and one that finds
    nothing to do. Everything stays in <BC_PIPELINE_HOME>/demo to look at.
    """
    home = registry.home_directory() / "demo"
    with only_json_on_stdout(as_json), demo_home(home):
        rounds = list(_rounds(home, seed, _Told(as_json)))
    if as_json:
        print_json({"home": str(home), "rounds": dict(rounds)})
    else:
        _print_results(rounds)
        _print_where_to_look(home)
    statuses = {tenant["status"] for _, tenants in rounds for tenant in tenants.values()}
    return SUCCESS if statuses <= {"success", "partial"} else SOME_FAILED


@contextmanager
def demo_home(home: Path) -> Iterator[None]:
    """An empty home of the demo's own; nobody's tenants or Dagster instance are touched."""
    if home.exists():
        shutil.rmtree(home)
    home.mkdir(parents=True)
    own = {registry.HOME_VARIABLE: str(home), "DAGSTER_HOME": str(home / "dagster")}
    saved = {name: os.environ.get(name) for name in (*own, registry.TENANTS_VARIABLE)}
    os.environ.update(own)
    os.environ.pop(registry.TENANTS_VARIABLE, None)
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _Told:
    """Headlines and results for people, unless JSON was asked for."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._console: Console = console(stderr=quiet)

    def headline(self, text: str) -> None:
        self._console.print(f"\n{text}\n{'-' * len(text)}", markup=False)

    def lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._console.print(f"  {line}", markup=False)

    def summary(self, summary: RunSummary) -> None:
        if not self._quiet:
            print_summary(summary)


def _rounds(home: Path, seed: int, told: _Told) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    from bc_pipeline.cli.demo_changes import a_day_at_work
    from bc_pipeline.sandbox import Sandbox

    with Sandbox(seed=seed, wholesale_items=WHOLESALE_ITEMS) as sandbox:
        sandbox.write_tenants(home)
        told.headline("First full sync: everything is new to Optiply")
        yield "full", _sync_all(told)
        told.headline("A day at work in both companies")
        for company in sandbox.business_central.companies.values():
            told.lines(
                [company.display_name, *(f"  {change}" for change in a_day_at_work(company))]
            )
        told.headline("Incremental sync: only the changes are sent")
        yield "changes", _sync_all(told)
        told.headline("Incremental sync again: nothing to do")
        yield "nothing_to_do", _sync_all(told)


def _sync_all(told: _Told) -> dict[str, dict[str, Any]]:
    from bc_pipeline.cli.progress import watch
    from bc_pipeline.cli.runs import SyncOptions, add_partitions, instance_for, run_tenant

    found = registry.load()
    results: dict[str, dict[str, Any]] = {}
    with instance_for(found.home) as instance:
        add_partitions(instance, found)
        for name, tenant in found.tenants.items():
            with watch() as watcher:
                summary = run_tenant(tenant, SyncOptions(), instance, watcher)
            told.summary(summary)
            results[name] = summary.as_json()
    return results


def _print_results(rounds: list[tuple[str, dict[str, dict[str, Any]]]]) -> None:
    """Created + updated + deleted per tenant and entity, one column per round."""
    names = [name for name, _ in rounds]
    first = rounds[0][1]
    rows = [
        [tenant, entity, *(_changes(tenants, tenant, entity) for _, tenants in rounds)]
        for tenant, outcome in first.items()
        for entity in outcome["entities"]
    ]
    print_table("Sent to Optiply (created / updated / deleted)", ["tenant", "entity", *names], rows)


def _changes(tenants: dict[str, dict[str, Any]], tenant: str, entity: str) -> str:
    counts = tenants[tenant]["entities"].get(entity, dict.fromkeys(COUNT_NAMES, 0))
    return " / ".join(str(counts[name]) for name in CHANGED)


def _print_where_to_look(home: Path) -> None:
    dagster = Path(sys.executable).with_name("dagster")
    click.echo("Where to look:")
    click.echo(f"  {home}/snapshots/<tenant>/snapshot.duckdb   all state of a tenant, as tables")
    click.echo(f"  {home}/dagster                              every run, for Dagster's UI:")
    click.echo(f"    BC_PIPELINE_HOME={home} DAGSTER_HOME={home}/dagster {dagster} dev")
