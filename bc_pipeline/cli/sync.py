"""``bc-pipeline sync``: bring Optiply up to date with Business Central."""

from __future__ import annotations

from datetime import datetime

import click

from bc_pipeline.assets.table import entity_names
from bc_pipeline.cli.output import (
    SOME_FAILED,
    SUCCESS,
    json_option,
    message,
    only_json_on_stdout,
    print_json,
    print_table,
)
from bc_pipeline.cli.selection import selected_tenants, tenant_arguments
from bc_pipeline.sync.dependencies import dependencies
from bc_pipeline.sync.model import COUNT_NAMES, Problem, RunSummary
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.registry import Registry

PROBLEMS_SHOWN = 20


@click.command()
@tenant_arguments
@click.option("--all", "every", is_flag=True, help="All enabled tenants.")
@click.option(
    "--entity",
    "entities",
    multiple=True,
    metavar="NAME",
    help="Only this entity and what it reads, e.g. products or optiply/products. Repeatable.",
)
@click.option("--full", is_flag=True, help="Read everything again; what Optiply has stays known.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Read what changed since this date instead of since the last run.",
)
@click.option("--dry-run", is_flag=True, help="Send nothing to Optiply; show what would be sent.")
@json_option
def sync(
    tenants: tuple[str, ...],
    every: bool,
    entities: tuple[str, ...],
    full: bool,
    since: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Bring Optiply up to date with Business Central, one run per tenant."""
    # Dagster takes a second to import; `--help` and usage errors should not wait for it.
    from bc_pipeline.cli.progress import watch
    from bc_pipeline.cli.runs import SyncOptions, add_partitions, instance_for, run_tenant

    entity_names(entities)
    found = registry.load()
    for warning in found.warnings:
        message(f"Warning: {warning}")
    names = selected_tenants(found, tenants, every)
    options = SyncOptions(full, since.date() if since else None, entities, dry_run)
    summaries: dict[str, RunSummary] = {}
    with only_json_on_stdout(as_json), instance_for(found.home) as instance, watch() as watcher:
        add_partitions(instance, found)
        for name in names:
            summaries[name] = not_runnable(found, name, entities) or run_tenant(
                found.tenants[name], options, instance, watcher
            )
    if as_json:
        print_json({"tenants": {name: each.as_json() for name, each in summaries.items()}})
    else:
        for summary in summaries.values():
            print_summary(summary)
    return SOME_FAILED if any(each.exit_failure for each in summaries.values()) else SUCCESS


def not_runnable(found: Registry, name: str, entities: tuple[str, ...]) -> RunSummary | None:
    """The outcome of a tenant that is not started: wrongly configured, disabled, or without any of
    the named entities."""
    if name in found.errors:
        reason = str(found.errors[name])
        problem = Problem("", None, "config", reason)
        return RunSummary(name, "", status="failed", reason=reason, problems=[problem])
    if not found.tenants[name].enabled:
        return RunSummary(name, "", status="skipped", reason="disabled in tenants.yaml")
    wanted = entity_names(entities)
    if wanted and not set(wanted) & set(dependencies(found.tenants[name])):
        reason = f"its settings do not ask for {', '.join(wanted)}"
        return RunSummary(name, "", status="skipped", reason=reason)
    return None


def print_summary(summary: RunSummary) -> None:
    """One tenant's outcome as a table, with its problems below."""
    title = f"{summary.tenant}: {summary.status}"
    title += f" in {summary.seconds:.1f} s" if summary.seconds else ""
    title += f" ({summary.reason})" if summary.reason else ""
    title += ", dry run: nothing was sent" if summary.dry_run else ""
    print_table(
        title,
        ["entity", *COUNT_NAMES],
        [
            [name, *(getattr(result, count) for count in COUNT_NAMES)]
            for name, result in summary.optiply_entities()
        ],
        numbers=COUNT_NAMES,
    )
    for line in problem_lines(summary):
        click.echo(line)


def problem_lines(summary: RunSummary) -> list[str]:
    """The problems, one line each; the first ``PROBLEMS_SHOWN`` of many."""
    lines = [
        f"  {problem.kind}: {problem.entity} {problem.remote_id or ''}".rstrip()
        + f": {problem.reason}"
        for problem in summary.problems[:PROBLEMS_SHOWN]
    ]
    more = len(summary.problems) - len(lines)
    if more > 0:
        lines.append(f"  and {more} more: bc-pipeline status {summary.tenant}")
    return lines
