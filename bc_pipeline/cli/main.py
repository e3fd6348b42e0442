"""Entry point: the list of commands, and how every one of them ends."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import NoReturn

import click

from bc_pipeline.cli.listing import GROUPS, LazyCommand
from bc_pipeline.cli.output import INTERRUPTED, SOME_FAILED, USAGE, message, print_json
from bc_pipeline.disk import cannot_store
from bc_pipeline.errors import ConfigError, PipelineError


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used.

    Args:
        groups: heading -> commands, by the name people type.
    """

    def __init__(
        self, *, groups: Mapping[str, Mapping[str, LazyCommand]], **options: object
    ) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.groups = groups
        self.lazy = {name: each for group in groups.values() for name, each in group.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = self.lazy.get(cmd_name)
        return found.load() if found else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but a word that is no command is told with the one it may mean."""
        if args and args[0] not in self.lazy and not args[0].startswith("-"):
            close = get_close_matches(args[0], self.lazy, n=1)
            hint = f"did you mean {close[0]}?" if close else "bc-pipeline --help lists them."
            ctx.fail(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(len(name) for name in self.lazy)
        for heading, group in self.groups.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), group[name].line) for name in group])


@click.group(
    cls=LazyGroup,
    groups=GROUPS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="bc_pipeline", prog_name="bc-pipeline")
def commands() -> None:
    """Keeps Business Central and Optiply in step, for many tenants.

    Begin with demo, then connect TENANT. COMMAND --help has examples.

    Every command takes --json: one JSON document on stdout, everything else on stderr.
    Exit code 0: success; 1: some tenant failed; 2: usage or configuration.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command line and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given))


def run(arguments: Sequence[str], command: click.Command = commands) -> int:
    """Run one command line; its exit code. Foreseen errors are told, not thrown."""
    as_json = "--json" in arguments
    try:
        code = command.main(list(arguments), prog_name="bc-pipeline", standalone_mode=False)
    except click.Abort:
        return _failed(as_json, "Interrupted", INTERRUPTED)
    except click.ClickException as error:
        if not as_json:
            error.show()
            return USAGE
        return _failed(as_json, error.format_message(), USAGE)
    except ConfigError as error:
        return _failed(as_json, str(error), USAGE)
    except PipelineError as error:
        return _failed(as_json, str(error), SOME_FAILED)
    except KeyboardInterrupt:
        return _failed(as_json, "Interrupted", INTERRUPTED)
    except Exception as error:
        from bc_pipeline.tenants.registry import home_directory  # takes its time

        obstacle = cannot_store(error, home_directory())
        if obstacle is None:
            raise
        return _failed(as_json, str(obstacle), SOME_FAILED)
    return code if isinstance(code, int) else 0


def _failed(as_json: bool, text: str, code: int) -> int:
    if as_json:
        print_json({"error": text})
    else:
        message(f"Error: {text}")
    return code
