"""``bc-pipeline demo``: the whole thing on one command, without any account anywhere."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bc_pipeline.cli import output
from bc_pipeline.cli.own_home import owned
from bc_pipeline.tenants import registry

WHOLESALE_ITEMS = 300


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Of the generated company.")
@output.json_option
def demo(seed: int, as_json: bool) -> int:
    """Play Business Central and Optiply, and keep two tenants in step.

    A full sync, a day of changes, an incremental sync that sends only those, and one that finds
    nothing to do. Then what goes the other way: a buy order made in Optiply, and files of
    accounting records, good and bad ones. Everything stays in <BC_PIPELINE_HOME>/demo to look at.
    """
    from bc_pipeline.cli.demo_scenes import Stage, accounting_files, buy_orders, in_step
    from bc_pipeline.sandbox import Sandbox
    from bc_pipeline.sandbox.tenants import switch_exports_on

    home = registry.home_directory() / "demo"
    with (
        output.only_json_on_stdout(as_json),
        owned(home),
        demo_home(home),
        Sandbox(seed=seed, wholesale_items=WHOLESALE_ITEMS) as sandbox,
    ):
        stage = Stage(sandbox, quiet=as_json)
        tenants_yaml = sandbox.write_tenants(home)
        rounds = in_step(stage)
        switch_exports_on(tenants_yaml)
        orders = buy_orders(stage)
        files = accounting_files(stage)
    if as_json:
        told = {"home": str(home), "rounds": rounds, "buy_orders": orders, "files": files}
        output.print_json(told)
    else:
        _print_where_to_look(home)
    return output.SUCCESS if stage.statuses <= {"success", "partial"} else output.SOME_FAILED


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


def _print_where_to_look(home: Path) -> None:
    dagster = Path(sys.executable).with_name("dagster")
    click.echo("Where to look:")
    click.echo(f"  {home}/snapshots/<tenant>/snapshot.duckdb   all state of a tenant, as tables")
    click.echo(f"  {home}/dagster                              every run, for Dagster's UI:")
    click.echo(f"    BC_PIPELINE_HOME={home} DAGSTER_HOME={home}/dagster {dagster} dev")
