"""One read of one entity in progress: URL, pages, staging, swap, bookmark."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import duckdb
import orjson

from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.business_central.entities import Entity
from bc_pipeline.business_central.http import RequestCounter
from bc_pipeline.business_central.paging import MalformedPage, Page, PageReader
from bc_pipeline.business_central.plan import NEVER, ReadPlan
from bc_pipeline.business_central.result import ReadResult
from bc_pipeline.errors import Cancelled, RequestFailed
from bc_pipeline.snapshot.first_load import FirstLoad, NotPlain
from bc_pipeline.snapshot.mirror import Swap, keep_keys, swap
from bc_pipeline.snapshot.pages import MalformedRows
from bc_pipeline.snapshot.staging import ROWS, Staging
from bc_pipeline.snapshot.store import Snapshot

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
    ) -> None:
        self._bc = bc
        self._snapshot = snapshot
        self._entity = entity
        self._plan = plan
        self._run_no = run_no
        self._cancel = cancel
        self._cursor = cursor
        self._tally = RequestCounter()
        self._pages = 0
        self._warnings: dict[str, str] = {}
        self._started = time.monotonic()
        self._read_at = datetime.now(UTC)

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
        reason = f"{self._entity.name} is not there: {error}"
        self._warnings["source_absent"] = reason
        result = replace(self._result(None), complete=False, absent=True, reason=reason)
        with self._snapshot.transaction() as cursor:
            result.record(cursor, self._run_no)
        return result

    def record_failure(self, reason: str) -> None:
        """Leaves word in ``ops.reads`` that the read did not complete."""
        result = replace(self._result(None), complete=False, reason=reason)
        with self._snapshot.transaction() as cursor:
            result.record(cursor, self._run_no)

    def _first_read(self) -> ReadResult:
        entity = self._entity
        with _transaction(self._cursor):
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
        swept = entity.sweep and self._plan.mode == "incremental"
        if swept:
            keep_keys(self._cursor, entity.table, self._existing_ids())
        with self._snapshot.writing(), _transaction(self._cursor):
            done = swap(
                self._cursor,
                staging,
                run_no=self._run_no,
                read_at=self._read_at,
                full=self._plan.mode == "full",
                swept=swept,
            )
            return self._finished(done, newest_of=ROWS)

    def _finished(self, done: Swap, newest_of: str) -> ReadResult:
        if self._plan.moves_bookmark:
            self._move_bookmark(newest_of)
        result = self._result(done)
        result.record(self._cursor, self._run_no)
        return result

    def _load_into(self, target: _Target) -> None:
        """Brings every page of the entity to ``target``."""
        entity = self._entity
        with self._snapshot.scratch() as directory:
            if entity.route == "companies":
                # The preflight has just read them; asking again would tell nothing new.
                known = self._bc.take_companies()
                if known is not None:
                    path = directory / "companies.json"
                    path.write_bytes(orjson.dumps(known, default=str))
                    target.load(path, exact=False)
                    self._pages, self._tally.total = 1, 1
                    return
            reader = PageReader(self._bc, directory, entity.page_size, self._tally)
            load = self._loading(target)
            if not entity.select:
                self._pages += reader.read(self._url(select=False), load)
                return
            try:
                self._pages += reader.read(self._url(select=True), load)
            except RequestFailed as error:
                if target.pages or not _refuses_a_column(error, entity):
                    raise
                self._warnings["column_refused"] = (
                    f"{entity.name} is read with all columns, because: {error}"
                )
                self._pages += reader.read(self._url(select=False), load)

    def _loading(self, target: _Target) -> Callable[[Page], None]:
        def load(page: Page) -> None:
            if self._cancel.is_set():
                raise Cancelled("the run was cancelled")
            try:
                target.load(page.path, exact=page.exact)
            except MalformedRows as error:
                raise MalformedPage(str(error)) from error

        return load

    def _existing_ids(self) -> list[str]:
        (key,) = self._entity.table.key
        url = query_url(self._place(), {"$select": key})
        ids = [str(row[key]) for row in self._bc.rows(url, tally=self._tally, fresh=False)]
        self._pages += 1
        return ids

    def _url(self, *, select: bool) -> str:
        entity = self._entity
        options: dict[str, str] = {}
        if select:
            options["$select"] = ",".join(entity.table.selected)
        if entity.expand and entity.lines:
            inner = f"($select={','.join(entity.lines.selected)})" if select else ""
            options["$expand"] = entity.expand + inner
        if condition := self._plan.filter():
            options["$filter"] = condition
        return query_url(self._place(), options)

    def _place(self) -> str:
        entity, bc = self._entity, self._bc
        if entity.route == "companies":
            return bc.companies_url()
        if entity.route == "page":
            return bc.page_url(getattr(bc.tenant.business_central, entity.path))
        if entity.route == "extension":
            return bc.extension_url(entity.path)
        return bc.company_url(entity.path)

    def _move_bookmark(self, newest_of: str) -> None:
        """To the newest stamp seen; never back, and never past the start of this read.

        A stamp from the future would otherwise hide every change until then.
        """
        stamp = self._entity.table.stamp
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
            seconds=time.monotonic() - self._started,
            from_stamp=self._plan.start,
            warnings=dict(self._warnings),
        )


@contextmanager
def _transaction(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    cursor.begin()
    try:
        yield
    except BaseException:
        cursor.rollback()
        raise
    cursor.commit()


def _refuses_a_column(error: RequestFailed, entity: Entity) -> bool:
    """BC does not know a property that was selected: an older or newer version."""
    names = [*entity.table.selected, *(entity.lines.selected if entity.lines else ())]
    return error.status == 400 and any(f"'{name}'" in str(error) for name in names)
