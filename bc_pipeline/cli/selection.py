"""Which tenants a command works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from bc_pipeline.disk import cannot_store
from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.registry import Registry

Command = TypeVar("Command", bound=Callable[..., Any])


def load_to_run() -> Registry:
    """The registry, for a command that runs tenants: that it cannot be read is told to those whom
    it last named under ``alerts``, for nobody may be watching.

    Raises:
        ConfigError: tenants.yaml as a whole cannot be read.
    """
    try:
        return registry.load()
    except ConfigError as error:
        from bc_pipeline.alerts import telling

        telling.file_is_broken(registry.home_directory(), error)
        raise


@contextmanager
def telling_of_all(found: Registry, every: bool) -> Iterator[None]:
    """Around what a tick does, by hand or by cron: afterwards it is told how every tenant stands,
    also one that did not run. So it is when nothing can run because nothing can be stored.

    Args:
        found: the registry.
        every: whether all tenants are meant; else only what was cut off before is told.
    """
    told = (found.common_alerts, *found.told_of.values())
    heard = any((*told, *(tenant.alerts for tenant in found.tenants.values())))
    if heard:
        from bc_pipeline.alerts import telling

        telling.before_runs(found)
    try:
        yield
    except Exception as error:
        every = every or cannot_store(error, found.home) is not None
        raise
    finally:
        if every and heard:
            telling.look(found)


def tenant_arguments(command: Command) -> Command:
    """Adds ``[TENANT...]`` (parameter ``tenants``) to a command."""
    return click.argument("tenants", nargs=-1, metavar="[TENANT...]")(command)


def which_tenants(entity_help: str) -> Callable[[Command], Command]:
    """Adds ``[TENANT...]``, ``--all`` (``every``) and ``--entity`` (``entities``) to a command.

    Args:
        entity_help: which entities can be named, and how.
    """

    def add(command: Command) -> Command:
        named = click.option(
            "--entity", "entities", multiple=True, metavar="NAME", help=entity_help
        )
        every = click.option("--all", "every", is_flag=True, help="All enabled tenants.")
        return tenant_arguments(every(named(command)))

    return add


@contextmanager
def must_have_run(tenant: str) -> Iterator[None]:
    """Says what to do where a tenant has no snapshot yet.

    Raises:
        ConfigError: it has not run yet.
    """
    try:
        yield
    except FileNotFoundError:
        raise ConfigError(f"{tenant} has not run yet: bc-pipeline sync {tenant}") from None


def selected_tenants(found: Registry, names: Sequence[str], every: bool) -> list[str]:
    """The tenants meant by ``TENANT...`` or ``--all``, disabled ones only by name.

    Raises:
        ConfigError: none is configured, an unknown one is named, or everything named is wrongly
            configured, so that nothing can be started.
        UsageError: neither names nor ``--all``, or both.
    """
    if every and names:
        raise click.UsageError("Name tenants or say --all, not both.")
    if not every and not names:
        raise click.UsageError("Name at least one tenant, or say --all.")
    if every and not found.names():
        raise ConfigError(found.how_to_add())
    enabled = [tenant.name for tenant in found.enabled()]
    chosen = [*enabled, *found.broken()] if every else known_tenants(found, names)
    broken = [found.errors[name] for name in chosen if name in found.errors]
    if chosen and len(broken) == len(chosen):
        raise ConfigError("; ".join(str(error) for error in broken))
    return chosen


def known_tenants(found: Registry, names: Sequence[str]) -> list[str]:
    """The named tenants, or all when none is named.

    Raises:
        ConfigError: an unknown one is named, or there is none at all.
    """
    if not found.names():
        raise ConfigError(found.how_to_add())
    for name in names:
        if name not in found.names():
            found.get(name)  # raises with a suggestion
    return list(dict.fromkeys(names)) or found.names()
