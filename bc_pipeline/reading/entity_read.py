"""One read of one entity in progress: URL, pages, staging, swap, bookmark."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import duckdb
import orjson

from bc_pipeline import clock
from bc_pipeline.business_central import published_pages
from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.business_central.filters import Guid, any_of
from bc_pipeline.business_central.mending import MendedRecord
from bc_pipeline.business_central.read_result import ReadResult
from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.catalogue.tables import NEVER
from bc_pipeline.errors import Cancelled, RequestFailed
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.reading import sweeps, went_back
from bc_pipeline.reading.departures import Departures, departures
from bc_pipeline.reading.mode import ReadPlan
from bc_pipeline.reading.paging import MalformedPage, Page, PageReader
from bc_pipeline.reading.source_url import entity_url
from bc_pipeline.snapshot.mirror import retracted
from bc_pipeline.snapshot.mirror.first_load import FirstLoad, NotPlain
from bc_pipeline.snapshot.mirror.pages import MalformedRows
from bc_pipeline.snapshot.mirror.staging import ROWS, Staging
from bc_pipeline.snapshot.mirror.swap import Swap, swap
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.snapshot.transaction import all_or_nothing

MOST_CONDITIONS = 50
"""Rows that would take more requests than this are not asked for by id."""
EVERYTHING = ""

log = logging.getLogger(__name__)


class _Target(Protocol):
    """Where pages go."""

    pages: int

    def load(self, path: Path, *, exact: bool) -> object: ...


class Reading:
    """One read in progress; see ``read_entity`` for the arguments."""

    def __init__(
        self,
        bc: BusinessCentral,
        snapshot: Snapshot,
        entity: Entity,
        plan: ReadPlan,
        run_no: int,
        cancel: threading.Event,
        cursor: duckdb.DuckDBPyConnection,
        *,
        fresh: bool = False,
    ) -> None:
        self._bc = bc
        self._snapshot = snapshot
        self._entity = entity
        self._plan = plan
        self._run_no = run_no
        self._cancel = cancel
        self._cursor = cursor
        self._fresh = fresh
        self._tally = RequestCounter()
        self._pages = 0
        self._select = entity.select
        self._warnings: dict[str, str] = {}
        self._mended: dict[MendedRecord, None] = {}
        self._started = clock.monotonic()
        self._read_at = clock.now()

    def run(self) -> ReadResult:
        """Reads all pages and shows them in the mirror at once."""
        entity = self._entity
        if self._plan.mode == "full" and FirstLoad.possible(
            self._cursor, entity.table, entity.lines
        ):
            try:
                return self._first_read()
            except NotPlain as error:
                log.info("%s is read again, by way of staging: %s", entity.name, error)
        return self._later_read()

    def absent(self, error: RequestFailed) -> ReadResult:
        """The tenant is configured for a source that its BC does not have: go on without."""
        entity, bc = self._entity, self._bc
        reason = f"{entity.name} is not there: {error}"
        version = bc.company.major_version
        if entity.route == "page" and published_pages.is_over(version):
            name = getattr(bc.tenant.business_central, entity.path)
            reason = published_pages.absence(entity.path, name, version)
        if entity.without:
            reason = f"{reason}. {entity.without}"
        self._warnings["source_absent"] = reason
        return self.record_failure(reason, absent=True)

    def record_failure(self, reason: str, *, absent: bool = False) -> ReadResult:
        """Leaves word in ``ops.reads`` that the read did not complete."""
        result = replace(self._result(None), complete=False, absent=absent, reason=reason)
        with self._snapshot.transaction() as cursor:
            result.record(cursor, self._run_no)
        return result

    def _first_read(self) -> ReadResult:
        entity = self._entity
        with all_or_nothing(self._cursor):
            first = FirstLoad(
                self._cursor,
                entity.table,
                entity.lines,
                entity.expand,
                run_no=self._run_no,
                read_at=self._read_at,
            )
            self._load_into(first)
            with self._snapshot.writing():
                return self._finished(first.finish(), newest_of=f"bc.{entity.table.name}")

    def _later_read(self) -> ReadResult:
        entity = self._entity
        staging = Staging(self._cursor, entity.table, entity.lines, entity.expand)
        self._load_into(staging)
        left = self._departures(staging)
        if left.went_back:
            self._warnings[went_back.WARNING] = went_back.words(entity, self._bc.tenant.name)
            if self._plan.mode == "incremental":
                self._plan = ReadPlan("full", moves_bookmark=True)
                staging.clear()
                self._load_into(staging)
                left = self._departures(staging)
        with self._snapshot.writing(), all_or_nothing(self._cursor):
            if entity.is_posted:
                retracted.note(self._cursor, staging, entity.name, left.retracted, self._run_no)
            done = swap(
                self._cursor,
                staging,
                run_no=self._run_no,
                read_at=self._read_at,
                full=left.gone is None,
                gone=left.gone or (),
            )
            return self._finished(done, newest_of=ROWS)

    def _departures(self, staging: Staging) -> Departures:
        def fetch(ids: list[str]) -> None:
            conditions = any_of("id", map(Guid, ids))
            for condition in conditions if len(conditions) <= MOST_CONDITIONS else [EVERYTHING]:
                self._load_into(staging, condition, fresh=True)

        left = departures(
            self._bc,
            self._cursor,
            self._entity,
            self._plan,
            read_at=self._read_at,
            tally=self._tally,
            fetch=fetch,
        )
        self._pages += left.pages
        return left

    def _finished(self, done: Swap, newest_of: str) -> ReadResult:
        if self._plan.moves_bookmark:
            self._move_bookmark(newest_of)
        if self._plan.mode == "full" or self._plan.sweep:
            sweeps.note(self._cursor, self._entity, self._read_at)
        if went_back.WARNING in self._warnings:
            went_back.note(self._cursor, self._entity, self._run_no)
        result = self._result(done)
        result.record(self._cursor, self._run_no)
        return result

    def _load_into(
        self, target: _Target, condition: str | None = None, *, fresh: bool = False
    ) -> None:
        """Brings the pages of the entity to ``target``.

        Args:
            target: where they go.
            condition: the ``$filter``; that of the plan by default.
            fresh: no replica may answer.
        """
        entity = self._entity
        with self._snapshot.scratch() as directory:
            if entity.route == "companies" and self._take_companies(directory, target):
                return
            reader = PageReader(
                self._bc, directory, entity.page_size, self._tally, fresh=fresh or self._fresh
            )
            if condition is None:
                condition = self._plan.filter()
            before = target.pages
            try:
                self._read_pages(reader, target, condition)
            except RequestFailed as error:
                if not self._select or target.pages > before:
                    raise
                if not _refuses_a_column(error, entity):
                    raise
                self._select = False
                self._warnings["column_refused"] = (
                    f"{entity.name} is read with all columns, because: {error}"
                )
                self._read_pages(reader, target, condition)

    def _take_companies(self, directory: Path, target: _Target) -> bool:
        """The preflight may just have read them; asking again would tell nothing new."""
        known = self._bc.take_companies()
        if known is None:
            return False
        path = directory / "companies.json"
        path.write_bytes(orjson.dumps(known, default=str))
        target.load(path, exact=False)
        self._pages, self._tally.total = 1, 1
        return True

    def _read_pages(self, reader: PageReader, target: _Target, condition: str | None) -> None:
        url = entity_url(self._bc, self._entity, select=self._select, condition=condition)
        self._pages += reader.read(url, self._loading(target))
        self._mended |= dict.fromkeys(reader.mended)

    def _loading(self, target: _Target) -> Callable[[Page], None]:
        def load(page: Page) -> None:
            if self._cancel.is_set():
                raise Cancelled("the run was cancelled")
            try:
                target.load(page.path, exact=page.exact)
            except MalformedRows as error:
                raise MalformedPage(str(error)) from error

        return load

    def _move_bookmark(self, newest_of: str) -> None:
        """To the newest stamp seen; never back, and never past the start of this read.

        A stamp from the future would otherwise hide every change until then. An entity that has
        been read in full without finding a stamped row has no bookmark.
        """
        stamp = self._entity.table.stamp
        if self._plan.mode == "full":
            self._cursor.execute(
                f"DELETE FROM ops.bookmarks WHERE entity = ? AND NOT EXISTS "
                f'(FROM {newest_of} WHERE "{stamp}" > ?::TIMESTAMPTZ)',
                [self._entity.name, NEVER],
            )
        self._cursor.execute(
            f"""
            INSERT INTO ops.bookmarks
            SELECT ?, least(newest, ?::TIMESTAMPTZ), ? FROM (
                SELECT max("{stamp}") AS newest FROM {newest_of}
                WHERE "{stamp}" > ?::TIMESTAMPTZ)
            WHERE newest IS NOT NULL
            ON CONFLICT DO UPDATE SET
                stamp = greatest(bookmarks.stamp, excluded.stamp), run_no = excluded.run_no
            """,
            [self._entity.name, self._read_at, self._run_no, NEVER],
        )

    def _result(self, done: Swap | None) -> ReadResult:
        counts = done or Swap(0, 0, 0, 0, 0)
        return ReadResult(
            entity=self._entity.name,
            mode=self._plan.mode,
            rows=counts.rows,
            changed=counts.changed,
            deleted=counts.deleted,
            lines=counts.lines,
            lines_changed=counts.lines_changed,
            pages=self._pages,
            requests=self._tally.total,
            retried=self._tally.retried,
            throttled=self._tally.throttled,
            seconds=clock.monotonic() - self._started,
            from_stamp=self._plan.start,
            warnings=dict(self._warnings),
            mended=tuple(self._mended),
        )


def _refuses_a_column(error: RequestFailed, entity: Entity) -> bool:
    """BC does not know a property that was selected: an older or newer version."""
    names = [*entity.table.selected, *(entity.lines.selected if entity.lines else ())]
    return error.status == 400 and any(f"'{name}'" in str(error) for name in names)
