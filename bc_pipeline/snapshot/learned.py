"""What has been learned about an Optiply account and holds for later runs, in ``ops.meta``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from bc_pipeline.catalogue.resources import Resource
from bc_pipeline.snapshot import meta
from bc_pipeline.snapshot.meta import get, get_each
from bc_pipeline.snapshot.store import Snapshot

__all__ = ["Learned", "get", "get_each", "load", "put", "put_each", "save"]

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
    put_each(snapshot, {key: value})


def put_each(snapshot: Snapshot, values: Mapping[str, str]) -> None:
    """Set several at once; writes only those that change."""
    with snapshot.cursor() as cursor:
        known = get_each(cursor, values)
    changed = {key: value for key, value in values.items() if known.get(key) != value}
    if not changed:
        return
    with snapshot.transaction() as cursor:
        for key, value in changed.items():
            meta.put(cursor, key, value)
