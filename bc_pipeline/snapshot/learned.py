"""What has been learned about an Optiply account and holds for later runs, in ``ops.meta``."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from bc_pipeline.catalogue.resources import Resource
from bc_pipeline.snapshot import meta
from bc_pipeline.snapshot.meta import get
from bc_pipeline.snapshot.store import Snapshot

__all__ = ["Learned", "get", "load", "put", "save"]

_OMIT_SYNCED_TO = "optiply.{}.omit_remoteDataSyncedToDate"


@dataclass
class Learned:
    """What is known of one resource.

    Args:
        omit_synced_to: a 400 has named remoteDataSyncedToDate; it is left out (optiply.md 6).
    """

    omit_synced_to: bool = False


def load(cursor: duckdb.DuckDBPyConnection, resource: Resource) -> Learned:
    """What is known so far."""
    return Learned(get(cursor, _OMIT_SYNCED_TO.format(resource.path)) == "true")


def save(snapshot: Snapshot, resource: Resource, learned: Learned) -> None:
    """Keep it, where there is something to keep."""
    if learned.omit_synced_to:
        put(snapshot, _OMIT_SYNCED_TO.format(resource.path), "true")


def put(snapshot: Snapshot, key: str, value: str) -> None:
    """Set a value of ``ops.meta``; writes only when it changes."""
    with snapshot.cursor() as cursor:
        if get(cursor, key) == value:
            return
    with snapshot.transaction() as cursor:
        meta.put(cursor, key, value)
