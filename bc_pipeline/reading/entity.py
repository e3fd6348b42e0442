"""Reads one entity of Business Central into the mirror: wholly, or not at all."""

from __future__ import annotations

import threading
from contextlib import nullcontext, suppress
from datetime import date

import duckdb

from bc_pipeline import clock, disk
from bc_pipeline.business_central import published_pages
from bc_pipeline.business_central.client import BusinessCentral, is_absent
from bc_pipeline.business_central.read_result import ReadResult
from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.errors import (
    AuthError,
    Cancelled,
    ConfigError,
    PipelineError,
    ReadFailed,
    RequestFailed,
)
from bc_pipeline.reading import sweeps
from bc_pipeline.reading.entity_read import Reading
from bc_pipeline.reading.mode import overlap_of, plan_read
from bc_pipeline.snapshot.store import Snapshot

__all__ = ["ReadResult", "is_absent_source", "read_entity"]


def read_entity(
    bc: BusinessCentral,
    snapshot: Snapshot,
    entity: Entity,
    *,
    run_no: int,
    full: bool = False,
    since: date | None = None,
    cancel: threading.Event | None = None,
    fresh: bool = False,
) -> ReadResult:
    """Reads an entity and brings the mirror up to date in one transaction.

    Entities may be read at the same time from several threads.

    Args:
        bc: the tenant's Business Central.
        snapshot: the tenant's snapshot, open for writing.
        entity: one of ``ENTITIES``.
        run_no: noted on every row written and in ``ops.reads``.
        full: forget the bookmark for this read.
        since: read from this date instead of from the bookmark (flows.md 10).
        cancel: stops between pages.
        fresh: no replica may answer.

    Raises:
        AuthError, ConfigError, Cancelled: the run cannot go on.
        ReadFailed: the read did not complete. The mirror is as before; ``ops.reads`` says why.
    """
    with snapshot.cursor() as cursor:
        options = bc.tenant.sync
        plan = plan_read(
            cursor,
            entity,
            overlap=overlap_of(options),
            full=full,
            since=since,
            sweep=sweeps.is_due(cursor, entity, options, clock.now()),
        )
        reading = Reading(
            bc, snapshot, entity, plan, run_no, cancel or bc.cancel, cursor, fresh=fresh
        )
        try:
            return reading.run()
        except RequestFailed as error:
            if is_absent_source(bc, entity, error):
                return reading.absent(error)
            reading.record_failure(str(error))
            raise ReadFailed(f"{entity.name}: {error}") from error
        except (AuthError, ConfigError, Cancelled) as error:
            reading.record_failure(str(error))
            raise
        except PipelineError as error:
            reading.record_failure(str(error))
            raise ReadFailed(f"{entity.name}: {error}") from error
        except (duckdb.Error, OSError) as error:
            obstacle = disk.cannot_store(error, snapshot.path.parent)
            reason = str(obstacle or f"the rows could not be stored: {error}")
            # Where nothing can be stored, that cannot be either; the run tells it.
            with suppress(duckdb.Error) if obstacle else nullcontext():
                reading.record_failure(reason)
            raise ReadFailed(reason if obstacle else f"{entity.name}: {reason}") from error


def is_absent_source(bc: BusinessCentral, entity: Entity, error: RequestFailed) -> bool:
    """Whether an entity is one the tenant may lack, and Business Central says that it does."""
    version = bc.company.major_version
    page_gone = entity.route == "page" and published_pages.is_gone(error, version)
    return entity.optional and (page_gone or is_absent(error))
