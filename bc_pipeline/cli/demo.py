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
from bc_pipeline.cli.ending import ended_like_ctrl_c
from bc_pipeline.cli.own_home import at_home, first_free, owned
from bc_pipeline.tenants import registry

WHOLESALE_ITEMS = 300


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Of the generated company.")
@click.option(
    "--ui/--no-ui",
    default=None,
    help="Open Dagster's UI on the outcome, both systems still running; else a terminal is asked.",
)
@output.json_option
def demo(seed: int, ui: bool | None, as_json: bool) -> int:
    """Play Business Central and Optiply, and keep two tenants in step.

    A full sync, a day of changes, an incremental sync that sends only those, and one that finds
    nothing to do. Then what goes the other way: a buy order made in Optiply, and files of
    accounting records, good and bad ones. Everything stays in <BC_PIPELINE_HOME>/demo to look at.
    """
    from bc_pipeline.cli.demo_scenes import accounting_files, buy_orders, in_step, introduction
    from bc_pipeline.cli.demo_stage import Stage
    from bc_pipeline.sandbox import Sandbox

    home = registry.home_directory() / "demo"
    with (
        output.only_json_on_stdout(as_json),
        owned(home),
        demo_home(home),
        Sandbox(seed=seed, wholesale_items=WHOLESALE_ITEMS) as sandbox,
    ):
        stage = Stage(sandbox, quiet=as_json)
        sandbox.write_tenants(home, exports=True)
        introduction(stage)
        rounds = in_step(stage)
        orders = buy_orders(stage)
        files = accounting_files(stage)
        if not as_json:
            print_where_to_look(home, orders["cronus"]["number"])
            if wants_the_ui() if ui is None else ui:
                _open_ui(home)
            elif ui is None:
                _print_how_to_open()
    if as_json:
        told = {"home": str(home), "rounds": rounds, "buy_orders": orders, "files": files}
        output.print_json(told)
    return output.SUCCESS if stage.statuses <= {"success", "partial"} else output.SOME_FAILED


@contextmanager
def demo_home(home: Path) -> Iterator[None]:
    """An empty home of the demo's own; nobody's tenants or Dagster instance are touched."""
    if home.exists():
        shutil.rmtree(home)
    home.mkdir(parents=True)
    with at_home(home):
        yield


def print_where_to_look(home: Path, order: str) -> None:
    """What to do with what the demo leaves behind, such as a purchase order."""
    click.echo("\nEverything stays to be looked at. How the tenants stand, why an item has the")
    click.echo("stock it has, and where an order is:\n")
    click.echo(f"  export {registry.HOME_VARIABLE}={_short(home)}")
    for arguments in ("status", "show cronus products 1896-S", f"find cronus {order}"):
        click.echo(f"  {_program()} {arguments}")
    click.echo(f"\nTables are in {_short(home)}/snapshots/<tenant>/snapshot.duckdb")


def wants_the_ui() -> bool:
    """Whether Dagster's UI is wanted: asks, where somebody sits at a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("CI"):
        return False
    click.echo("")
    return click.confirm("Open Dagster's UI on all this, with both systems still running?", True)


def _open_ui(home: Path) -> None:
    from bc_pipeline.cli.serving import UI_PORT, serve_ui

    port = first_free(UI_PORT)
    click.echo(f"\nDagster   http://127.0.0.1:{port}  (ready in some 15 seconds; Ctrl-C ends)")
    with ended_like_ctrl_c():
        serve_ui(home, port)


def _print_how_to_open() -> None:
    click.echo("\nThe same with Dagster's UI at the end, both systems still running:\n")
    click.echo(f"  {_program()} demo --ui")


def _program() -> str:
    """How this command is called here."""
    return str(_short(Path(sys.executable).with_name("bc-pipeline")))


def _short(path: Path) -> Path:
    """From where we stand, when it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
