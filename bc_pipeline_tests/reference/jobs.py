"""Jobs, schedules, sensors and assets, of Dagster's definitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bc_pipeline.definitions import defs
from bc_pipeline_tests.reference.markdown import code, prose, table
from bc_pipeline_tests.reference.markdown import page as whole


def named(kind: str) -> list[Any]:
    """All ``jobs``, ``schedules``, ``sensors`` or ``assets`` of the project by name."""
    return sorted(getattr(defs, kind) or (), key=lambda each: each.name)


def page() -> str:
    """The page."""
    return whole(
        "Jobs, schedules and sensors",
        "What Dagster's UI lists. How they work together: [Operations](../operations.md).",
        "## Jobs\n\n" + table(("job", "does"), _described(named("jobs"))),
        "## Schedules\n\n"
        + table(
            ("schedule", "when", "at first", "does"),
            (
                (
                    code(each.name),
                    code(each.cron_schedule),
                    _at_first(each),
                    prose(each.description or ""),
                )
                for each in named("schedules")
            ),
        ),
        "## Sensors\n\n"
        + table(
            ("sensor", "looks every", "at first", "does"),
            (
                (
                    code(each.name),
                    f"{each.minimum_interval_seconds} seconds",
                    _at_first(each),
                    prose(each.description or ""),
                )
                for each in named("sensors")
            ),
        ),
    )


def _described(jobs: Iterable[Any]) -> list[tuple[str, str]]:
    return [(code(each.name), prose(each.description or "")) for each in jobs]


def _at_first(each: Any) -> str:
    return "on" if each.default_status.value == "RUNNING" else "off"
