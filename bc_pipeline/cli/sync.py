"""``bc-pipeline sync``: bring Optiply up to date with Business Central."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime

import click

from bc_pipeline.catalogue.task import OUTBOUND
from bc_pipeline.catalogue.tasks import entity_names
from bc_pipeline.cli import output
from bc_pipeline.cli.selection import (
    load_to_run,
    selected_tenants,
    telling_of_all,
    which_tenants,
)
from bc_pipeline.report import COUNT_NAMES, RunSummary

PROBLEMS_SHOWN = 20


@click.command()
@which_tenants("Only this entity and what it reads, e.g. products or optiply/products. Repeatable.")
@click.option("--full", is_flag=True, help="Read everything again; what Optiply has stays known.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Read what changed since this date instead of since the last run.",
)
@click.option("--dry-run", is_flag=True, help="Send nothing to Optiply; show what would be sent.")
@output.json_option
def sync(
    tenants: tuple[str, ...],
    every: bool,
    entities: tuple[str, ...],
    full: bool,
    since: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Bring Optiply up to date with Business Central, one run per tenant.

    --all does what a tick of the schedule does: look at each tenant, and read and send only what
    may have changed. A tenant that is named is read and compared as a whole.
    """
    # Dagster takes a second to import; `--help` and usage errors should not wait for it.
    from bc_pipeline.cli.runs import RunOptions, run_tenants, sweep_tenants

    wanted = entity_names(entities)
    found = load_to_run()
    options = RunOptions(
        full=full, since=since.date() if since else None, entities=wanted, dry_run=dry_run
    )
    with output.only_json_on_stdout(as_json), telling_of_all(found, every and not dry_run):
        names = selected_tenants(found, tenants, every)
        as_a_tick = every and options == RunOptions()
        summaries = sweep_tenants(found, names) if as_a_tick else run_tenants(found, names, options)
    return tell(summaries, as_json)


def tell(summaries: Mapping[str, RunSummary], as_json: bool) -> int:
    """Print how the tenants' runs ended; the exit code of the command."""
    if as_json:
        output.print_json({"tenants": {name: each.as_json() for name, each in summaries.items()}})
    else:
        for summary in summaries.values():
            print_summary(summary)
    return (
        output.SOME_FAILED
        if any(each.exit_failure for each in summaries.values())
        else output.SUCCESS
    )


def print_summary(summary: RunSummary) -> None:
    """One tenant's outcome as a table, with its problems below."""
    title = f"{summary.tenant}: {summary.status}"
    title += f" in {summary.seconds:.1f} s" if summary.seconds else ""
    title += ", dry run: nothing was sent" if summary.dry_run else ""
    written = (*summary.optiply_entities(), *summary.outbound_entities())
    rows = [[name, *(getattr(each, count) for count in COUNT_NAMES)] for name, each in written]
    counted = rows if any(any(row[1:]) for row in rows) else []
    output.print_table(
        title, ["entity", *COUNT_NAMES], counted, numbers=COUNT_NAMES, status=summary.status
    )
    if rows and not counted and not summary.problems:
        output.line("  there was nothing to write")
    told_below = {problem.reason for problem in summary.problems}
    if summary.reason and summary.reason not in told_below:
        output.line(f"  {summary.reason}")
    for line in (*adopted_lines(summary), *problem_lines(summary)):
        output.line(line)
    for line in request_lines(summary):
        click.echo(line)


def adopted_lines(summary: RunSummary) -> Iterator[str]:
    """Of a first run: what stood in Optiply already, and now belongs to records of ours."""
    done = "would be taken over" if summary.dry_run else "were taken over"
    for entity, number in summary.adopted.items():
        yield f"  {entity}: {number} rows that stood in Optiply already {done}"


def request_lines(summary: RunSummary) -> Iterator[str]:
    """What a dry run would have sent to Business Central: every request with its body."""
    if summary.requests_noted:
        yield f"  would be sent to Business Central: {len(summary.requests_noted)} requests"
    for noted in summary.requests_noted:
        yield f"  {noted['method']} {noted['path']}"
        if noted["body"] is not None:
            body = json.dumps(noted["body"], indent=2, ensure_ascii=False, default=str)
            yield textwrap.indent(body, "    ")


def problem_lines(summary: RunSummary) -> list[str]:
    """The problems, one line each; the first ``PROBLEMS_SHOWN`` of many."""
    lines = [
        f"  {problem.kind}: {problem.entity} {problem.record}".rstrip() + f": {problem.reason}"
        for problem in summary.problems[:PROBLEMS_SHOWN]
    ]
    more = len(summary.problems) - len(lines)
    if more > 0:
        lines.append(f"  and {more} more: bc-pipeline status {summary.tenant}")
    return lines


@click.command()
@which_tenants(
    "Only this one, as an asset (customers, outbound/customers) or as the files are called "
    "(Bills). Repeatable."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send nothing to Business Central; show exactly the requests that would be sent.",
)
@output.json_option
def export(
    tenants: tuple[str, ...],
    every: bool,
    entities: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Write Optiply's buy orders and the files in outbound/ to Business Central.

    One run per tenant, of those that have it switched on (exports.buy_orders, exports.accounting).
    """
    # Dagster takes a second to import; `--help` and usage errors should not wait for it.
    from bc_pipeline.cli.runs import RunOptions, run_tenants
    from bc_pipeline.orchestration.jobs import EXPORT

    wanted = entity_names(entities, (OUTBOUND,))
    found = load_to_run()
    options = RunOptions(job=EXPORT, entities=wanted, dry_run=dry_run)
    with output.only_json_on_stdout(as_json), telling_of_all(found, every and not dry_run):
        names = selected_tenants(found, tenants, every)
        summaries = run_tenants(found, names, options)
    return tell(summaries, as_json)
