"""How far what is written to Business Central has got, entity by entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from bc_pipeline.report import AsJson
from bc_pipeline.snapshot.rows import rows

_LEDGER = """
SELECT 'outbound/' || entity AS entity, state, count(*) AS number, max(updated_at) AS last_at,
  arg_max(bc_number, updated_at) AS last_number
FROM outbound.ledger GROUP BY entity, state ORDER BY entity, state
"""
_WRITTEN = ("done", "linked")


@dataclass(frozen=True)
class Exported(AsJson):
    """One entity that is written to Business Central.

    Args:
        entity: as the asset is called.
        written: records that stand there.
        waiting: the others, by state.
        last_at, last_number: the newest that stands there.
    """

    entity: str
    written: int
    waiting: Mapping[str, int]
    last_at: datetime | None
    last_number: str | None


def exported(cursor: duckdb.DuckDBPyConnection) -> list[Exported]:
    """Every entity that the ledger knows a record of.

    Args:
        cursor: of the tenant's snapshot.
    """
    found = rows(cursor, _LEDGER)
    told = []
    for entity in dict.fromkeys(row["entity"] for row in found):
        own = [row for row in found if row["entity"] == entity]
        good = [row for row in own if row["state"] in _WRITTEN]
        newest = max(good, key=lambda row: row["last_at"], default=None)
        told.append(
            Exported(
                entity,
                sum(row["number"] for row in good),
                {row["state"]: row["number"] for row in own if row not in good},
                newest["last_at"] if newest else None,
                newest["last_number"] if newest else None,
            )
        )
    return told
