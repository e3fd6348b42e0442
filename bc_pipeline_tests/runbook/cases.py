"""What provokes a failure, by the name of its row in ``docs/runbook.md``."""

from __future__ import annotations

from collections.abc import Callable

from bc_pipeline_tests.runbook.world import World

Provoked = Callable[[World], str]
PROVOKED: dict[str, Provoked] = {}


def case(name: str) -> Callable[[Provoked], Provoked]:
    """Marks what provokes a failure."""

    def kept(provoke: Provoked) -> Provoked:
        assert name not in PROVOKED
        PROVOKED[name] = provoke
        return provoke

    return kept
