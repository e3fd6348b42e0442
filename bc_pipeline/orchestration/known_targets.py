"""Within a run, which materialization a check is about is asked once per asset.

Dagster asks its storage for each check's evaluation, 74 of them in a run of all assets, always the
same until the asset is materialized again: a tenth of such a run. Nobody else materializes the
tenant's assets meanwhile: its runs never overlap. There is no setting for it, so the event log
storage's ``fetch_materializations`` is replaced on the instance for the length of the run;
``test_known_targets`` fails first when Dagster asks another way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    EventLogEntry,
    EventRecordsResult,
)


@contextmanager
def known_targets(instance: DagsterInstance) -> Iterator[None]:
    """The same question has one answer inside the block, until a materialization is booked there.
    For one thread that executes; may be nested."""
    storage = instance.event_log_storage
    fetch, store, store_batch = (
        storage.fetch_materializations,
        storage.store_event,
        storage.store_event_batch,
    )
    known: dict[str, EventRecordsResult] = {}

    def fetched(
        records_filter: AssetKey | AssetRecordsFilter,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        question = repr((records_filter, limit, cursor, ascending))
        if question not in known:
            known[question] = fetch(records_filter, limit, cursor, ascending)
        return known[question]

    def stored(event: EventLogEntry) -> None:
        store(event)
        forget([event])

    def stored_batch(events: Sequence[EventLogEntry]) -> None:
        store_batch(events)
        forget(events)

    def forget(events: Sequence[EventLogEntry]) -> None:
        if any(e.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION for e in events):
            known.clear()

    replaced = {
        "fetch_materializations": fetched,
        "store_event": stored,
        "store_event_batch": stored_batch,
    }
    before = {name: vars(storage)[name] for name in replaced if name in vars(storage)}
    vars(storage).update(replaced)
    try:
        yield
    finally:
        for name in replaced:
            del vars(storage)[name]
        vars(storage).update(before)
