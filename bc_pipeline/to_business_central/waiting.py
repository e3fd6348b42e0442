"""Records that wait: for another record, or for somebody to look."""

from __future__ import annotations

from bc_pipeline.to_business_central.export_types import HoldKind, LedgerEntry, Outcome

ESCALATED_AFTER = 3
"""Runs a record may be blocked before a person is asked to look (flows.md 5)."""

LACKS_ANOTHER = frozenset({"RecordNotFound", "InvalidRecordState"})
"""Error classes of records whose vendor is not there, or whose bill is not posted yet."""


def escalated(reason: str, kind: HoldKind, entry: LedgerEntry | None) -> str:
    """The reason, with more weight when the record has been blocked for long."""
    runs = entry.blocked_runs if entry is not None and kind == "blocked" else 0
    if runs < ESCALATED_AFTER:
        return reason
    return f"{reason} (for {runs} runs now: somebody has to look)"


def lacks_another(outcome: Outcome) -> bool:
    """Whether the record failed because another one is not there, or not ready."""
    return outcome.error_class in LACKS_ANOTHER
