"""Where pages are kept, and how they get there."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from bc_pipeline.tenants import files

URL_VARIABLE = "BC_PIPELINE_REPORTS_URL"
"""Where a web server of yours shows the folder of the pages."""


def place_of(home: Path, tenant: str) -> Path:
    """The file of a tenant's page.

    Args:
        home: BC_PIPELINE_HOME.
        tenant: whose.
    """
    return home / "reports" / f"{tenant}.html"


def save(path: Path, page: str) -> None:
    """Replace the file as a whole; its group may read it, such as a web server's.

    Raises:
        OSError: it could not be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, page.encode(), durable=False)
    path.chmod(0o640)


def address_of(path: Path) -> str | None:
    """Where a browser opens it; None without BC_PIPELINE_REPORTS_URL."""
    base = os.environ.get(URL_VARIABLE, "").strip().rstrip("/")
    return f"{base}/{quote(path.name)}" if base else None
