"""Every check, of the table of checks."""

from __future__ import annotations

from bc_pipeline.catalogue.task import GROUPS
from bc_pipeline.catalogue.tasks import TASKS
from bc_pipeline.orchestration.checks.check import Check
from bc_pipeline.orchestration.checks.table import CHECKS
from bc_pipeline_tests.reference.markdown import code, codes, prose, table
from bc_pipeline_tests.reference.markdown import page as whole

_FAILS = {"error": "fails", "warn": "warns"}


def page() -> str:
    """The page."""
    rows = [
        (code(each.name), _assets(each), _FAILS[each.severity], prose(each.description))
        for each in CHECKS
    ]
    return whole(
        "Checks",
        "What each run says about the assets it worked on. The page of a check has one row per "
        "tenant. One that fails is an error, one that warns is not; both have the records "
        "concerned in their metadata. What to do: [Runbook](../runbook.md).",
        table(("check", "of", "else it", "holds when"), rows),
    )


def _assets(check: Check) -> str:
    """All of a group by its name; otherwise each."""
    names = [task.name for task in TASKS if check.applies_to(task.name)]
    for prefix in GROUPS:
        if set(names) == {task.name for task in TASKS if task.prefix == prefix}:
            return f"all `{prefix}/*`"
    if {name.split("/")[0] for name in names} == {"bc", "optiply"} and len(names) > 20:
        return "all `bc/*`, `optiply/*`"
    return codes(names)
