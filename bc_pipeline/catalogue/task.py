"""What a task is: reading an entity, bringing a resource to Optiply, or an export. Each is also an
asset of Dagster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bc_pipeline.tenants.settings import Tenant

BC = "bc"
OPTIPLY = "optiply"
OUTBOUND = "outbound"

LEDGER = "outbound.ledger"
"""The one table in which everything written to Business Central is booked."""

GROUPS = {BC: "business_central", OPTIPLY: "optiply", OUTBOUND: "outbound"}
"""Prefix of a task's name -> the group of its asset."""

SYSTEMS = {BC: "business_central", OPTIPLY: "optiply", OUTBOUND: "business_central"}
"""Prefix of a task's name -> the system that is read from or written to."""

When = Callable[[Tenant], object]
"""Whether a tenant's settings ask for something."""


def always(tenant: Tenant) -> bool:
    """Of what every tenant has."""
    return True


@dataclass(frozen=True)
class Need:
    """A task that another one needs, of tenants whose settings say so."""

    task: str
    when: When


Needs = tuple[str | Need, ...]
"""What a task needs: of every tenant that has it, unless it says of which."""


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        name: group prefix and entity, e.g. ``bc/items``.
        description: for the people who read the page of its asset.
        hard: the tasks that must succeed first.
        soft: the tasks that must only end first.
        beside: further tasks whose results it uses, which it does not wait for.
        when: whether a tenant has it.
        setting: the configuration key without which a tenant has no such entity, or None.
    """

    name: str
    description: str
    hard: Needs = ()
    soft: Needs = ()
    beside: tuple[str, ...] = ()
    when: When = always
    setting: str | None = None

    @property
    def prefix(self) -> str:
        return self.name.split("/")[0]

    @property
    def entity(self) -> str:
        return self.name.split("/")[1]

    @property
    def table(self) -> str:
        """Its table in the tenant's snapshot: the mirror, the wanted rows or the ledger."""
        return LEDGER if self.prefix == OUTBOUND else f"{self.prefix}.{self.entity}"

    @property
    def needs(self) -> tuple[str, ...]:
        """What it needs of any tenant: the assets upstream of its own."""
        named = [need.task if isinstance(need, Need) else need for need in self.hard + self.soft]
        return tuple(dict.fromkeys([*named, *self.beside]))


def needed(needs: Needs, tenant: Tenant) -> tuple[str, ...]:
    """The names of those that count for a tenant."""
    return tuple(
        need.task if isinstance(need, Need) else need
        for need in needs
        if not isinstance(need, Need) or need.when(tenant)
    )
