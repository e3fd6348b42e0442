"""How the books of a snapshot stay short: what is old goes, what is still asked for stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import duckdb

from bc_pipeline.snapshot.transaction import all_or_nothing

NEWEST_STAY = 50
"""Runs that stay however old they are: those of a tenant that was switched off tell how it stood,
and of runs before the book of what was sent whole, this many are looked through."""

BOOKS = ("runs", "reads", "entity_counts", "warnings")
"""Tables of ``ops`` that tell of runs, each by ``run_no``."""

# Who needs them: how fresh an entity is, whether it was ever read whole, which problem it had last,
# how the last run and the last good one went, which outcomes of files are the newest.
_NEEDED: Mapping[str, str] = MappingProxyType(
    {
        "the newest": f"SELECT run_no FROM ops.runs ORDER BY run_no DESC LIMIT {NEWEST_STAY}",
        "at work": "SELECT run_no FROM ops.runs WHERE ended_at IS NULL",
        "last that ended": "SELECT max(run_no) FROM ops.runs WHERE NOT dry_run "
        "AND ended_at IS NOT NULL AND summary IS NOT NULL",
        "last good": "SELECT max(run_no) FROM ops.runs SEMI JOIN (FROM ops.reads "
        "WHERE complete AND entity <> 'bc/companies') USING (run_no) "
        "WHERE NOT dry_run AND status IN ('success', 'partial')",
        "reads": "SELECT unnest([max(run_no), max(run_no) FILTER (complete)]) "
        "FROM ops.reads JOIN ops.runs USING (run_no) GROUP BY entity, coalesce(dry_run, false)",
        "sources that are not there": "SELECT max(run_no) FROM ops.warnings "
        "WHERE kind = 'source_absent' GROUP BY entity",
        "counts": "SELECT unnest([max(run_no), max(run_no) FILTER (kind = 'sent')]) "
        "FROM ops.entity_counts JOIN ops.runs USING (run_no) "
        "GROUP BY entity, coalesce(dry_run, false)",
        "bookmarks": "SELECT run_no FROM ops.bookmarks",
        "files": "SELECT max(run_no) FROM ops.runs JOIN (SELECT max(settled_at) AS settled_at "
        "FROM outbound.outcomes GROUP BY entity) ON started_at <= settled_at "
        "WHERE NOT dry_run GROUP BY settled_at",
    }
)
"""Runs that stay, each with all that the books tell of it."""


def trim(cursor: duckdb.DuckDBPyConnection, before: datetime, *, dry_run: bool = False) -> int:
    """Takes what the books tell of older runs out of them, but for what is still asked for, and
    what was sent before.

    Args:
        cursor: of the snapshot, whose tenant the caller holds; in no transaction.
        before: runs that started before it.
        dry_run: only count them.

    Returns:
        the runs that were taken out.
    """
    needed = " UNION ALL ".join(f"(FROM ({query}))" for query in _NEEDED.values())
    outdated = cursor.execute(
        f"WITH needed(run_no) AS ({needed}) SELECT run_no FROM ops.runs "
        "WHERE started_at < ? AND run_no NOT IN (FROM needed WHERE run_no IS NOT NULL)",
        [before],
    ).fetchall()
    runs = [run_no for (run_no,) in outdated]
    if not dry_run:
        with all_or_nothing(cursor):
            cursor.execute("DELETE FROM ops.sent WHERE sent_at < ?", [before])
            for table in BOOKS:
                cursor.execute(
                    f"DELETE FROM ops.{table} WHERE run_no IN (SELECT unnest(CAST(? AS BIGINT[])))",
                    [runs],
                )
    return len(runs)
