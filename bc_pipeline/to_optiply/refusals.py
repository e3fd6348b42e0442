"""What a refused or unanswered request means for a record, or for its whole entity
(optiply.md 4)."""

from __future__ import annotations

from collections.abc import Iterable

from bc_pipeline.errors import EntityFailed, RequestFailed
from bc_pipeline.to_optiply.attribute_values import Values
from bc_pipeline.to_optiply.diff import PlannedRow
from bc_pipeline.to_optiply.outcome import Outcome, in_doubt, rejected, unconfirmed, waiting

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
