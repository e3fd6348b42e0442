"""A group whose commands are imported when they are used: help and mistakes come at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is, and the first sentence of its help.

    Args:
        module: below ``bc_pipeline.cli``.
        name: of the command in it.
        help: as its own help begins; a test compares.
    """

    module: str
    name: str
    help: str

    def load(self) -> click.Command:
        """The command itself."""
        command = getattr(import_module(f"bc_pipeline.cli.{self.module}"), self.name)
        assert isinstance(command, click.Command)
        return command


class LazyGroup(click.Group):
    """A group of such commands.

    Args:
        lazy: by the name people type.
    """

    def __init__(self, *, lazy: Mapping[str, LazyCommand], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = self.lazy.get(cmd_name)
        return found.load() if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        limit = formatter.width - 6 - max(len(name) for name in self.lazy)
        rows = [
            (name, click.Command(name, help=self.lazy[name].help).get_short_help_str(limit))
            for name in sorted(self.lazy)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
