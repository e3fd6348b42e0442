"""``bc-pipeline retention``: deletes old history now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bc_pipeline.cli.output import SUCCESS, json_option, message, print_json, print_table
from bc_pipeline.tenants import registry

if TYPE_CHECKING:
    from bc_pipeline.orchestration.retention.clean_up import Cleaned, CleanUp


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@json_option
def retention(dry_run: bool, as_json: bool) -> int:
    """Delete runs of Dagster and of the snapshots' books that are older than the limits.

    The limits stand under `retention` in tenants.yaml. Dagster does the same once a day (job
    retention); this is for installations without its daemon. Shows what is left in bytes, and how
    fast that grows.
    """
    # Dagster takes a second to import; `--help` and completion should not wait for it.
    from bc_pipeline.orchestration.instance import open_instance
    from bc_pipeline.orchestration.retention.clean_up import clean_up

    found = registry.load()
    with open_instance(found.home) as instance:
        done = clean_up(instance, found, dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, **done.as_json()})
    else:
        _print(done, dry_run)
    return SUCCESS


def _print(done: CleanUp, dry_run: bool) -> None:
    went = "would go" if dry_run else "deleted"
    numbers = ["runs", went, "MB in Dagster", "MB of snapshot", f"booked runs {went}"]
    print_table(
        "History",
        ["tenant", *numbers, "remark"],
        [_row(name, each) for name, each in done.tenants.items()],
        numbers=numbers,
    )
    told = done.as_json()
    click.echo(
        f"{_megabytes(told['bytes'])} MB stored: {_megabytes(told['dagster_bytes'])} by Dagster, "
        f"{_megabytes(told['snapshot_bytes'])} in snapshots"
    )
    if done.new_per_day is not None:
        click.echo(f"{_megabytes(done.new_per_day)} MB came in a day since the last clean-up")
    if done.grown_per_day is not None:
        click.echo(f"{_megabytes(done.grown_per_day)} MB a day remain of that")
    for remark in done.remarks:
        message(f"Warning: {remark}")


def _row(name: str, each: Cleaned) -> list[object]:
    sizes = (_megabytes(each.dagster), _megabytes(each.snapshot))
    return [name, each.runs, each.deleted, *sizes, each.booked, each.remark]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
