"""``bc-pipeline show``: why is my stock wrong, where is my order?"""

from __future__ import annotations

import click

from bc_pipeline.catalogue.task import OPTIPLY, OUTBOUND
from bc_pipeline.catalogue.tasks import entity_names
from bc_pipeline.cli import output
from bc_pipeline.cli.selection import must_have_run
from bc_pipeline.errors import ConfigError
from bc_pipeline.story import printed, shown
from bc_pipeline.tenants import registry
from bc_pipeline.values import typed


@click.command()
@click.argument("tenant")
@click.argument("entity")
@click.argument("identifier", metavar="ID")
@output.json_option
def show(tenant: str, entity: str, identifier: str, as_json: bool) -> int:
    """A record's story: how it stands and why, how each value came about (stock as a sum), what was
    sent when, what waits, and where to look at it.

    ENTITY is one of Optiply's (products, buy_orders) or one written to Business Central
    (purchase_orders, Bills). ID is a number, id or name of either system, or the producer's id; a
    number may fit several records. Where you do not know the entity: bc-pipeline find.
    """
    (name,) = entity_names([entity], (OPTIPLY, OUTBOUND))
    found = registry.load().get(tenant)
    with must_have_run(tenant):
        stories = shown.show(found, name, identifier, output.message)
    if not stories:
        raise ConfigError(
            f"{tenant} knows no record {identifier!r} of {entity}; look everywhere with: "
            f"bc-pipeline find {tenant} {typed(identifier)}"
        )
    if as_json:
        records = [story.as_json() for story in stories]
        output.print_json({"tenant": tenant, "records": records})
        return output.SUCCESS
    for place, story in enumerate(stories):
        if place:
            output.line()
        for line in printed.lines(tenant, story):
            output.line(line, whole=True)
    return output.SUCCESS
