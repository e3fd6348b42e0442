"""What takes the time: the slowest reads of the last weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from bc_pipeline.report import AsJson
from bc_pipeline.snapshot.rows import rows
from bc_pipeline.tenant_page.history import DAYS

SHOWN = 8

_SLOWEST = f"""
SELECT entity, count(*) AS reads, avg(seconds) AS usual, max(seconds) AS seconds,
  arg_max(rows, seconds) AS rows, arg_max(requests, seconds) AS requests,
  arg_max(mode, seconds) AS mode, arg_max(started_at, seconds) AS at
FROM ops.reads JOIN ops.runs USING (run_no)
WHERE NOT coalesce(dry_run, false) AND started_at >= $since AND seconds IS NOT NULL
GROUP BY entity ORDER BY max(seconds) DESC, entity LIMIT {SHOWN}
"""


@dataclass(frozen=True)
class SlowRead(AsJson):
    """The slowest read of one entity.

    Args:
        entity: as the asset is called.
        reads: how often it was read.
        usual: seconds on average.
        seconds: of the slowest.
        rows, requests: of the slowest.
        mode: how much was asked for then.
        at: start of that run.
    """

    entity: str
    reads: int
    usual: float
    seconds: float
    rows: int | None
    requests: int | None
    mode: str | None
    at: datetime


def slowest(cursor: duckdb.DuckDBPyConnection, now: datetime) -> list[SlowRead]:
    """The entities whose slowest read took longest, the slowest first.

    Args:
        cursor: of the tenant's snapshot.
        now: UTC.
    """
    since = now - timedelta(days=DAYS)
    return [SlowRead(**row) for row in rows(cursor, _SLOWEST, {"since": since})]
