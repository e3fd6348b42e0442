"""What became of one record, and the row of ``sync.<resource>`` that follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from bc_pipeline.errors import EntityFailed, RequestFailed
from bc_pipeline.report import ProblemKind
from bc_pipeline.to_optiply.attribute_values import Values
from bc_pipeline.to_optiply.diff import UNCONFIRMED, PlannedRow

Bucket = Literal["created", "updated", "deleted", "unchanged", "skipped", "deferred", "quarantined"]
LONGEST_DISTANCE = 48
"""Runs between two tries of a quarantined record at most: a day of half-hours (flows.md 4)."""

_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


@dataclass
class Outcome:
    """The result of handling one record.

    Args:
        row: the record.
        bucket: where it is counted; None when it is not counted (it was only a step).
        state: new state in the id map.
        reason: why it did not succeed, in the operator's words.
        failed: it was refused; counts for the circuit breaker and waits before the next try.
        changes: what was sent, for the preview.
        parent_gone: Optiply id whose children Optiply has deleted along.
        followed_by: action to take next with the same record.
    """

    row: PlannedRow
    bucket: Bucket | None
    state: str
    optiply_id: int | None = None
    optiply_uuid: str | None = None
    content_hash: str | None = None
    last_sent: Values | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    next_attempt_run: int | None = None
    failed_hash: str | None = None
    reason: str | None = None
    failed: bool = False
    kind: ProblemKind | None = None
    changes: Values = field(default_factory=dict)
    parent_gone: int | None = None
    followed_by: Literal["create", "resolve"] | None = None
    warnings: tuple[tuple[str, str], ...] = ()
    forget: bool = False

    @property
    def unsettled(self) -> bool:
        """Whether another try may end otherwise although nothing changes: a system did not answer,
        or Optiply kept less than it was sent."""
        waits = self.bucket == "deferred" and self.failed
        return waits or (self.bucket == "created" and self.content_hash is None)

    @property
    def signature(self) -> str:
        """The reason without what is particular to the record, to recognise a common cause."""
        return _PARTICULAR.sub("#", self.reason or "")


def confirmed(
    row: PlannedRow,
    bucket: Bucket,
    optiply_id: int,
    uuid: str | None,
    last_sent: Values,
    *,
    content_hash: str | None,
    changes: Values | None = None,
    refused: Values | None = None,
) -> Outcome:
    """The record stands in Optiply as ``last_sent`` says."""
    extra = dict(row.extra)
    if refused:
        extra["refused"] = refused
    return Outcome(
        row,
        bucket,
        "active",
        optiply_id=optiply_id,
        optiply_uuid=uuid,
        content_hash=content_hash,
        last_sent=last_sent,
        extra=extra,
        changes=changes or {},
    )


def _as_known(
    row: PlannedRow,
    bucket: Bucket,
    state: str,
    reason: str,
    *,
    pending: Values | None = None,
    **more: Any,  # noqa: ANN401 - any field of an outcome
) -> Outcome:
    """What is known of the record in Optiply stays known.

    Args:
        pending: attributes of a POST that may have been applied; looked for next time.
    """
    stands = row.optiply_id is not None
    return Outcome(
        row,
        bucket,
        state,
        optiply_id=row.optiply_id,
        optiply_uuid=row.optiply_uuid,
        content_hash=row.known_hash if stands else None,
        last_sent=row.last_sent if stands else pending,
        reason=reason,
        **more,
    )


def rejected(
    row: PlannedRow, reason: str, run_no: int, *, pending: Values | None = None
) -> Outcome:
    """The record was refused: keep what is known, try again after 1, 2, 4, ... runs (flows.md 4).

    Args:
        pending: attributes of a POST that may have been applied after all; looked for next time.
    """
    attempts = row.attempts + 1 if row.state == "quarantined" else 1
    distance = min(2 ** min(attempts - 1, 10), LONGEST_DISTANCE)
    return _as_known(
        row,
        "quarantined",
        "quarantined",
        reason,
        pending=pending,
        extra=row.known_extra or row.extra,
        attempts=attempts,
        next_attempt_run=run_no + distance,
        failed_hash=row.attempt_hash,
        failed=True,
        kind="quarantined",
    )


def waiting(
    row: PlannedRow, reason: str, *, pending: Values | None = None, failed: bool = False
) -> Outcome:
    """The record has to wait for something else; tried again next run, not an error for three
    runs (flows.md 4).

    Args:
        pending: attributes of a POST that may have been applied; looked for next time.
        failed: a system did not answer; many of these stop the entity.
    """
    return _as_known(
        row,
        "deferred",
        "deferred",
        reason,
        pending=pending,
        extra=(row.known_extra or row.extra) if row.optiply_id is not None else row.extra,
        attempts=row.attempts + 1 if row.state == "deferred" else 1,
        failed=failed,
        kind="deferred",
    )


def unconfirmed(row: PlannedRow, reason: str, names: Iterable[str]) -> Outcome:
    """A change that Optiply may have made or not: what is known stays known, but the attributes
    named are sent again in the next run, whatever they are then (decisions 42)."""
    outcome = waiting(row, f"{reason}; not confirmed, sent again in the next run", failed=True)
    outcome.kind = "ambiguous"
    return in_doubt(outcome, names)


def in_doubt(outcome: Outcome, names: Iterable[str]) -> Outcome:
    """``outcome``, remembering that Optiply may have other values of these attributes."""
    known = outcome.extra.get(UNCONFIRMED, [])
    outcome.extra = {**outcome.extra, UNCONFIRMED: sorted({*known, *names})}
    return outcome


def left_alone(row: PlannedRow, reason: str) -> Outcome:
    """Nothing to do for the record, and what is known of it stays known."""
    state = "active" if row.optiply_id is not None else "skipped"
    return _as_known(row, "skipped", state, reason, extra=row.known_extra or row.extra)


def removed(row: PlannedRow) -> Outcome:
    """Optiply does not have the record any more."""
    return Outcome(
        row,
        "deleted",
        "deleted",
        extra=row.known_extra,
        reason=None if row.optiply_id is None else f"deleted in Optiply (id {row.optiply_id})",
        parent_gone=row.optiply_id,
    )


# What a refused or unanswered request means for a record, or for its whole entity
# (optiply.md 4).

FORBIDDEN = 403
THROTTLED = 429
FIRST_ERROR = 300


def not_accepted(row: PlannedRow, error: RequestFailed, run_no: int) -> Outcome:
    """The record waits: for its turn when Optiply is busy, else for a change or its next try."""
    if error.status == THROTTLED:
        outcome = waiting(row, f"Optiply is busy: {error}", failed=True)
        outcome.kind = "throttled"
        return outcome
    return rejected(row, str(error), run_no)


def not_changed(
    row: PlannedRow, error: RequestFailed, run_no: int, names: Iterable[str]
) -> Outcome:
    """A PATCH without success: refused, or nothing says whether Optiply made the change
    (decisions 42).

    Args:
        names: the attributes it carried.
    """
    if not error.uncertain:
        return not_accepted(row, error, run_no)
    if error.status is not None and error.status < FIRST_ERROR:
        return unconfirmed(row, str(error), names)
    return in_doubt(not_accepted(row, error, run_no), names)


def not_found_out(row: PlannedRow, pending: Values, error: RequestFailed) -> Outcome:
    """A failed look-up is not "absent": the intent stays, and is looked into next run."""
    stop_if_forbidden(error)
    text = f"may have been created, could not look: {error}"
    outcome = waiting(row, text, pending=pending, failed=True)
    outcome.state = "intent"
    return outcome


def left_out_warnings(refused: Values) -> tuple[tuple[str, str], ...]:
    """Warnings (kind, message) about attributes Optiply did not take."""
    return tuple(
        ("null_refused", f"Optiply keeps its {name}: it does not accept an empty value")
        if value is None
        else (f"{name}_refused", f"Optiply does not accept the {name}; sent without")
        for name, value in refused.items()
    )


def stop_if_forbidden(error: RequestFailed) -> None:
    """Raise EntityFailed when the account itself is refused: no other record would fare better
    (optiply.md 4)."""
    if error.status == FORBIDDEN:
        raise EntityFailed(
            f"Optiply forbids this account to write: {error.explanation}. Check account_id, "
            "coupling_id and the rights of the API user"
        ) from None
