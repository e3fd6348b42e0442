"""Create what is missing, change what differs, leave the rest alone: many records, few requests.

Work goes in rounds. A round looks at Business Central, sends what is missing there and sorts the
answers by part id. A record whose answer was lost, or that somebody else changed meanwhile, takes
part in the next round, which begins by looking again: nothing is ever repeated blindly, and a
record interrupted halfway is completed. A record that is done, refused or held leaves.

* New records go in batches of 100, each its own transaction, dimensions inline where the entity
  allows it (deep insert).
* A change that is one request goes the same way; it is atomic by itself.
* A change that is several requests (the record and its dimensions) goes with others into one batch
  that is one transaction. If a request is refused, all of the batch is taken back: the record it
  belongs to leaves and the others are sent again. So a record is never half updated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bc_pipeline.business_central.batch import MAX_PARTS, Part, PartAnswer, chunks
from bc_pipeline.business_central.transport import TooSlow
from bc_pipeline.errors import Cancelled, ReadFailed, RecordError, RequestFailed
from bc_pipeline.to_business_central.documents.changes import refusal
from bc_pipeline.to_business_central.documents.concurrency import CHANGED_MEANWHILE
from bc_pipeline.to_business_central.export_types import Action, HoldKind, Intent, Outcome
from bc_pipeline.to_business_central.upsert.work import (
    CREATE,
    DIMENSIONS,
    MADE,
    SINCE,
    UPDATE,
    Target,
    Unit,
    Work,
    packs,
    refused,
)
from bc_pipeline.to_business_central.writer import ExportContext

MAX_SENDS = 2
"""Once, and once more after Business Central has shown that the first time did nothing."""
LOOKS_AFTER_A_LOST_ANSWER = 3
SAME_KEY = "Internal_EntityWithSameKeyExists"
MALFORMED = "BadRequest"

AnyWork = TypeVar("AnyWork", bound=Work)


@dataclass
class _Plan(Generic[AnyWork]):
    """The records of one round by what is to be sent for them."""

    new: list[AnyWork] = field(default_factory=list)
    single: list[Unit[AnyWork]] = field(default_factory=list)
    several: list[Unit[AnyWork]] = field(default_factory=list)


class Upsert(Generic[AnyWork]):
    """Writes records of one entity and one company.

    Args:
        context: of the call.
        target: the entity.
    """

    def __init__(self, context: ExportContext, target: Target[AnyWork]) -> None:
        self._context = context
        self._target = target
        self._again: list[AnyWork] = []

    def run(self, works: Iterable[AnyWork]) -> None:
        """Settles or holds each record.

        Raises:
            AuthError, Cancelled: the rest was left alone; the ledger knows where each stands.
        """
        waiting = list(works)
        for number, work in enumerate(waiting, start=1):
            work.name = str(number)
        while waiting:
            try:
                self._look(waiting)
            except (RequestFailed, ReadFailed) as error:
                self._hold(waiting, f"what Business Central has could not be looked up: {error}")
                return
            waiting = self._round(waiting)

    def _look(self, works: list[AnyWork]) -> None:
        """Finds all; after a lost answer more than once, for BC may still be at work on it."""
        if self._context.dry_run:
            # What was only noted cannot be found.
            works = [work for work in works if not work.row]
        self._target.find(self._context, works)
        for times in range(1, LOOKS_AFTER_A_LOST_ANSWER):
            if not any(work.sends and work.doubt_since and not work.row for work in works):
                return
            self._context.bc.throttle.wait(self._context.bc.backoff.seconds(times))
            # All of them again: what is another's must not be taken for a lost one's.
            self._target.find(self._context, works)

    def _round(self, works: list[AnyWork]) -> list[AnyWork]:
        """Does what can be done now; returns the records that need another look, in order."""
        self._again = []
        plan = self._plan(works)
        for new in chunks(plan.new):
            self._create(new)
        for units in chunks(plan.single):
            self._update(units)
        for units in packs(plan.several):
            self._update_together(units)
        return sorted(self._again, key=lambda work: int(work.name))

    # --- what is to be sent --------------------------------------------------------------------

    def _plan(self, works: list[AnyWork]) -> _Plan[AnyWork]:
        """Sorts the records; those that need nothing more, or cannot be written, end here."""
        plan: _Plan[AnyWork] = _Plan()
        claimed: set[tuple[str, ...]] = set()
        ended: list[tuple[AnyWork, Outcome]] = []
        for work in works:
            claims = self._target.claims(work)
            if claims & claimed:
                # An earlier record is about to write the same: look again after that.
                self._again.append(work)
                continue
            claimed |= claims
            try:
                ended += self._sorted_in(work, plan)
            except RecordError as error:
                ended.append((work, Outcome.failed(error, bc_id=work.bc_id)))
        self._settle(ended)
        return plan

    def _sorted_in(self, work: AnyWork, plan: _Plan[AnyWork]) -> list[tuple[AnyWork, Outcome]]:
        """Puts the record into the plan, or holds it, or returns its end.

        Raises:
            RecordError: it cannot be written.
        """
        if work.problem:
            raise work.problem
        if work.unclear:
            self._hold([work], work.unclear, unclear=True)
            return []
        if work.slow and work.row is None:
            self._hold([work], "Business Central may still be at work on it", unclear=True)
            return []
        parts: tuple[Part, ...] = ()
        if work.row is None:
            self._target.check_new(work)
        else:
            parts = self._differences(work)
            if not parts:
                return [(work, self._success(work))]
        if work.sends >= MAX_SENDS:
            if work.refusal and work.refusal.error_class == CHANGED_MEANWHILE:
                self._hold([work], f"somebody else changes it again and again: {work.refusal}")
                return []
            if work.refusal:
                raise work.refusal
            self._hold([work], "Business Central's answer was lost twice", unclear=True)
        elif work.row is None:
            plan.new.append(work)
        else:
            (plan.single if len(parts) == 1 else plan.several).append(Unit(work, parts))
        return []

    def _differences(self, work: AnyWork) -> tuple[Part, ...]:
        """The requests that change the row of the record to what the record wants."""
        path = self._context.path(self._target.record_path(work))
        parts: list[Part] = []
        if changes := self._target.changes(work):
            etag = work.row.get("@odata.etag") if work.row else None
            parts.append(Part(work.name, "PATCH", path, changes, etag))
        parts += self._target.dimension_parts(path, work, f"{work.name}-")
        if len(parts) > MAX_PARTS:
            raise RecordError("InvalidInputError", f"more than {MAX_PARTS - 1} dimensions")
        return tuple(parts)

    # --- sending -------------------------------------------------------------------------------

    def _create(self, works: Sequence[AnyWork]) -> None:
        answers = self._send(CREATE, works, [self._new_part(work) for work in works])
        ended: list[tuple[AnyWork, Outcome]] = []
        continued: list[AnyWork] = []
        for work in works if answers else ():
            answer = answers[work.name]
            if not answer.ok or not isinstance(answer.body, Mapping) or "id" not in answer.body:
                ended += self._not_done(work, answer)
                continue
            work.created = True
            work.saw(answer.body)
            if work.dimensions and not self._inline(work):
                continued.append(work)
            else:
                ended.append((work, self._success(work)))
        self._settle(ended)
        self._continue(continued)

    def _new_part(self, work: AnyWork) -> Part:
        body = self._target.changes(work)
        if self._inline(work):
            body[str(self._target.deep_insert)] = self._target.nested(work)
        path = self._context.path(self._target.collection(work))
        return Part(work.name, "POST", path, body)

    def _inline(self, work: AnyWork) -> bool:
        return bool(self._target.deep_insert and work.deep and work.dimensions)

    def _continue(self, works: list[AnyWork]) -> None:
        """They are made; dimensions come after another look, for BC has added some itself."""
        for work in works:
            work.link, work.sends = work.bc_id, 0
        self._context.ledger.intend(
            [Intent(work.pending, DIMENSIONS, {MADE: work.link}) for work in works]
        )
        self._again += works

    def _update(self, units: Sequence[Unit[AnyWork]]) -> None:
        """Changes of one request each."""
        parts = [unit.parts[0] for unit in units]
        answers = self._send(UPDATE, [unit.work for unit in units], parts)
        ended: list[tuple[AnyWork, Outcome]] = []
        for unit in units if answers else ():
            answer = answers[unit.parts[0].id]
            if answer.ok:
                unit.work.changed = True
                ended.append((unit.work, self._success(unit.work)))
            else:
                ended += self._not_done(unit.work, answer)
        self._settle(ended)

    def _update_together(self, units: list[Unit[AnyWork]]) -> None:
        """One transaction; whoever is refused leaves it, and it is sent again without."""
        while units:
            parts = [part for unit in units for part in unit.parts]
            works = [unit.work for unit in units]
            answers = self._send(UPDATE, works, parts, atomic=True)
            if not answers:
                return
            if all(answer.ok for answer in answers.values()):
                for work in works:
                    work.changed = True
                self._settle([(work, self._success(work)) for work in works])
                return
            leaving = refused(units, answers)
            if not leaving:
                # Nobody knows which one it was: the halves tell.
                middle = len(units) // 2
                self._update_together(units[:middle])
                units = units[middle:]
                continue
            ended = [end for unit, answer in leaving for end in self._not_done(unit.work, answer)]
            self._settle(ended)
            left = {id(unit) for unit, _ in leaving}
            units = [unit for unit in units if id(unit) not in left]

    def _send(
        self, step: str, works: Sequence[AnyWork], parts: list[Part], *, atomic: bool = False
    ) -> dict[str, PartAnswer]:
        """The answers; empty when there was none at all, which has been dealt with then."""
        if self._context.cancel.is_set():
            raise Cancelled("cancelled before everything was written")
        self._context.ledger.intend([self._intent(step, work) for work in works])
        try:
            return self._context.bc.batch(parts, mode="atomic" if atomic else "independent")
        except RequestFailed as error:
            if not error.uncertain:
                self._hold(works, str(error))
            else:
                for work in works:
                    work.slow = isinstance(error, TooSlow)
                    self._look_again(work, lost=True)
            return {}

    def _intent(self, step: str, work: AnyWork) -> Intent:
        if step == UPDATE and work.created:
            return Intent(work.pending, DIMENSIONS, {MADE: work.bc_id})
        since = work.doubt_since or self._context.now
        return Intent(work.pending, step, {SINCE: since.isoformat()})

    # --- answers -------------------------------------------------------------------------------

    def _not_done(self, work: AnyWork, answer: PartAnswer) -> list[tuple[AnyWork, Outcome]]:
        """What follows from a request that did not work; the record's end when that is it."""
        error = refusal(answer)
        code = answer.error_code or ""
        if answer.uncertain or answer.ok:
            self._look_again(work, lost=True)
        elif answer.later:
            self._hold([work], f"Business Central did not take it now: {error.message}")
        elif work.row is None and self._inline(work) and code.startswith((MALFORMED, SAME_KEY)):
            # It may be the nesting that is refused, or a template that has added one of the
            # dimensions before: they can also follow.
            work.deep = False
            self._again.append(work)
        elif code in (SAME_KEY, CHANGED_MEANWHILE) or answer.absent or answer.worth_repeating:
            self._look_again(work, refusal=error)
        else:
            return [(work, Outcome.failed(error, bc_id=work.bc_id))]
        return []

    def _look_again(
        self, work: AnyWork, *, lost: bool = False, refusal: RecordError | None = None
    ) -> None:
        work.sends += 1
        work.refusal = refusal
        if lost and work.row is None:
            work.doubt_since = work.doubt_since or self._context.now
            work.created = True
        elif lost:
            work.changed = True
        self._again.append(work)

    def _success(self, work: AnyWork) -> Outcome:
        action: Action = "unchanged"
        if work.created or work.changed:
            action = "created" if work.created else "updated"
        number = work.row.get(self._target.number) if work.row else None
        return Outcome(action, work.bc_id, str(number) if number else None)

    def _settle(self, ended: Sequence[tuple[AnyWork, Outcome]]) -> None:
        self._context.ledger.settle([(work.pending, outcome) for work, outcome in ended])

    def _hold(self, works: Iterable[AnyWork], reason: str, *, unclear: bool = False) -> None:
        for work in works:
            ambiguous = unclear or work.doubt_since is not None
            kind: HoldKind = "ambiguous" if ambiguous else "deferred"
            self._context.ledger.hold(work.pending, reason, kind=kind)
