"""``bc-pipeline pause`` and ``resume``: keep the schedules off a tenant for a while."""

from __future__ import annotations

import click

from bc_pipeline.cli import output
from bc_pipeline.tenants import pause as pauses
from bc_pipeline.tenants import registry


@click.command()
@click.argument("tenant")
@click.option("--by", default="", help="Who wants it.")
@click.option("--why", default="", help="For whoever finds it paused.")
@output.json_option
def pause(tenant: str, by: str, why: str, as_json: bool) -> int:
    """Keep schedules and sensors from starting a tenant, until it is resumed.

    A run at work comes to its end. Nothing is lost: what changes meanwhile is found afterwards.
    """
    found = pauses.pause(registry.load().get(tenant).snapshot_dir, by=by, why=why)
    document = {"tenant": tenant, "paused": found.at, "by": found.by, "why": found.why}
    return output.answer(document, f"{tenant}: {found.in_words()}", as_json=as_json)


@click.command()
@click.argument("tenant")
@output.json_option
def resume(tenant: str, as_json: bool) -> int:
    """Let schedules and sensors start a tenant again."""
    found = pauses.resume(registry.load().get(tenant).snapshot_dir)
    told = f"resumed; it was {found.in_words()}" if found else "it was not paused"
    document = {"tenant": tenant, "resumed": found is not None}
    return output.answer(document, f"{tenant}: {told}", as_json=as_json)
