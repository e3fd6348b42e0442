"""How a record stands, what that means, what to do about it, and when it is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bc_pipeline.run.records import NEXT_RUN, next_try
from bc_pipeline.story.model import Standing
from bc_pipeline.values import typed

WANTED = "wanted"
"""Nothing has been booked of the record yet."""
NOT_MAPPED = "read"
"""It was read, and nothing has been made of it yet."""

TOLD: Mapping[str, str] = MappingProxyType(
    {
        "active": "It stands in Optiply as it was last sent.",
        "disabled": "It is gone from Business Central, so it was taken out of use in Optiply.",
        "deleted": "It was taken away in Optiply.",
        "skipped": "It is left out on purpose.",
        "deferred": "It waits for something else.",
        "quarantined": "It was refused, or cannot be made into something Optiply takes.",
        "guard": "Its deletion in Optiply is held back until somebody approves it.",
        "intent": "It was being created when the answer was lost; nothing is sent before the next "
        "run has looked whether it is there.",
        WANTED: "It has not been sent yet.",
        NOT_MAPPED: "It was read, and nothing has been made of it for Optiply yet.",
    }
)
"""State of a record for Optiply -> what it means."""
_TODO: Mapping[str, str] = MappingProxyType(
    {
        "quarantined": "Correct it where the reason says; a change is tried at once. Without one: "
        "bc-pipeline retry {tenant} {entity} {number}",
        "guard": "If Business Central really lost it: "
        "bc-pipeline approve-deletions {tenant} {entity}",
        "deferred": "Nothing, unless what it waits for never comes; find that: bc-pipeline find "
        "{tenant} TEXT",
    }
)
BOOKED_TOLD: Mapping[str, str] = MappingProxyType(
    {
        "done": "It stands in Business Central.",
        "failed": "It was refused.",
        "blocked": "It waits for somebody to repair something.",
        "ambiguous": "Whether Business Central has it as it was sent is not clear.",
        "intent": "It was being written when the answer was lost, or a run ended; nothing is sent "
        "again before the next run has looked for it.",
        "created": "It stands in Business Central; steps remain, and the next run takes them.",
        "linked": "It stands in Business Central, and both sides know each other.",
    }
)
"""State of a record for Business Central -> what it means."""
_BOOKED_TODO: Mapping[str, str] = MappingProxyType(
    {
        "failed": "Repair what the reason names, then: bc-pipeline resend {tenant} {entity} {key}",
        "blocked": "Repair what the reason names; it is tried again in every run, no resend is "
        "needed.",
        "ambiguous": "Compare both sides and correct Business Central; the next run looks again. "
        "If it is not there and is to be written again: "
        "bc-pipeline resend {tenant} {entity} {key}",
    }
)


def in_optiply(
    tenant: str,
    entity: str,
    number: str,
    state: Mapping[str, Any] | None,
    wanted: Mapping[str, Any] | None,
    run_no: int,
) -> Standing:
    """How a record for Optiply stands.

    Args:
        tenant, entity, number: for the commands that are named.
        state: its row of the id map.
        wanted: its row of the wanted table.
        run_no: number of the newest run; next attempts count in these.
    """
    word = str(state["state"]) if state else NOT_MAPPED if wanted is None else WANTED
    reason = state["reason"] if state else None
    told = TOLD.get(word, word)
    left_out = wanted is not None and wanted["decision"] in ("skip", "update_only")
    if word == WANTED and left_out:
        word, told = "skipped", TOLD["skipped"]
    if wanted is not None and (reason is None or word == "skipped"):
        reason = wanted["reason"] or reason
    return Standing(
        word,
        told,
        reason=reason,
        todo=_with(_TODO.get(word), tenant=tenant, entity=entity, number=number),
        next_attempt=_next(word, state, run_no),
        tries=int((state or {}).get("attempts") or 0),
    )


def booked(tenant: str, entity: str, ledger: Mapping[str, Any]) -> Standing:
    """How a record for Business Central stands, by its entry in the ledger."""
    word = str(ledger["state"])
    key = ledger["external_id"] or ledger["key"]
    reason = ledger["reason"]
    if reason and ledger["error_class"]:
        reason = f"{ledger['error_class']}: {reason}"
    return Standing(
        word,
        BOOKED_TOLD.get(word, word),
        reason=reason,
        todo=_with(_BOOKED_TODO.get(word), tenant=tenant, entity=entity, key=key),
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


def _with(todo: str | None, **named: str) -> str | None:
    """What to do, with names as a shell takes them."""
    return todo.format(**{name: typed(value) for name, value in named.items()}) if todo else None
