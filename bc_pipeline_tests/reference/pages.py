"""Which pages there are, and what makes each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from bc_pipeline_tests.reference import (
    alerts,
    checks,
    commands,
    hotglue,
    jobs,
    mapping,
    records,
    settings,
)

FOLDER = Path(__file__).parents[2] / "docs" / "reference"

PAGES: Mapping[str, Callable[[], str]] = {
    "alerts.md": alerts.page,
    "checks.md": checks.page,
    "commands.md": commands.page,
    "hotglue.md": hotglue.page,
    "jobs.md": jobs.page,
    "mapping.md": mapping.page,
    "records.md": records.page,
    "settings.md": settings.page,
}
"""File name -> its text."""


def write() -> None:
    """Write all pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")
