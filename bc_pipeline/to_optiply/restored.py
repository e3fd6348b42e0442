"""After Business Central went back in time, deletions in Optiply wait for an operator, however few
(decisions 3): what is missing there now may come back, or have to be entered again.

A restore takes back everything of an environment, so all resources wait, whichever entity told.
Each is free again once an operator has approved its deletions, or has none to wait for.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from bc_pipeline.catalogue.resources import Resource
from bc_pipeline.reading import went_back
from bc_pipeline.snapshot import meta
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_optiply.guard import listing

_SETTLED = "went_back_settled.{}"


def waits(cursor: duckdb.DuckDBPyConnection, resource: Resource) -> bool:
    """Whether deletions of a resource wait."""
    newest = max(went_back.noted(cursor).values(), default=None)
    settled = meta.get(cursor, _SETTLED.format(resource.name))
    return newest is not None and (settled is None or int(settled) < newest)


def settle(snapshot: Snapshot, resource: Resource, run_no: int) -> None:
    """Deletions of a resource wait no longer."""
    with snapshot.cursor() as cursor:
        if not waits(cursor, resource):
            return
    with snapshot.transaction() as cursor:
        meta.put(cursor, _SETTLED.format(resource.name), str(run_no))


def reason(
    entity: str, tenant: str, deletions: int, standing: int, names: Sequence[str] = ()
) -> str:
    """Why nothing was deleted, of which records (``names``), and what to do."""
    return (
        f"Business Central shows an older state than before, and {deletions} of {standing} records "
        f"would be taken away in Optiply; nothing was{listing(names, deletions)}. Was the "
        "environment restored to an earlier point, and is that meant? If so: "
        f"bc-pipeline approve-deletions {tenant} {entity}"
    )
