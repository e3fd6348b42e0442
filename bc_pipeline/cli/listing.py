"""The commands there are, as ``bc-pipeline --help`` lists them. Nothing is imported but click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click


@dataclass(frozen=True)
class LazyCommand:
    """A command that is imported when it is used: help and mistakes come at once.

    Args:
        line: what it does, in the list of commands; fits there.
        examples: what follows ``bc-pipeline``; shown below its help.
        module: below ``bc_pipeline.cli``; that of the command's name by default.
        name: of the command in it; that of the module by default.
    """

    line: str
    examples: tuple[str, ...]
    module: str = ""
    name: str = ""

    def load(self) -> click.Command:
        """The command itself, with its examples, and completing tenants and entities."""
        from bc_pipeline.cli.completing import complete_names

        command = getattr(import_module(f"bc_pipeline.cli.{self.module}"), self.name)
        assert isinstance(command, click.Command)
        lines = "\n".join(f"  bc-pipeline {example}" for example in self.examples)
        command.epilog = f"\b\nExamples:\n{lines}"
        complete_names(command)
        return command


def _named(**commands: LazyCommand) -> dict[str, LazyCommand]:
    """By the names people type; module and name where the command does not say others."""
    found = {}
    for name, command in commands.items():
        module = command.module or name
        inner = command.name or name
        typed = name.replace("_", "-")
        found[typed] = LazyCommand(command.line, command.examples, module, inner)
    return found


GROUPS: Mapping[str, Mapping[str, LazyCommand]] = {
    "Run": _named(
        sync=LazyCommand(
            "Bring Optiply up to date with Business Central.",
            ("sync --all", "sync acme --entity products --dry-run", "sync acme --full"),
        ),
        stock=LazyCommand(
            "Bring just the stock levels up to date.", ("stock --all", "stock acme --json")
        ),
        export=LazyCommand(
            "Write buy orders and files to Business Central.",
            ("export --all", "export acme --entity Bills --dry-run"),
            module="sync",
        ),
    ),
    "Look": _named(
        status=LazyCommand(
            "How every tenant stands, and what waits and why.",
            ("status", "status acme", "status --exit-code"),
        ),
        find=LazyCommand(
            "A record by any number, id or name.",
            ("find acme 106025", "find acme 'Desk lamp'"),
        ),
        show=LazyCommand(
            "A record's story: why it stands as it does.",
            ("show acme products 1896-S", "show acme buy_orders 106025"),
        ),
        records=LazyCommand(
            "The records behind a number, with their reasons.",
            ("records acme products --state skipped", "records acme sell_orders --csv held.csv"),
        ),
        report=LazyCommand(
            "How a tenant is doing, on one page of HTML.",
            ("report acme", "report acme --output acme.html"),
        ),
        verify=LazyCommand(
            "Compare Optiply itself with what was sent.",
            ("verify acme", "verify acme products --repair"),
        ),
        metrics=LazyCommand(
            "Figures of every tenant for Prometheus.", ("metrics --output bc_pipeline.prom",)
        ),
    ),
    "Repair": _named(
        retry=LazyCommand(
            "Try held-back records again in the next run.",
            ("retry acme", "retry acme sell_orders"),
            module="operator",
        ),
        resend=LazyCommand(
            "Bring again what was not written, once repaired.",
            ("resend acme", "resend acme bills bill-2001"),
            module="operator",
        ),
        approve_deletions=LazyCommand(
            "Let held deletions happen; shows them and asks.",
            ("approve-deletions acme", "approve-deletions acme products --yes"),
            module="operator",
        ),
        pause=LazyCommand("Keep schedules from starting a tenant for a while.", ("pause acme",)),
        resume=LazyCommand("Let schedules start a tenant again.", ("resume acme",), module="pause"),
        rebind=LazyCommand(
            "Say that an environment or address was renamed.", ("rebind acme",), module="operator"
        ),
        accept_sell_order_source=LazyCommand(
            "Accept another source of sell orders.",
            ("accept-sell-order-source acme",),
            module="operator",
        ),
    ),
    "Set up": _named(
        demo=LazyCommand("See it work: two tenants, no account needed.", ("demo", "demo --ui")),
        sandbox=LazyCommand(
            "Business Central and Optiply to play with.",
            ("sandbox", "sandbox order cronus", "sandbox sign-out"),
        ),
        connect=LazyCommand(
            "Connect a shop, from consent to its entry.",
            ("connect acme", "connect acme --no-browser"),
        ),
        check=LazyCommand(
            "Whether the next run would work; writes nothing.", ("check", "check acme")
        ),
        tenants=LazyCommand(
            "List, import and remove tenants.",
            ("tenants list", "tenants import config.json", "tenants remove acme"),
        ),
        alerts=LazyCommand(
            "Who was told of what; try the addresses.", ("alerts list", "alerts test")
        ),
        retention=LazyCommand(
            "Delete history that is older than the limits.", ("retention --dry-run",)
        ),
        completion=LazyCommand(
            "Let the shell complete commands and names.",
            ("completion bash >> ~/.bashrc", "completion fish"),
        ),
    ),
}
"""Heading -> its commands, by the names people type, in the order they are listed."""

COMMANDS: Mapping[str, LazyCommand] = {
    name: command for group in GROUPS.values() for name, command in group.items()
}
