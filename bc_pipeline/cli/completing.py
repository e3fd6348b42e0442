"""Completion of names in the shell. Quick: no Dagster, no snapshot, no request."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from bc_pipeline.errors import PipelineError


class TenantName(click.ParamType[str]):
    """A tenant of tenants.yaml."""

    name = "text"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The tenants there are; none where the file cannot be read."""
        from bc_pipeline.tenants import registry

        try:
            names = registry.load().names()
        except PipelineError:
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class EntityName(click.ParamType[str]):
    """An entity, with or without what stands before its ``/``."""

    name = "text"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The entities there are; with their system once that is begun to be typed."""
        from bc_pipeline.catalogue.task import OUTBOUND
        from bc_pipeline.catalogue.tasks import TASKS

        tasks = [task for task in TASKS if ctx.info_name != "export" or task.prefix == OUTBOUND]
        whole = "/" in incomplete
        names = dict.fromkeys(task.name if whole else task.entity for task in tasks)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


TYPES: dict[str, click.ParamType[str]] = {
    "tenant": TenantName(),
    "tenants": TenantName(),
    "entity": EntityName(),
    "entities": EntityName(),
}
"""Name of a parameter -> what is completed there."""


def complete_names(command: click.Command) -> None:
    """Let a command, and those below it, complete tenants and entities."""
    for parameter in command.params:
        if parameter.name in TYPES and parameter.type is click.STRING:
            parameter.type = TYPES[parameter.name]
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            complete_names(inner)
