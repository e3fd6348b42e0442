"""How a record stands, what that means, what to do about it, and when it is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bc_pipeline.catalogue.states import NOT_MAPPED, WANTED, means, todo
from bc_pipeline.run.records import NEXT_RUN, next_try
from bc_pipeline.story.model import RecordState


def in_optiply(
    tenant: str,
    task: str,
    number: str,
    state: Mapping[str, Any] | None,
    wanted: Mapping[str, Any] | None,
    run_no: int,
) -> RecordState:
    """How a record for Optiply stands.

    Args:
        tenant, task, number: for the commands that are named.
        state: its row of the id map.
        wanted: its row of the wanted table.
        run_no: number of the newest run; next attempts count in these.
    """
    word = str(state["state"]) if state else NOT_MAPPED if wanted is None else WANTED
    reason = state["reason"] if state else None
    left_out = wanted is not None and wanted["decision"] in ("skip", "update_only")
    if word == WANTED and left_out:
        word = "skipped"
    if wanted is not None and (reason is None or word == "skipped"):
        reason = wanted["reason"] or reason
    return RecordState(
        word,
        means(task, word),
        reason=reason,
        todo=todo(task, word, tenant, number),
        next_attempt=_next(word, state, run_no),
        tries=int((state or {}).get("attempts") or 0),
    )


def booked(tenant: str, task: str, ledger: Mapping[str, Any]) -> RecordState:
    """How a record for Business Central stands, by its entry in the ledger."""
    word = str(ledger["state"])
    key = ledger["external_id"] or ledger["key"]
    reason = ledger["reason"]
    if reason and ledger["error_class"]:
        reason = f"{ledger['error_class']}: {reason}"
    return RecordState(
        word,
        means(task, word),
        reason=reason,
        todo=todo(task, word, tenant, str(key)),
        next_attempt=None if word in ("done", "failed") else NEXT_RUN,
        tries=max(ledger["attempts"], ledger["blocked_runs"]) if word != "done" else 0,
    )


def _next(word: str, state: Mapping[str, Any] | None, run_no: int) -> str | None:
    if word in ("deferred", "intent", WANTED, NOT_MAPPED):
        return NEXT_RUN
    if word != "quarantined" or state is None:
        return None
    when = next_try(state["next_attempt_run"], run_no)
    return when if when == NEXT_RUN else f"{when}, at once when it changes"
