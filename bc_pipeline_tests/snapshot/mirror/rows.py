"""Small tables and pages for the tests of the mirror."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.snapshot.mirror.comparison import Comparison
from bc_pipeline.snapshot.mirror.staging import Staging
from bc_pipeline.snapshot.mirror.swap import Swap, swap
from bc_pipeline.snapshot.store import Snapshot

ORDERS, LINES, EXPAND = TABLES["sales_orders"], TABLES["sales_order_lines"], "salesOrderLines"
MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


def order(id: str, number: str = "1", *lines: dict[str, Any], stamp: int = 1) -> dict[str, Any]:
    return {
        "id": id,
        "number": number,
        "lastModifiedDateTime": f"2026-01-01T00:00:{stamp:02d}Z",
        EXPAND: list(lines),
    }


def line(id: str, quantity: float = 1, sequence: int = 10000) -> dict[str, Any]:
    return {"id": id, "sequence": sequence, "quantity": quantity}


def write_page(directory: Path, rows: Any, name: str = "page.json") -> Path:
    path = directory / name
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows))
    return path


def bring(
    snapshot: Snapshot,
    directory: Path,
    pages: Iterable[list[dict[str, Any]]],
    *,
    full: bool = True,
    keys: Iterable[str] | None = None,
    run_no: int = 1,
) -> Swap:
    """Stages pages of orders and swaps them in."""
    with snapshot.cursor() as cursor:
        staging = Staging(cursor, ORDERS, LINES, EXPAND)
        for rows in pages:
            staging.load(write_page(directory, rows), exact=False)
        gone = set() if keys is None else Comparison(cursor, ORDERS).not_among(keys)
        cursor.begin()
        done = swap(cursor, staging, run_no=run_no, read_at=MOMENT, full=full, gone=gone)
        cursor.commit()
    return done


def mirrored(snapshot: Snapshot) -> tuple[list[Any], list[Any]]:
    """What the mirror says of orders and of their lines."""
    with snapshot.cursor() as cursor:
        return (
            _all(cursor, 'SELECT id, "number" FROM bc.sales_orders ORDER BY ALL'),
            _all(
                cursor,
                "SELECT documentId, id, quantity::DOUBLE FROM bc.sales_order_lines ORDER BY ALL",
            ),
        )


def _all(cursor: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return cursor.execute(query).fetchall()
