"""Bringing one record to Optiply: create, change, or find out what became of it.

Methods run on worker threads and return what became of the record; only what concerns the whole
entity is raised: refused credentials, a forbidden account, a cancelled run.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace

from bc_pipeline.catalogue.resources import Resource
from bc_pipeline.errors import RequestFailed
from bc_pipeline.optiply.client import Optiply, Record
from bc_pipeline.to_optiply.attribute_values import (
    REMOTE_ID,
    Values,
    after_sending,
    as_found,
    canonical,
    difference,
    same,
)
from bc_pipeline.to_optiply.diff import PlannedRow
from bc_pipeline.to_optiply.lookup import Claims, Lookup, Twins, twin_key
from bc_pipeline.to_optiply.outcome import (
    Outcome,
    confirmed,
    left_alone,
    left_out_warnings,
    not_accepted,
    not_changed,
    not_found_out,
    rejected,
    stop_if_forbidden,
    waiting,
)
from bc_pipeline.to_optiply.sender import Sender

NOT_FOUND = 404
CONFLICT = 409

FindParent = Callable[[PlannedRow], Values | None]
"""The foreign key to use instead of a parent Optiply does not know any more, or None."""


@dataclass
class Writer:
    """Writes the records of one resource.

    Args:
        optiply: the account; its counter is the entity's.
        resource: what is written.
        claims: keeps an Optiply row from belonging to two records.
        sender: sends its attributes.
        run_no: number of the run.
        find_parent: asked when the parent turns out to be gone; the foreign key of the row that
            took its place, or None.
    """

    optiply: Optiply
    resource: Resource
    claims: Claims
    sender: Sender
    run_no: int
    find_parent: FindParent | None = None

    def __post_init__(self) -> None:
        self._lookup = Lookup(self.optiply, self.resource, self.claims)
        self._twins = Twins()

    def posted_values(self, row: PlannedRow) -> Values:
        """What a POST of the record carries, in canonical form."""
        values = {name: value for name, value in row.wanted.items() if value is not None}
        return {**values, REMOTE_ID: row.remote_id}

    # -- create -------------------------------------------------------------------------------

    def create(self, row: PlannedRow) -> Outcome:
        """POST the record; its intent has been recorded before."""
        values = self.posted_values(row)
        key = twin_key(self.resource, values)
        with self._twins.alone(key) if key else nullcontext():
            return self._create(row, values)

    def resolve(self, row: PlannedRow) -> Outcome:
        """A POST of an earlier run was announced and never confirmed: adopt the row it made; when
        it made none, the record is to be created now."""
        pending = row.last_sent or {}
        key = twin_key(self.resource, pending)
        with self._twins.alone(key) if key else nullcontext():
            try:
                record = self._lookup.posted(row.remote_id, pending)
            except RequestFailed as error:
                return not_found_out(row, pending, error)
        if record is not None:
            return self._adopt(row, record, "created")
        return self._create_next(row, "not needed in Optiply")

    def refind(self, row: PlannedRow) -> Outcome:
        """Optiply does not know the row any more: adopt what it has instead; when it has nothing,
        the record is to be created now (optiply.md 4)."""
        if not self.resource.repost_on_404:
            values = self.posted_values(row)
            try:
                record = self._lookup.known_as(row.remote_id, values)
            except RequestFailed as error:
                stop_if_forbidden(error)
                text = f"removed in Optiply, could not look for it: {error}"
                return waiting(row, text, failed=True)
            if record is not None:
                outcome = self._adopt(row, record, "updated")
                outcome.parent_gone = row.optiply_id
                return outcome
        return self._create_next(row, "removed in Optiply")

    @staticmethod
    def _create_next(row: PlannedRow, otherwise: str) -> Outcome:
        if row.decision == "update_only":
            gone = replace(row, optiply_id=None, optiply_uuid=None, last_sent=None)
            return left_alone(gone, otherwise)
        return Outcome(row, None, "intent", followed_by="create")

    def _create(self, row: PlannedRow, values: Values) -> Outcome:
        refused: Values = {}
        parent_tried = False
        tries = 0
        while True:
            tries += 1
            sent = {n: v for n, v in values.items() if n not in refused}
            body = self.sender.body(sent, posting=True)
            try:
                record = self.optiply.post(self.resource.path, body)
            except RequestFailed as error:
                stop_if_forbidden(error)
                if error.uncertain:
                    try:
                        found = self._lookup.posted(row.remote_id, sent)
                    except RequestFailed as failure:
                        return not_found_out(row, sent, failure)
                    if found is not None:
                        return self._adopt(row, found, "created")
                    if tries >= self.optiply.max_attempts:
                        return rejected(row, str(error), self.run_no, pending=sent)
                    self.optiply.back_off(tries)
                    continue
                remedy = self.sender.remedy(error, sent, body)
                if remedy is not None:
                    refused.update(remedy)
                    continue
                parent = self._other_parent(row, error) if not parent_tried else None
                if parent is not None:
                    values, parent_tried = {**values, **parent}, True
                    continue
                return self._refused_post(row, values, error)
            if not self.claims.take_new(record.id, row.remote_id):
                # A twin's look-up took this row for its own, so its own was never made: make it.
                continue
            return self._created(row, record, sent, refused)

    def _created(self, row: PlannedRow, record: Record, sent: Values, refused: Values) -> Outcome:
        outcome = confirmed(
            row,
            "created",
            record.id,
            record.uuid,
            sent,
            content_hash=row.content_hash,
            changes=sent,
            refused=refused,
        )
        outcome.warnings = left_out_warnings(refused)
        dropped = {
            a.name: sent[a.name]
            for a in self.resource.attributes
            if a.confirm
            and a.name in sent
            and not same(a, canonical(a.kind, record.attributes.get(a.name)), sent[a.name])
        }
        if dropped:
            self._insist(outcome, record.id, dropped)
        return outcome

    def _insist(self, outcome: Outcome, record_id: int, dropped: Values) -> None:
        """PATCH what the POST did not keep; where that fails too, the next run does it."""
        try:
            self.sender.patch(record_id, dropped)
        except RequestFailed as error:
            stop_if_forbidden(error)
            outcome.content_hash = None
            outcome.last_sent = {
                n: v for n, v in (outcome.last_sent or {}).items() if n not in dropped
            }

    def _refused_post(self, row: PlannedRow, values: Values, error: RequestFailed) -> Outcome:
        if error.status == CONFLICT and self.resource.unique_pair:
            try:
                record = self._lookup.pair(row.remote_id, values)
            except RequestFailed as failure:
                return waiting(row, str(failure), failed=True)
            if record is not None:
                return self._adopt(row, record, "updated")
            return rejected(
                row,
                f"{error}; the existing row belongs to another record, or carries the id of "
                "another coupling or company",
                self.run_no,
            )
        if error.status == NOT_FOUND and self.find_parent is not None:
            return waiting(row, "the order line does not exist in Optiply any more")
        return not_accepted(row, error, self.run_no)

    def _adopt(self, row: PlannedRow, record: Record, bucket: str) -> Outcome:
        """Take over a row that exists in Optiply and bring it up to date."""
        found = as_found(self.resource, record, row.remote_id, row.wanted, self.optiply.coupling_id)
        known = replace(row, optiply_id=record.id, optiply_uuid=record.uuid, last_sent=found)
        outcome = self.update(known)
        if outcome.followed_by is not None:
            # It vanished between two requests; the next run starts from nothing.
            text = "the row vanished in Optiply while it was being adopted"
            return waiting(row, text, failed=True)
        if bucket == "created" and outcome.bucket in ("updated", "unchanged"):
            outcome.bucket = "created"
        return outcome

    # -- change -------------------------------------------------------------------------------

    def pending_changes(self, row: PlannedRow) -> Values:
        """What a PATCH of the record would carry."""
        sent = row.last_sent or {}
        return difference(
            self.resource,
            row.remote_id,
            row.wanted,
            sent,
            refused=row.refused,
            unconfirmed=row.unconfirmed,
            force=row.forced,
        ).values

    def unchanged(self, row: PlannedRow) -> Outcome:
        """Nothing to send: only note that the wanted row is what Optiply has."""
        assert row.optiply_id is not None
        return confirmed(
            row,
            "unchanged",
            row.optiply_id,
            row.optiply_uuid,
            row.last_sent or {},
            content_hash=row.content_hash,
            refused=row.refused,
        )

    def update(self, row: PlannedRow) -> Outcome:
        """PATCH what differs from what Optiply has."""
        assert row.optiply_id is not None
        changes = self.pending_changes(row)
        if not changes:
            return self.unchanged(row)
        try:
            refused = self.sender.patch(row.optiply_id, changes)
        except RequestFailed as error:
            stop_if_forbidden(error)
            if error.status == NOT_FOUND:
                return Outcome(row, None, "intent", followed_by="resolve", reason=str(error))
            return not_changed(row, error, self.run_no, changes)
        sent = {n: v for n, v in changes.items() if n not in refused}
        known_refused = {n: v for n, v in row.refused.items() if v == row.wanted.get(n)}
        outcome = confirmed(
            row,
            "updated" if sent else "unchanged",
            row.optiply_id,
            row.optiply_uuid,
            after_sending(self.resource, row.last_sent or {}, sent),
            content_hash=row.content_hash,
            changes=sent,
            refused={**known_refused, **refused},
        )
        outcome.warnings = left_out_warnings(refused)
        return outcome

    # -- pieces -------------------------------------------------------------------------------

    def _other_parent(self, row: PlannedRow, error: RequestFailed) -> Values | None:
        if error.status != NOT_FOUND or self.find_parent is None:
            return None
        try:
            return self.find_parent(row)
        except RequestFailed as failure:
            stop_if_forbidden(failure)
            return None
