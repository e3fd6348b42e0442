"""Taking one record away in Optiply, the way its resource wants it (flows.md 6).

Methods run on worker threads and return what became of the record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bc_pipeline.catalogue.resources import Resource
from bc_pipeline.errors import RequestFailed
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.to_optiply.attribute_values import Values, after_sending
from bc_pipeline.to_optiply.diff import PlannedRow
from bc_pipeline.to_optiply.lookup import Lookup
from bc_pipeline.to_optiply.outcome import (
    Outcome,
    left_alone,
    not_changed,
    not_found_out,
    removed,
    stop_if_forbidden,
    waiting,
)
from bc_pipeline.to_optiply.sender import Sender

NOT_FOUND = 404

StillInSource = Callable[[str], bool]
"""Whether Business Central still has a record; RequestFailed when that cannot be found out."""


@dataclass
class Remover:
    """Takes away the records of one resource.

    Args:
        optiply: the account; its counter is the entity's.
        resource: what is taken away.
        lookup: finds rows whose creation was never confirmed.
        sender: sends attributes.
        run_no: number of the run.
        still_in_source: asked before a row is taken away because the source lost it.
    """

    optiply: Optiply
    resource: Resource
    lookup: Lookup
    sender: Sender
    run_no: int
    still_in_source: StillInSource | None

    def remove(self, row: PlannedRow) -> Outcome:
        """Take the row out of use the way its resource wants it (flows.md 6)."""
        assert row.optiply_id is not None
        if row.decision is None and self.still_in_source is not None:
            try:
                if self.still_in_source(row.remote_id):
                    return left_alone(row, "Business Central still has it")
            except RequestFailed as error:
                return waiting(row, f"could not make sure that it is gone: {error}", failed=True)
        try:
            if self.resource.gone is None:
                self.optiply.delete(self.resource.path, row.optiply_id)
                return removed(row)
            return self._retire(row, dict(self.resource.gone))
        except RequestFailed as error:
            stop_if_forbidden(error)
            names = [name for name, _ in self.resource.gone or ()]
            return not_changed(row, error, self.run_no, names)

    def replace(self, row: PlannedRow) -> Outcome:
        """Take the row away; it is created anew right after (flows.md 3)."""
        outcome = self.remove(replace(row, decision="replace"))
        if outcome.state == "deleted":
            outcome.bucket = None
            outcome.followed_by = "create"
        return outcome

    def remove_lost(self, row: PlannedRow) -> Outcome:
        """The source has lost a record whose POST was never confirmed: find it, take it away."""
        pending = row.last_sent or {}
        try:
            record = self.lookup.posted(row.remote_id, pending)
        except RequestFailed as error:
            return not_found_out(row, pending, error)
        if record is None:
            return replace(left_alone(row, "was never created"), forget=True)
        return self.remove(
            replace(row, optiply_id=record.id, optiply_uuid=record.uuid, last_sent=pending)
        )

    def _retire(self, row: PlannedRow, attributes: Values) -> Outcome:
        assert row.optiply_id is not None
        try:
            self.sender.patch(row.optiply_id, attributes)
        except RequestFailed as error:
            if error.status == NOT_FOUND:
                return removed(row)
            raise
        return Outcome(
            row,
            "deleted",
            "disabled",
            optiply_id=row.optiply_id,
            optiply_uuid=row.optiply_uuid,
            last_sent=after_sending(self.resource, row.last_sent or {}, attributes),
            extra=row.known_extra,
            changes=attributes,
        )
