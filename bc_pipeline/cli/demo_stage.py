"""Where the demo plays, and how it speaks: 80 columns, whole names, a sentence to every table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bc_pipeline.cli import output
from bc_pipeline.cli.runs import sweep_tenants
from bc_pipeline.report import RunSummary
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.optiply.store import Shop
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant

Told = dict[str, dict[str, Any]]
"""Tenant -> what happened there."""

WIDTH = 80
WORDS = {"created": "new", "updated": "changed", "deleted": "gone"}
"""What is sent, as the tables of the demo say it."""


class Stage:
    """Where the demo plays: the sandbox, and what people get to see of it.

    Args:
        sandbox: both systems.
        quiet: JSON was asked for; nothing but headlines is told, and those on stderr.
    """

    def __init__(self, sandbox: Sandbox, *, quiet: bool) -> None:
        self.sandbox = sandbox
        self.quiet = quiet
        self.statuses: set[str] = set()
        self._scene = 0

    def headline(self, text: str) -> None:
        """What the next scene shows."""
        self._scene += 1
        numbered = f"{self._scene}. {text}"
        console = output.console(stderr=self.quiet, plain_width=WIDTH)
        console.print(f"\n{numbered}\n{'-' * len(numbered)}", markup=False)

    def text(self, *paragraphs: str) -> None:
        """Sentences for people."""
        for paragraph in paragraphs:
            self._print(textwrap.fill(paragraph, WIDTH - 1, break_on_hyphens=False))

    def lines(self, lines: Iterable[str]) -> None:
        """A list, a line for each; what is longer goes on below."""
        for line in lines:
            indent = " " * (len(line) - len(line.lstrip()) + 2)
            filled = textwrap.fill(
                line.lstrip(),
                WIDTH - 1,
                initial_indent=indent,
                subsequent_indent=f"{indent}  ",
                break_on_hyphens=False,
            )
            self._print(filled)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table without a title; the text around it says what it shows."""
        if not self.quiet:
            output.print_table("", columns, rows, plain_width=WIDTH)

    def tenants(self) -> dict[str, Tenant]:
        """The tenants as tenants.yaml has them now."""
        return dict(registry.load().tenants)

    def company(self, tenant: Tenant) -> Company:
        """The tenant's company in Business Central."""
        return self.sandbox.business_central.companies[tenant.business_central.company]

    def shop(self, tenant: Tenant) -> Shop:
        """The tenant's account in Optiply."""
        return self.sandbox.optiply.shops[tenant.name]

    def tick(self) -> dict[str, RunSummary]:
        """What a tick of the schedule does; how each tenant's run ended."""
        found = registry.load()
        summaries = sweep_tenants(found, list(found.tenants), quiet=True)
        self.statuses |= {each.status for each in summaries.values()}
        return {name: summaries[name] for name in found.tenants}

    def sent(self, told: Mapping[str, RunSummary]) -> None:
        """A table of what was sent to Optiply: a row per entity that had something to send."""
        names = dict.fromkeys(
            name for each in told.values() for name, result in each.optiply_entities()
        )
        rows = [
            [name.removeprefix("optiply/"), *(_sent(each, name) for each in told.values())]
            for name in names
            if any(_sent(each, name) for each in told.values())
        ]
        self.table(["sent to Optiply", *told], rows)

    def _print(self, text: str) -> None:
        if not self.quiet:
            output.console(plain_width=WIDTH).print(text, markup=False, soft_wrap=True)


def as_told(summaries: Mapping[str, RunSummary]) -> Told:
    """A round for the JSON document."""
    return {name: each.as_json() for name, each in summaries.items()}


def _sent(summary: RunSummary, name: str) -> str:
    """``56 new, 2 changed``, or nothing."""
    result = summary.entities.get(name)
    counts = {word: getattr(result, count, 0) for count, word in WORDS.items()}
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)
