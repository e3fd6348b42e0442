"""The page as HTML: one file that needs no other, no network and no script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bc_pipeline.run.freshness import Freshness, minute
from bc_pipeline.run.overview import age_of
from bc_pipeline.tenant_page import charts
from bc_pipeline.tenant_page.advice import COMMAND
from bc_pipeline.tenant_page.facts import Facts
from bc_pipeline.tenant_page.history import number

GROUPS = (
    ("bc/", "From Business Central", "last read"),
    ("optiply/", "To Optiply", "last sent"),
    ("outbound/", "To Business Central", "last sent"),
)
"""Of entities: how they begin, what they are called together, what is done with them."""


def render(facts: Facts) -> str:
    """The page. Texts of other systems are never read as HTML."""
    trends = facts.books.trends if facts.books else ()
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            facts=facts,
            state=facts.state,
            books=facts.books,
            charts=[charts.chart(trend) for trend in trends],
            size=(charts.WIDTH, charts.HEIGHT),
            groups=GROUPS,
            ago=lambda moment: _ago(moment, facts.at),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "commands": _commands,
        "breakable": _breakable,
        "standing": _health,
        "number": number,
        "minute": minute,
    }
    return environment


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else f"{age_of(now - moment)} ago"


def _commands(text: str) -> Markup:
    """A text with its commands set apart."""
    return Markup("").join(_parts(text))


def _parts(text: str) -> Iterator[Markup]:
    done = 0
    for found in COMMAND.finditer(text):
        yield escape(text[done : found.start()])
        yield Markup("<code>{}</code>").format(found.group())
        done = found.end()
    yield escape(text[done:])


def _breakable(name: str) -> Markup:
    """A name that may go on in the next line where it has an underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def _health(fresh: Freshness) -> tuple[str, str]:
    """How an entity stands: a tone and a word."""
    if fresh.instead:
        return "off", "not needed"
    if fresh.absent:
        return "off", "not there"
    if fresh.late:
        return "bad", "late"
    if fresh.failed:
        return "middling", "failed last time"
    return ("good", "fine") if fresh.good else ("off", "unused")
