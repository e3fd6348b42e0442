"""How deletions that wait for an approval are shown."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.cli import output
from bc_pipeline.to_optiply.held import HeldDeletion


def print_deletions(tenant: str, deletions: Sequence[HeldDeletion], shown: int) -> None:
    """Records that would be taken away, by number and name."""
    if not deletions:
        return
    output.print_table(
        f"{tenant}: would be taken away in Optiply, waits for approval",
        ["entity", "number", "name"],
        [
            [each.entity, each.number or ("" if each.name else each.remote_id), each.name]
            for each in deletions[:shown]
        ],
    )
    if len(deletions) > shown:
        output.line(
            f"and {len(deletions) - shown} more: bc-pipeline records {tenant} ENTITY --state guard"
        )
