"""``bc-pipeline find``: where does this number stand?"""

from __future__ import annotations

from itertools import groupby

import click

from bc_pipeline.cli import output
from bc_pipeline.cli.selection import must_have_run
from bc_pipeline.story import search
from bc_pipeline.story.hits import Found, Hit
from bc_pipeline.story.printed import wrapped
from bc_pipeline.tenants import registry


@click.command()
@click.argument("tenant")
@click.argument("text")
@output.json_option
def find(tenant: str, text: str, as_json: bool) -> int:
    """A record wherever it stands, by any number, id or name of either system.

    TEXT is what you have of it: Optiply's id, uuid or number, Business Central's number or id, an
    externalId, a name, a part of one. Capitals do not matter; exact hits come first. Looks into
    what was read, what Optiply has, what was written to Business Central, and the files that wait.
    """
    found = registry.load().get(tenant)
    with must_have_run(tenant):
        answer = search.find(found, text, output.message)
    if as_json:
        output.print_json({"tenant": tenant, **answer.as_json()})
    elif answer.hits:
        _print_hits(tenant, answer)
    else:
        _print_nothing(tenant, answer)
    return output.SUCCESS


def _print_hits(tenant: str, answer: Found) -> None:
    output.line(f"{tenant}: {answer.text}")
    for exact, of_kind in groupby(answer.hits, key=lambda hit: hit.exact):
        for what, hits in groupby(of_kind, key=lambda hit: hit.what):
            output.line(f"\n{what}{'' if exact else ', in part'}")
            for hit in hits:
                _print_hit(hit)


def _print_hit(hit: Hit) -> None:
    called = " ".join(filter(None, (hit.number, hit.name))) or hit.key
    state = f", {hit.state}" if hit.state else ""
    _echo(f"{called} (by {hit.by}{state})", "  ")
    if hit.note:
        _echo(hit.note, "    ")
    if hit.command:
        output.line(f"    {hit.command}", whole=True)


def _print_nothing(tenant: str, answer: Found) -> None:
    output.line(f"{tenant}: {answer.text!r} was not found. It was looked for in")
    for place in answer.looked_in:
        _echo(f"- {place}", "  ")
    output.line("Why a record may be missing:")
    for reason in answer.missing:
        _echo(f"- {reason}", "  ")


def _echo(text: str, indent: str) -> None:
    for line in wrapped(text, indent):
        output.line(line)
