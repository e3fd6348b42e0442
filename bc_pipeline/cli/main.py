"""Entry point: the list of commands, and how every one of them ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from bc_pipeline.cli.approve import approve_deletions
from bc_pipeline.cli.check import check
from bc_pipeline.cli.demo import demo
from bc_pipeline.cli.export import export
from bc_pipeline.cli.operator import (
    accept_sell_order_source,
    resend,
    retry,
    show,
)
from bc_pipeline.cli.output import INTERRUPTED, SOME_FAILED, USAGE, message, print_json
from bc_pipeline.cli.rebind import rebind
from bc_pipeline.cli.records import records
from bc_pipeline.cli.sandbox import sandbox
from bc_pipeline.cli.status import status
from bc_pipeline.cli.sync import sync
from bc_pipeline.cli.tenants import tenants
from bc_pipeline.cli.verify import verify
from bc_pipeline.errors import ConfigError, PipelineError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="bc_pipeline", prog_name="bc-pipeline")
def commands() -> None:
    """Keeps Business Central and Optiply in step, for many tenants.

    Every command takes --json: one JSON document on stdout, everything else on stderr.
    Exit code 0: success; 1: some tenant failed; 2: usage or configuration.
    """


COMMANDS = (
    demo,
    sandbox,
    sync,
    export,
    check,
    status,
    records,
    tenants,
    retry,
    resend,
    approve_deletions,
    accept_sell_order_source,
    rebind,
    show,
    verify,
)

for command in COMMANDS:
    commands.add_command(command)


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
