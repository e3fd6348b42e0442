"""A resource is not mapped and compared again when what it is made from is as it was the last time,
and nothing had to be sent then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
import orjson

from bc_pipeline.catalogue.resources import Resource
from bc_pipeline.mapping import MappingInput
from bc_pipeline.mapping import inputs as made_of
from bc_pipeline.report import EntityResult
from bc_pipeline.run import history, tick_memory
from bc_pipeline.run.last_result import again, kept
from bc_pipeline.snapshot import meta
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_optiply import approvals, restored

MODE = "as in run {}: what it is made from has not changed"
_KEY = "mapped.{}"


@dataclass(frozen=True)
class Inputs:
    """What a resource is made from in this run.

    Args:
        tenant: whose.
        snapshot: open for writing.
        resource: which.
        given: what the mapping knows of the run.
        may_delete: as in ``Rules``.
    """

    tenant: Tenant
    snapshot: Snapshot
    resource: Resource
    given: MappingInput
    may_delete: bool

    def settle(self, result: EntityResult) -> bool:
        """Whether all is as it was; then the result is that of last time, warnings included."""
        name, run_no = self.resource.name, self.given.run_no
        before = self._before
        if (
            before is None
            or result.problems
            or self._awaited
            or before["made_by"] != self._made_by
            or (before["attempt"] is not None and before["attempt"] <= run_no)
            or before["tables"] != self.rows
        ):
            return False
        told = again(result.name, before["told"], MODE.format(before["said"]))
        for key in (*before["told"], "mode"):
            setattr(result, key, getattr(told, key))
        result.rows, result.warnings = before["rows"], before["warnings"]
        with self.snapshot.transaction() as cursor:
            cursor.execute(
                "INSERT INTO ops.warnings SELECT ?, entity, remote_id, kind, message "
                "FROM ops.warnings WHERE run_no = ? AND entity = ?",
                [run_no, before["run_no"], result.name],
            )
            meta.put(cursor, _KEY.format(name), _json({**before, "run_no": run_no}))
        return True

    def look(self) -> None:
        """Take in what the tables it reads hold, before anybody changes them."""
        assert self.rows

    def remember(self, result: EntityResult) -> None:
        """Note what led to a result that left nothing to send; of any other, nothing."""
        name = self.resource.name
        if not _has_nothing_to_do(self.resource, result):
            return
        tables = self._words[1]
        own = {table: tables[table] for table in (f"sync.{name}", f"optiply.{name}")}
        with self.snapshot.cursor() as cursor:
            left = made_of.rows(cursor, own)
        told = {
            "made_by": self._made_by,
            "tables": {**self.rows, **left},
            "run_no": self.given.run_no,
            "said": self.given.run_no,
            "attempt": history.next_attempts(self.snapshot, [name]).get(name),
            "told": kept(result),
            "rows": result.rows,
            "warnings": result.warnings,
        }
        with self.snapshot.transaction() as cursor:
            meta.put(cursor, _KEY.format(name), _json(told))

    @cached_property
    def rows(self) -> dict[str, str]:
        """The tables it reads, as they are before it is mapped."""
        with self.snapshot.cursor() as cursor:
            return made_of.rows(cursor, self._words[1])

    @property
    def _awaited(self) -> bool:
        """Whether comparing would settle something even though there is nothing to send: an
        approval is good for one run, and a resource without deletions waits for none."""
        with self.snapshot.cursor() as cursor:
            return approvals.pending(cursor, f"optiply/{self.resource.name}") or restored.waits(
                cursor, self.resource
            )

    @cached_property
    def _before(self) -> dict[str, Any] | None:
        with self.snapshot.cursor() as cursor:
            return _read(cursor, self.resource.name)

    @cached_property
    def _words(self) -> tuple[str, Mapping[str, tuple[str, ...]]]:
        return made_of.words(self.resource.name, self.tenant.sync, self.given)

    @property
    def _made_by(self) -> list[str]:
        return [tick_memory.maker(self.tenant), self._words[0], str(self.may_delete)]


def _has_nothing_to_do(resource: Resource, result: EntityResult) -> bool:
    """Whether the same again would send nothing and tell the same. Records that wait for another
    one are told after some runs, unless their resource is patient."""
    sent = result.requests or result.created or result.updated or result.deleted
    waits = result.unsettled or (result.deferred and not resource.patient)
    return not (sent or waits) and all(each.kind == "quarantined" for each in result.problems)


def _read(cursor: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any] | None:
    told = meta.get(cursor, _KEY.format(name))
    return None if told is None else orjson.loads(told)


def _json(told: dict[str, Any]) -> str:
    return orjson.dumps(told).decode()
