"""``bc-pipeline completion``: what a shell needs to complete commands, tenants and entities."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from bc_pipeline.cli import output

PROGRAM = "bc-pipeline"
VARIABLE = "_BC_PIPELINE_COMPLETE"
"""As click derives it from the program's name."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@output.json_option
def completion(shell: str, as_json: bool) -> int:
    """Print what lets a shell complete commands, options, tenants and entities.

    For bash and zsh put it into ~/.bashrc or ~/.zshrc:  eval "$(bc-pipeline completion bash)".
    For fish write it to ~/.config/fish/completions/bc-pipeline.fish. bash needs version 4.4.
    """
    from bc_pipeline.cli.main import commands

    found = get_completion_class(shell)
    assert found is not None, "click knows these three"
    script = found(commands, {}, PROGRAM, VARIABLE).source()
    return output.answer({"shell": shell, "script": script}, script, as_json=as_json)
