"""Entry point: the list of commands, and how every one of them ends."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn

import click

from bc_pipeline.cli.output import INTERRUPTED, SOME_FAILED, USAGE, message, print_json
from bc_pipeline.errors import ConfigError, PipelineError

# A group whose commands are imported when they are used: help and mistakes come at once.


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


COMMANDS = {
    "demo": LazyCommand(
        "demo", "demo", "Play Business Central and Optiply, and keep two tenants in step."
    ),
    "sandbox": LazyCommand(
        "sandbox",
        "sandbox",
        "Serve Business Central, its sign-in and Optiply on this machine until interrupted.",
    ),
    "sync": LazyCommand(
        "sync", "sync", "Bring Optiply up to date with Business Central, one run per tenant."
    ),
    "stock": LazyCommand(
        "stock",
        "stock",
        "Look whether stock has moved, and bring the stock levels in Optiply up to date.",
    ),
    "export": LazyCommand(
        "sync",
        "export",
        "Write Optiply's buy orders and the files in outbound/ to Business Central.",
    ),
    "connect": LazyCommand(
        "connect",
        "connect",
        "Connect a shop: sign in at Microsoft, pick the company, try everything, write its entry.",
    ),
    "check": LazyCommand(
        "check",
        "check",
        "Check settings, credentials, company, dimension mappings and optional pages.",
    ),
    "status": LazyCommand(
        "status",
        "status",
        "How old each entity is, records per entity, what is held back and which exports did not "
        "work, with their reasons.",
    ),
    "records": LazyCommand(
        "records", "records", "The records behind a number, each with number, name and reason."
    ),
    "tenants": LazyCommand("tenants", "tenants", "The tenants of tenants.yaml."),
    "retry": LazyCommand(
        "operator", "retry", "Try quarantined and deferred records again in the next run."
    ),
    "resend": LazyCommand(
        "operator",
        "resend",
        "Bring again what could not be written to Business Central, once it is repaired.",
    ),
    "approve-deletions": LazyCommand(
        "operator",
        "approve_deletions",
        "Let the next run take away in Optiply what the deletion guard holds back; shows it and "
        "asks.",
    ),
    "accept-sell-order-source": LazyCommand(
        "operator",
        "accept_sell_order_source",
        "Accept that sync.sell_order_source was changed in tenants.yaml.",
    ),
    "pause": LazyCommand(
        "pause",
        "pause",
        "Keep schedules and sensors from starting a tenant, until it is resumed.",
    ),
    "resume": LazyCommand("pause", "resume", "Let schedules and sensors start a tenant again."),
    "rebind": LazyCommand(
        "operator",
        "rebind",
        "Say that a tenant's environment, sign-in tenant or address was only renamed.",
    ),
    "find": LazyCommand(
        "find",
        "find",
        "A record wherever it stands, by any number, id or name of either system.",
    ),
    "show": LazyCommand(
        "show",
        "show",
        "A record's story: how it stands and why, how each value came about (stock as a sum), what "
        "was sent when, what waits, and where to look at it.",
    ),
    "report": LazyCommand(
        "report",
        "report",
        "How a tenant is doing, on one page of HTML: health, trends, parity, what is held back and "
        "what to do, data quality, exports, slowest reads.",
    ),
    "alerts": LazyCommand(
        "alerts", "alerts", "Who has been told of what, and whether messages arrive."
    ),
    "metrics": LazyCommand(
        "metrics", "metrics", "Figures of every tenant in the text format of Prometheus."
    ),
    "retention": LazyCommand(
        "retention",
        "retention",
        "Delete runs of Dagster and of the snapshots' books that are older than the limits.",
    ),
    "verify": LazyCommand(
        "verify", "verify", "Compare Optiply itself with what was last sent there."
    ),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="bc_pipeline", prog_name="bc-pipeline")
def commands() -> None:
    """Keeps Business Central and Optiply in step, for many tenants.

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
    return code if isinstance(code, int) else 0


def _failed(as_json: bool, text: str, code: int) -> int:
    if as_json:
        print_json({"error": text})
    else:
        message(f"Error: {text}")
    return code
