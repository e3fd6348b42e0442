"""``bc-pipeline report``: how one tenant is doing, on a page one can send to somebody."""

from __future__ import annotations

from pathlib import Path

import click

from bc_pipeline import clock
from bc_pipeline.cli import output
from bc_pipeline.tenants import registry


@click.command()
@click.argument("tenant")
@click.option(
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write this file (- for stdout); without it, reports/TENANT.html in BC_PIPELINE_HOME.",
)
@output.json_option
def report(tenant: str, target: Path | None, as_json: bool) -> int:
    """How a tenant is doing, on one page of HTML: health, trends, parity, what is held back and
    what to do, data quality, exports, slowest reads.

    The page needs nothing else: send it, print it, open it on a phone. Reads only the tenant's own
    files. With --json prints what the page tells, and writes it only where --output says so.
    """
    from bc_pipeline.tenant_page import saving
    from bc_pipeline.tenant_page.facts import gather
    from bc_pipeline.tenant_page.page import render

    found = registry.load()
    facts = gather(found, tenant, clock.now())
    code = output.SOME_FAILED if facts.broken else output.SUCCESS
    to_stdout = target is not None and str(target) == "-"
    path = None if to_stdout else target or saving.place_of(found.home, tenant)
    if path is not None and not (as_json and target is None):
        try:
            saving.save(path, render(facts))
        except OSError as error:
            raise click.ClickException(f"{path} cannot be written ({error.strerror})") from None
    if as_json:
        output.print_json(facts.as_json())
    elif to_stdout:
        click.echo(render(facts))
    else:
        click.echo(f"{tenant}: {facts.verdict}. The page is {path}")
    return code
