"""The table of defects: what the system we replace did, and what we show instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bc_pipeline_tests.to_business_central.defects.world import World

Scenario = Callable[[World], None]

SEVERE = tuple(f"D{n}" for n in range(1, 14))
"""Wrong books or lost truth."""
STOPPING = tuple(f"B{n}" for n in range(1, 16))
"""A run stops, or a record is blocked for ever."""
FRAGILE = tuple(f"C{n}" for n in range(1, 22))
"""Slow or fragile."""
ALL = (*SEVERE, *STOPPING, *FRAGILE)


@dataclass(frozen=True)
class Defect:
    """One row.

    Args:
        id: as in target_behaviour.md 10.
        before: what the system we replace did.
        now: what we show instead.
        scenario: shows it; fails when we do as it was before.
    """

    id: str
    before: str
    now: str
    scenario: Scenario


DEFECTS: list[Defect] = []


def defect(id: str, *, before: str, now: str) -> Callable[[Scenario], Scenario]:
    """Enters the decorated scenario into the table."""

    def enter(scenario: Scenario) -> Scenario:
        DEFECTS.append(Defect(id, before, now, scenario))
        return scenario

    return enter
