"""Whether Optiply itself still has what was sent, as the last daily comparison found it."""

from __future__ import annotations

from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.orchestration.checks.check import CheckInput, Finding
from bc_pipeline.run.freshness import minute
from bc_pipeline.run.verification import last_verified

SHOWN = ("kind", "number", "name", "text")


def agrees_with_optiply(given: CheckInput) -> Finding:
    """Nothing that was sent is missing in Optiply, was changed there by somebody else, stands there
    twice, or is there without our knowing (decisions 5)."""
    entity = BY_NAME[given.name].entity
    found = last_verified(given.cursor, entity)
    command = f"bc-pipeline verify {given.tenant.name} {entity}"
    if found is None:
        return Finding(True, f"Not compared with Optiply yet; at any time: {command}")
    if found.reason is not None:
        return Finding(False, f"Optiply could not be read for the comparison: {found.reason}")
    figures = {"compared": found.compared, "at": minute(found.at), **found.counts}
    different = {kind: number for kind, number in found.counts.items() if number}
    if not different:
        text = f"Optiply had what was sent ({found.compared} records, {minute(found.at)})"
        return Finding(True, text, metadata=figures)
    told = ", ".join(f"{number} {kind}" for kind, number in different.items())
    return Finding(
        False,
        f"Optiply differed from what was sent: {told} ({minute(found.at)}). All of them: "
        f"{command}; to send again what can be sent again: {command} --repair",
        sample=[{name: row[name] for name in SHOWN} for row in found.sample],
        metadata=figures,
    )
