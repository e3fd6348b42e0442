"""From buy order to purchase order: look first, announce, send once, verify, link
(mapping.md 8.2, flows.md 5). One order at a time; a failing one never stops the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bc_pipeline.errors import ReadFailed, RecordError, RequestFailed
from bc_pipeline.mapping.markers import marker
from bc_pipeline.to_business_central.buy_orders import dimensions, find, settings
from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked, BuyOrder
from bc_pipeline.to_business_central.buy_orders.create import (
    POSTED,
    REFUSED,
    create,
    discard,
)
from bc_pipeline.to_business_central.buy_orders.find import Sighting, Wanted, guid, order_now
from bc_pipeline.to_business_central.buy_orders.job import (
    LOOKUPS_BEFORE_REPEAT,
    Job,
    header_may_be,
    is_left_behind,
    may_exist,
    request_for,
    sent_before,
    was_lost,
)
from bc_pipeline.to_business_central.buy_orders.links import link
from bc_pipeline.to_business_central.buy_orders.payload import LINE_LEFT_OUT, Request
from bc_pipeline.to_business_central.buy_orders.reporting import (
    check_prices,
    hold_blocked,
    tell,
    tell_departures,
    tell_settings,
    warn,
)
from bc_pipeline.to_business_central.buy_orders.restate import Departure, departures, restate
from bc_pipeline.to_business_central.buy_orders.sent import (
    Row,
    Sent,
    differences,
    linked_order,
    sent,
)
from bc_pipeline.to_business_central.export_types import LedgerEntry, Outcome, Pending
from bc_pipeline.to_business_central.writer import ExportContext

LINKED = "linked"


def write(context: ExportContext, pendings: Sequence[Pending]) -> None:
    """Settle or hold each buy order.

    Raises:
        AuthError, Cancelled: the rest was left alone; the ledger knows where each stands.
    """
    tell_settings(context, settings.faults(context))
    works = [_Work(context, pending) for pending in pendings]
    searched = [work for work in works if work.has_to_be_looked_for]
    trouble = ""
    sightings: dict[int, Sighting] = {}
    try:
        sightings = find.look(context, [work.wanted for work in searched])
    except (RequestFailed, ReadFailed) as error:
        trouble = f"Business Central could not be searched for the order: {error}"
    for work in works:
        try:
            if work in searched and trouble:
                context.ledger.hold(work.pending, trouble, kind="deferred")
            else:
                work.run(sightings.get(int(work.pending.key), Sighting()))
        except (RequestFailed, ReadFailed) as error:
            context.ledger.hold(work.pending, str(error), kind="deferred")


class _Work:
    """One buy order of this run."""

    def __init__(self, context: ExportContext, pending: Pending) -> None:
        self.pending = pending
        self._context = context
        self._job: Job = pending.record
        self._entry: LedgerEntry | None = pending.entry
        self._mark = marker(int(pending.key))
        self._request: Request | None = None
        self._problem: RecordError | None = None
        self._departing: list[Departure] | None = None  # not looked at yet
        if self._job.to_be_made:
            try:
                self._request = request_for(context, self._job)
            except RecordError as problem:
                self._problem = problem

    @property
    def has_to_be_looked_for(self) -> bool:
        """Everything that is about to be made, and everything that may have been made."""
        return self._job.to_be_made and (self._request is not None or may_exist(self._entry))

    @property
    def wanted(self) -> Wanted:
        """How to recognise its purchase order."""
        before = sent_before(self._entry)
        vendor = before.vendor_id if before else None
        if self._request is not None and vendor is None:
            vendor = self._request.vendor_id
        known = self._entry.bc_id if self._entry else None
        doubtful = may_exist(self._entry)
        return Wanted(int(self.pending.key), vendor, self._since(), known, doubtful)

    def _since(self) -> datetime | None:
        order = self._job.order
        moments = [order.created_at if order else None]
        moments += [self._entry.created_at if self._entry else None]
        return min((moment for moment in moments if moment), default=None)

    def run(self, seen: Sighting) -> None:
        """Settle or hold it.

        Raises:
            RequestFailed, ReadFailed: not settled; tried again in the next run.
        """
        if self._job.remote_id is not None:
            self._check_linked(self._job.remote_id)
            self._finish(self._job.remote_id, None)
        elif self._job.gone is not None:
            self._give_up(self._job.gone)
        elif not self.has_to_be_looked_for:
            hold_blocked(self._context, self.pending, self._problem)
        else:
            self._decide(seen)

    # --- what Business Central shows ------------------------------------------------------------

    def _decide(self, seen: Sighting) -> None:
        if len(seen.orders) > 1:
            numbers = " and ".join(str(row.get("number")) for row in seen.orders)
            self._ambiguous(f"purchase orders {numbers} both carry its marker {self._mark}")
        elif seen.orders and not is_left_behind(self._entry, seen.orders[0]):
            self._recognise(seen.orders[0])
        elif seen.receipts:
            self._ambiguous(
                f"goods were received on it already, as purchase order {', '.join(seen.receipts)}"
            )
        elif seen.orders:
            discard(self._context, guid(seen.orders[0]))
            self._make()
        elif header_may_be(self._entry, seen):
            numbers = ", ".join(str(row.get("number")) for row in seen.empty)
            self._ambiguous(
                f"purchase order {numbers} of its vendor has no lines and may be the beginning of "
                "it: delete it, or fill it and add a comment line " + self._mark
            )
        elif self._may_send():
            self._make()

    def _recognise(self, row: Row) -> None:
        """An order carries the marker: link it when it equals the buy order."""
        expected = self._expected()
        if not expected:
            self._ambiguous(
                f"purchase order {row.get('number')} carries its marker {self._mark}, and the "
                f"buy order cannot be compared with it: {self._problem}"
            )
            return
        found = [(known, differences(row, known)) for known in expected]
        same = next((known for known, differing in found if not differing), None)
        if same is None:
            self._ambiguous(
                f"purchase order {row.get('number')} carries its marker {self._mark} and "
                f"differs: {'; '.join(found[0][1])}"
            )
        else:
            self._link(row, same)

    def _expected(self) -> list[Sent]:
        """What its purchase order must be equal to: what was sent, or what would be sent now."""
        before = sent_before(self._entry)
        now = sent(self._request) if self._request is not None else None
        return [known for known in (before, now) if known is not None]

    def _may_send(self) -> bool:
        """Nothing was found: whether it may be sent (again)."""
        entry = self._entry
        # An ambiguous one that an operator has set free (flows.md 10) has no reason any more.
        set_free = entry is not None and entry.state == "ambiguous" and entry.reason is None
        if entry is not None and entry.bc_id and entry.step == POSTED and not set_free:
            self._ambiguous(
                f"purchase order {entry.bc_number} was made and is not there any more: resend the "
                "buy order to have it made again, or delete it in Optiply"
            )
            return False
        unclear = entry is not None and entry.state == "ambiguous" and not set_free
        if was_lost(entry) or unclear:
            times = self._context.ledger.missed(self.pending)
            if times < LOOKUPS_BEFORE_REPEAT:
                self._context.ledger.hold(
                    self.pending,
                    f"the answer to its creation was lost; not found in Business Central in "
                    f"{times} of {LOOKUPS_BEFORE_REPEAT} runs, after which it is sent again",
                    kind="deferred",
                )
                return False
        if self._request is None:
            self._blocked(self._problem)
            return False
        return True

    # --- making it -----------------------------------------------------------------------------

    def _make(self) -> None:
        order, request = self._job.order, self._request
        if order is None or request is None:
            self._blocked(self._problem)
            return
        try:
            bc_id, number = create(self._context, self.pending, order, request)
        except Blocked as problem:
            self._blocked(problem)
            return
        except RequestFailed as error:
            if not error.uncertain:
                raise
            self._look_again(error)
            return
        if self._context.dry_run:
            self._warn(request)
            self._finish(bc_id, number)
            return
        row = order_now(self._context, bc_id)
        if row is None:
            self._ambiguous(f"purchase order {number} was made and is not there any more")
            return
        self._verify(row, request)

    def _verify(self, row: Row, request: Request) -> None:
        expected = sent(request)
        row = self._as_sent(row, expected)
        differing = differences(row, expected)
        if differing:
            self._ambiguous(
                f"purchase order {row.get('number')} was made and differs from what was sent: "
                f"{'; '.join(differing)}"
            )
            return
        self._link(row, expected)

    def _look_again(self, error: RequestFailed) -> None:
        """The answer was lost: look at once; what is not found yet is looked for in later runs."""
        self._entry = self._context.ledger.entries([self.pending.key])[self.pending.key]
        seen = find.look(self._context, [self.wanted])[int(self.pending.key)]
        expected = self._expected()
        equal = [
            (row, known) for row in seen.orders for known in expected if not differences(row, known)
        ]
        if len(seen.orders) == 1 and equal:
            self._link(*equal[0])
            return
        if not seen.orders:
            self._context.ledger.missed(self.pending)
        self._context.ledger.hold(
            self.pending,
            f"it may or may not have been made, which later runs find out: {error}",
            kind="deferred",
        )

    # --- afterwards ----------------------------------------------------------------------------

    def _link(self, row: Row, expected: Sent) -> None:
        order: BuyOrder | None = self._job.order
        bc_id, number = guid(row), str(row.get("number") or "")
        if order is None:
            self._ambiguous(f"it was made as {number}, and cannot be read in Optiply any more")
            return
        row = self._as_sent(row, expected)
        link(self._context.snapshot, linked_order(order, row, expected), self._context.run_no)
        self._context.ledger.advance(
            self.pending, step=LINKED, bc_id=bc_id, bc_number=number, state="linked"
        )
        if self._request is not None and sent(self._request) == expected:
            self._warn(self._request)
        check_prices(self._context, self.pending, self._request, row)
        tell_departures(self._context, self.pending, number, self._departing or ())
        self._finish(bc_id, number)

    def _as_sent(self, row: Row, expected: Sent) -> Row:
        """The order, what Business Central changed of its lines restated once."""
        if self._departing is None:
            self._departing = departures(row, expected)
            if self._departing:
                restate(self._context, row, self._departing)
                row = order_now(self._context, guid(row)) or row
                self._departing = departures(row, expected)
        return row

    def _check_linked(self, bc_id: str) -> None:
        """An order of ours that the import has linked before anybody looked at what Business
        Central made of its lines: the run that made it had ended, or BC was busy."""
        entry, before = self._entry, sent_before(self._entry)
        if entry is None or before is None or entry.step == LINKED:
            return
        row = order_now(self._context, bc_id)
        if row is None or differences(row, before):
            return  # received completely, or somebody has changed it since
        row = self._as_sent(row, before)
        number = str(row.get("number") or "")
        tell_departures(self._context, self.pending, number, self._departing or ())

    def _warn(self, request: Request) -> None:
        """What the buyer should know of an order that was made."""
        for kind, text in request.warnings:
            warn(self._context, self.pending, kind, text)
            if kind == LINE_LEFT_OUT:
                tell(self._context, self.pending, "blocked", f"exported without a line: {text}")

    def _finish(self, bc_id: str, number: str | None) -> None:
        """What remains once both sides know each other: dimensions; then it is done."""
        if number is None:
            self._context.ledger.advance(self.pending, step=LINKED, bc_id=bc_id, state="linked")
        try:
            dimensions.apply(self._context, bc_id)
        except RecordError as problem:
            hold_blocked(self._context, self.pending, problem)
            return
        self._settle(bc_id, number)

    def _settle(self, bc_id: str, number: str | None) -> None:
        self._context.ledger.settle(
            [(self.pending, Outcome("created", bc_id=bc_id, bc_number=number or None))]
        )

    def _give_up(self, reason: str) -> None:
        """It is no candidate any more."""
        if may_exist(self._entry):
            reason += (
                f"; if its purchase order was made all the same, it carries {self._mark} and "
                "is imported"
            )
            tell(self._context, self.pending, "ambiguous", reason)
        self._context.ledger.settle([(self.pending, Outcome("skipped", message=reason))])

    def _blocked(self, problem: RecordError | None) -> None:
        """Certainly not made, and cannot be as things are."""
        self._context.ledger.advance(self.pending, step=REFUSED, state="blocked")
        hold_blocked(self._context, self.pending, problem)

    def _ambiguous(self, reason: str) -> None:
        self._context.ledger.hold(self.pending, reason, kind="ambiguous")
