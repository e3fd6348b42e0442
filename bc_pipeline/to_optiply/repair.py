"""Letting the next run send again what Optiply has lost or somebody has changed there
(decisions 5). The ordinary run does it; here the id map is only told what to doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import duckdb

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.errors import ConfigError
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_optiply.diff import FORCED, UNCONFIRMED
from bc_pipeline.to_optiply.id_map import gone_in_optiply
from bc_pipeline.to_optiply.verified import Difference, Verified

MOST_MISSING = 5
MISSING_SHARE = 0.20

_DOUBT = f"""
UPDATE sync.{{name}} SET state = CASE WHEN state = 'disabled' THEN 'active' ELSE state END,
  next_attempt_run = NULL, failed_hash = NULL,
  extra = json_merge_patch(coalesce(extra, '{{{{}}}}'), json_object('{UNCONFIRMED}',
    list_distinct(list_concat(CAST($names AS VARCHAR[]), coalesce(
      CAST(json_extract(extra, '$.{UNCONFIRMED}') AS VARCHAR[]), [])))))
WHERE remote_id = $remote_id AND optiply_id = $optiply_id
"""
_MOVE = f"""
UPDATE sync.{{name}} SET optiply_id = $other, optiply_uuid = NULL, content_hash = '{FORCED}',
  next_attempt_run = NULL, failed_hash = NULL
WHERE remote_id = $remote_id AND optiply_id = $optiply_id
"""


def check_account(found: Iterable[Verified]) -> None:
    """Refuse to create again what looks like another account's being empty of ours.

    Raises:
        ConfigError: too much of an entity is missing in Optiply.
    """
    for each in found:
        missing = each.counts["missing"]
        known = each.compared + missing
        if missing > MOST_MISSING and missing > MISSING_SHARE * known:
            raise ConfigError(
                f"Optiply lacks {missing} of {known} records of {each.entity}. Wrong account? "
                "Check optiply.account_id. If they were really removed there, repair with --yes"
            )


def mark(snapshot: Snapshot, found: Iterable[Verified]) -> dict[str, int]:
    """Let the next run send again what can be sent again, durably and together.

    Returns:
        entity -> how many records that is, entities without any left out.
    """
    marked: dict[str, int] = defaultdict(int)
    with snapshot.transaction() as cursor:
        for each in found:
            sendable = [difference for difference in each.differences if not difference.by_hand]
            if sendable:
                _mark(cursor, each.entity.removeprefix("optiply/"), sendable)
                marked[each.entity] += len(sendable)
    return dict(marked)


def _mark(cursor: duckdb.DuckDBPyConnection, name: str, differences: Sequence[Difference]) -> None:
    gone = [d.optiply_id for d in differences if d.kind == "missing" and d.other_id is None]
    gone_in_optiply(cursor, RESOURCES[name], gone)
    for difference in differences:
        given = {"remote_id": difference.remote_id, "optiply_id": difference.optiply_id}
        if difference.kind == "changed":
            names = {"names": list(difference.values)}
            cursor.execute(_DOUBT.format(name=name), {**given, **names})
        elif difference.other_id is not None:
            cursor.execute(_MOVE.format(name=name), {**given, "other": difference.other_id})
