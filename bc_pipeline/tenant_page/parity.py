"""Whether Optiply has what it should, and what became of what it should not have."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import duckdb

from bc_pipeline.catalogue.names import has_table
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.task import OPTIPLY
from bc_pipeline.run.figures import wanted_and_there
from bc_pipeline.run.verification import LastVerified, last_verified

_DECIDED = """
SELECT count(*), count(*) FILTER (decision = 'skip'), count(*) FILTER (decision = 'defer')
FROM optiply.{name} WHERE decision <> 'update_only'
"""


@dataclass(frozen=True)
class Parity:
    """One resource of Optiply beside its source.

    Args:
        entity: as the asset is called.
        found: records in Business Central.
        left_out: of these, left out by the rules or the settings.
        waiting: of these, waiting for something they refer to.
        refused: of these, not to be made into something Optiply takes.
        wanted: of these, wanted in Optiply.
        there: of the wanted ones, in Optiply.
        verified_at: when Optiply itself was last compared with what was sent; None: not yet.
        verified: what that has found, in words.
        differs: it found differences, or could not be made.
    """

    entity: str
    found: int
    left_out: int
    waiting: int
    refused: int
    wanted: int
    there: int
    verified_at: datetime | None
    verified: str
    differs: bool

    @property
    def missing(self) -> int:
        return self.wanted - self.there

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"missing": self.missing}


def parity(cursor: duckdb.DuckDBPyConnection) -> list[Parity]:
    """Every resource that something was ever made for.

    Args:
        cursor: of the tenant's snapshot.
    """
    return [_one(cursor, name) for name in RESOURCES if has_table(cursor, OPTIPLY, name)]


def _one(cursor: duckdb.DuckDBPyConnection, name: str) -> Parity:
    row = cursor.execute(_DECIDED.format(name=name)).fetchone()
    found, left_out, waiting = row or (0, 0, 0)
    wanted, there = wanted_and_there(cursor, name)
    last = last_verified(cursor, name)
    if last is not None and not (last.reason or last.counts):  # there was nothing to compare yet
        last = None
    return Parity(
        f"{OPTIPLY}/{name}",
        found,
        left_out,
        waiting,
        found - left_out - waiting - wanted,
        wanted,
        there,
        last.at if last else None,
        _words(last),
        bool(last and (last.reason or any(last.counts.values()))),
    )


def _words(last: LastVerified | None) -> str:
    if last is None:
        return "not compared yet"
    if last.reason:
        return f"could not be compared: {last.reason}"
    different = [f"{number} {kind}" for kind, number in last.counts.items() if number]
    return ", ".join(different) or f"all {last.compared} as sent"
