"""The outbound ledger: what is about to be written to Business Central, and what became of it.

Every call is one durable transaction and may come from any thread. Kill the process between any
two calls: the entries say what has to be looked up before anything is sent again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from bc_pipeline import clock
from bc_pipeline.report import EntityResult, Problem
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central import ledger_rows
from bc_pipeline.to_business_central.export_types import (
    IN_DOUBT,
    Action,
    HoldKind,
    Intent,
    LedgerEntry,
    LedgerState,
    Outcome,
    Pending,
    escalated,
    lacks_another,
)

_BUCKETS: Mapping[Action, str] = {
    "created": "created",
    "posted": "created",
    "updated": "updated",
    "unchanged": "unchanged",
    "skipped": "skipped",
    "failed": "quarantined",
}
"""Where each outcome is counted."""

_Ended = tuple[str, str | None, int, int | None]


@dataclass
class Ledger:
    """The ledger of one entity during one run.

    Args:
        snapshot: where it is kept.
        entity: such as ``customers``.
        run_no: number of the run.
        result: counts and problems go here.
        held_elsewhere: how many records of other entities are held in this run that records of
            this one may refer to.
    """

    snapshot: Snapshot
    entity: str
    run_no: int
    result: EntityResult
    held_elsewhere: Callable[[], int] = lambda: 0

    def __post_init__(self) -> None:
        self._guard = threading.Lock()
        self._ended: set[_Ended] = set()
        self._held_keys: set[str] = set()

    def entries(self, keys: Iterable[str]) -> dict[str, LedgerEntry]:
        """What is known about these records; absent ones have never been tried."""
        with self.snapshot.cursor() as cursor:
            return ledger_rows.entries(cursor, self.entity, list(keys))

    def intend(self, intents: Sequence[Intent]) -> None:
        """Note that requests that change BC are about to be sent. Call it BEFORE sending them.

        The entry is in state ``intent`` from then on (``created`` and ``linked`` stay what they
        are), with this payload; what is known of the BC record is kept.
        """
        if not intents:
            return
        with self.snapshot.transaction() as cursor:
            known = ledger_rows.entries(cursor, self.entity, [i.pending.key for i in intents])
            ledger_rows.save(cursor, [self._intended(i, known.get(i.pending.key)) for i in intents])

    def advance(
        self,
        pending: Pending,
        *,
        step: str,
        bc_id: str | None = None,
        bc_number: str | None = None,
        detail: Mapping[str, Any] | None = None,
        state: LedgerState | None = None,
    ) -> None:
        """Note that a step has worked, before the next one begins.

        Args:
            bc_id, bc_number: of the BC record, as soon as they are known.
            detail: merged into the entry's detail.
            state: to set; by default ``created`` once the BC id is known.
        """
        with self.snapshot.transaction() as cursor:
            before = self._entry(cursor, pending)
            found = bc_id or before.bc_id
            entered: LedgerState = "created" if bc_id or before.state == "created" else "intent"
            ledger_rows.save(
                cursor,
                [
                    ledger_rows.changed(
                        before,
                        state=state or ("linked" if before.state == "linked" else entered),
                        step=step,
                        bc_id=found,
                        bc_number=bc_number or before.bc_number,
                        missed_lookups=0,
                        detail={**before.detail, **(detail or {})},
                        **self._stamp(),
                    )
                ],
            )

    def missed(self, pending: Pending) -> int:
        """A successful look-up has not found the record after a lost answer.

        Returns:
            how often that has happened since the last answer.
        """
        with self.snapshot.transaction() as cursor:
            before = self._entry(cursor, pending)
            times = before.missed_lookups + 1
            ledger_rows.save(
                cursor, [ledger_rows.changed(before, missed_lookups=times, **self._stamp())]
            )
        return times

    def settle(self, outcomes: Sequence[tuple[Pending, Outcome]]) -> None:
        """The one end of each record in this run: ledger and results, in one transaction.

        A record that lacks another one is held instead, as long as records it may refer to are held
        themselves: what is in their way must not fail it for good (flows.md 4).

        Raises:
            RuntimeError: a record was given an end before.
        """
        if any(lacks_another(outcome) for _, outcome in outcomes) and self.held_elsewhere():
            for pending, outcome in outcomes:
                if lacks_another(outcome):
                    self._hold(
                        [pending], f"{outcome.message}; it may be one that waits", "deferred"
                    )
            outcomes = [(p, outcome) for p, outcome in outcomes if not lacks_another(outcome)]
        if not outcomes:
            return
        with self._guard:
            self._end(pending for pending, _ in outcomes)
            with self.snapshot.transaction() as cursor:
                known = ledger_rows.entries(cursor, self.entity, [p.key for p, _ in outcomes])
                entries: dict[str, LedgerEntry] = {}
                for pending, outcome in outcomes:
                    before = entries.get(pending.key) or known.get(pending.key)
                    entries[pending.key] = self._settled(pending, outcome, before)
                ledger_rows.save(cursor, list(entries.values()))
                ledger_rows.add_outcomes(cursor, outcomes, clock.now())
            for pending, outcome in outcomes:
                self._count(pending, outcome)

    def hold(self, pending: Pending, reason: str, *, kind: HoldKind = "deferred") -> None:
        """No end in this run: the record stays pending, its file stays, a problem is reported.

        Args:
            reason: in the operator's words.
            kind: ``ambiguous``: BC shows something unclear, or an answer was lost and cannot be
                looked up; ``blocked``: somebody has to do something; ``deferred``: tried again.

        Raises:
            RuntimeError: the record was given an end before.
        """
        self._hold([pending], reason, kind)

    def hold_all(
        self, pendings: Sequence[Pending], reason: str, *, kind: HoldKind = "deferred"
    ) -> None:
        """``hold`` each of those that have no end yet."""
        self._hold([pending for pending in pendings if not self.ended(pending)], reason, kind)

    def ended(self, pending: Pending) -> bool:
        """Whether the record was settled or held in this run."""
        return _ended(pending) in self._ended

    @property
    def held(self) -> int:
        """How many records were held in this run."""
        return len(self._held_keys)

    @property
    def created(self) -> int:
        """How many records were created in this run."""
        return self.result.created

    def is_held(self, key: str) -> bool:
        """Whether a record with this key was held in this run."""
        return key in self._held_keys

    # -- inside -------------------------------------------------------------------------------

    def _end(self, pendings: Iterable[Pending]) -> None:
        ends = [_ended(pending) for pending in pendings]
        if len(set(ends)) < len(ends) or not self._ended.isdisjoint(ends):
            raise RuntimeError(f"{self.entity}: a record was given two ends in one run")
        self._ended.update(ends)

    def _entry(self, cursor: duckdb.DuckDBPyConnection, pending: Pending) -> LedgerEntry:
        known = ledger_rows.entries(cursor, self.entity, [pending.key])
        return known.get(pending.key) or ledger_rows.first(pending)

    def _intended(self, intent: Intent, before: LedgerEntry | None) -> LedgerEntry:
        pending = intent.pending
        before = before or ledger_rows.first(pending)
        under_way = before.state in ("created", "linked")
        return ledger_rows.changed(
            before,
            state=before.state if under_way else "intent",
            payload_hash=pending.payload_hash,
            record=pending.payload,
            bc_company=pending.company.id,
            step=intent.step,
            attempts=before.attempts + 1,
            detail={**before.detail, **(intent.detail or {})},
            **_origin(pending),
            **self._stamp(),
        )

    def _settled(
        self, pending: Pending, outcome: Outcome, before: LedgerEntry | None
    ) -> LedgerEntry:
        before = before or ledger_rows.first(pending)
        wrote = outcome.action not in ("unchanged", "skipped", "failed")
        detail = {**before.detail, **(outcome.detail or {})}
        detail.pop(IN_DOUBT, None)
        if not outcome.success and before.unresolved and before.run_no != self.run_no:
            # Nothing was sent in this run, so what an earlier one has sent still is to be found.
            detail[IN_DOUBT] = True
        return ledger_rows.changed(
            before,
            state="done" if outcome.success else "failed",
            payload_hash=pending.payload_hash,
            record=pending.payload,
            bc_company=pending.company.id,
            bc_id=outcome.bc_id or before.bc_id,
            bc_number=outcome.bc_number or before.bc_number,
            action=outcome.action if wrote else before.action,
            step=None if outcome.success else before.step,
            error_class=outcome.error_class,
            reason=outcome.message,
            missed_lookups=0,
            blocked_runs=0,
            detail=detail,
            **_origin(pending),
            **self._stamp(),
        )

    def _hold(self, pendings: Sequence[Pending], reason: str, kind: HoldKind) -> None:
        if not pendings:
            return
        with self._guard:
            self._end(pendings)
            with self.snapshot.transaction() as cursor:
                known = ledger_rows.entries(cursor, self.entity, [p.key for p in pendings])
                entries = [self._held(p, known.get(p.key), reason, kind) for p in pendings]
                ledger_rows.save(cursor, [entry for entry in entries if entry is not None])
            for pending, entry in zip(pendings, entries, strict=True):
                self._held_keys.add(pending.key)
                self.result.deferred += 1
                self._problem(pending, kind, escalated(reason, kind, entry))

    def _held(
        self, pending: Pending, known: LedgerEntry | None, reason: str, kind: HoldKind
    ) -> LedgerEntry | None:
        """The entry of a held record; None when there is nothing to be remembered of it."""
        if known is None and kind == "deferred":
            return None  # nothing was sent and nobody has to do anything: it just comes again
        before = known or ledger_rows.first(pending)
        state: LedgerState = before.state
        # What BC must be asked about first stays so, whatever else holds the record up.
        if kind == "ambiguous" or (kind == "blocked" and (known is None or not known.unresolved)):
            state = kind
        return ledger_rows.changed(
            before,
            state=state,
            record=pending.payload,
            bc_company=pending.company.id,
            reason=reason,
            blocked_runs=before.blocked_runs + 1 if kind == "blocked" else 0,
            **_origin(pending),
            **self._stamp(),
        )

    def _stamp(self) -> dict[str, Any]:
        return {"run_no": self.run_no, "updated_at": clock.now()}

    def _count(self, pending: Pending, outcome: Outcome) -> None:
        bucket = _BUCKETS[outcome.action]
        setattr(self.result, bucket, getattr(self.result, bucket) + 1)
        if bucket in ("created", "updated"):
            self.result.preview(
                {
                    "action": outcome.action,
                    "reference": pending.name,
                    "number": outcome.bc_number,
                    "remote_id": outcome.bc_id,
                }
            )
        if not outcome.success:
            self._problem(pending, "quarantined", f"{outcome.error_class}: {outcome.message}")

    def _problem(
        self, pending: Pending, kind: HoldKind | Literal["quarantined"], reason: str
    ) -> None:
        self.result.problems.append(Problem(self.result.name, pending.name, kind, reason))


def _ended(pending: Pending) -> _Ended:
    source = pending.source
    if source is None:
        return pending.key, None, 0, None
    return pending.key, source.file, source.generation, source.line


def _origin(pending: Pending) -> dict[str, Any]:
    return {
        "external_id": pending.external_id,
        "file": pending.file,
        "line": pending.line,
    }
