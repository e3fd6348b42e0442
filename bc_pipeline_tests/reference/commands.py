"""The commands, with every argument and option."""

from __future__ import annotations

from collections.abc import Iterator

import click

from bc_pipeline.cli.main import commands as root
from bc_pipeline_tests.reference.markdown import code, prose, table
from bc_pipeline_tests.reference.markdown import page as whole

PROGRAM = "bc-pipeline"
FREE_OF_CARE = ("--json", "--help")
"""Options every command has; the top of the page tells of them."""


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Each command by what one types; those of a group after it."""
    for name in sorted(root.lazy):
        command = root.lazy[name].load()
        yield name, command
        if isinstance(command, click.Group):
            for below in sorted(command.commands):
                yield f"{name} {below}", command.commands[below]


def options(command: click.Command) -> list[click.Option]:
    """The options people see."""
    return [each for each in command.params if isinstance(each, click.Option) and not each.hidden]


def page() -> str:
    """The page."""
    return whole(
        "Commands",
        prose(root.help or "").replace(" --json:", " `--json`:"),
        f"`{PROGRAM} --help` lists them; `{PROGRAM} COMMAND --help` says what is below. "
        f"`{PROGRAM}` is also `python -m bc_pipeline`.",
        *(_section(name, command) for name, command in every_command()),
    )


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"{PROGRAM} {name}")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## {name}", f"```text\n{usage}\n```", *_paragraphs(command.help)]
    rows = [_row(each, context) for each in options(command) if each.opts[0] not in FREE_OF_CARE]
    if rows:
        parts.append(table(("option", "means"), rows))
    parts += _examples(command.epilog)
    return "\n\n".join(parts)


def _paragraphs(text: str | None) -> list[str]:
    """The help; what click is told not to wrap stays as it stands there."""
    shown = []
    for part in (text or "").split("\n\n"):
        kept = part.lstrip().startswith("\b")
        lines = [line.strip() for line in part.replace("\b", "").strip().splitlines()]
        shown.append("```text\n" + "\n".join(lines) + "\n```" if kept else prose(part))
    return [part for part in shown if part]


def _examples(epilog: str | None) -> list[str]:
    """What stands below the options."""
    if not epilog:
        return []
    lines = [line.strip() for line in epilog.replace("\b", "").strip().splitlines()]
    return ["```text\n" + "\n".join(lines) + "\n```"]


def _row(option: click.Option, context: click.Context) -> tuple[str, str]:
    names = " / ".join(option.opts + option.secondary_opts)
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    default = option.get_default(context)
    known = not option.is_flag and default not in (None, "", ()) and not option.multiple
    told = f" Default: {code(default)}." if known and isinstance(default, str | int) else ""
    return code(names + value), prose(option.help or "") + told
