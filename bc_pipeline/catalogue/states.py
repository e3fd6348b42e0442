"""The states a record can be in: what each means, and what to do about it. One entry for each state
of the id map (records for Optiply) and of the ledger (records for Business Central); alerts,
checks, the report page and ``show`` all say it in these words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.catalogue.task import OUTBOUND
from bc_pipeline.values import typed

WANTED = "wanted"
"""Nothing has been booked of the record yet."""
NOT_MAPPED = "read"
"""It was read, and nothing has been made of it yet."""
GUARD = "guard"
"""It stands in Optiply because the guard holds its deletion."""

ANY_KEY = "KEY"
"""Stands for the record where a command takes no less than one, and several are meant."""


@dataclass(frozen=True)
class State:
    """One state.

    Attributes:
        means: in a sentence.
        todo: what a person can do, with the command; None: nothing has to be done. It names
            ``{tenant}`` and ``{entity}``, and the record as ``{record}`` where the command does
            without it for all, as ``{key}`` where it does not.
        of_orders: what else that is of a buy order, which comes in no file that could be sent anew.
    """

    means: str
    todo: str | None = None
    of_orders: str = ""


FOR_OPTIPLY: Mapping[str, State] = MappingProxyType(
    {
        "active": State("It stands in Optiply as it was last sent."),
        "disabled": State(
            "It is gone from Business Central, so it was taken out of use in Optiply."
        ),
        "deleted": State("It was taken away in Optiply."),
        "skipped": State("It is left out on purpose."),
        "deferred": State(
            "It waits for something else.",
            "Nothing: it goes as soon as what it waits for is there. If that never comes, find it: "
            "bc-pipeline find {tenant} TEXT",
        ),
        "quarantined": State(
            "It was refused, or cannot be made into something Optiply takes.",
            "Correct it where the reason says; a change is tried at once. Without one: "
            "bc-pipeline retry {tenant} {entity} {record}",
        ),
        GUARD: State(
            "Its deletion in Optiply is held back until somebody approves it.",
            "If the record is really gone in Business Central, approve: bc-pipeline "
            "approve-deletions {tenant} {entity}. Else repair it there; it comes back by itself",
        ),
        "intent": State(
            "It was being created when the answer was lost; nothing is sent before the next run "
            "has looked whether it is there."
        ),
        WANTED: State("It has not been sent yet."),
        NOT_MAPPED: State("It was read, and nothing has been made of it for Optiply yet."),
    }
)
"""By state in the id map."""

FOR_BUSINESS_CENTRAL: Mapping[str, State] = MappingProxyType(
    {
        "done": State("It stands in Business Central."),
        "failed": State(
            "It was refused.",
            "Repair what the reason names, then: bc-pipeline resend {tenant} {entity} {record}",
        ),
        "blocked": State(
            "It waits for somebody to repair something.",
            "Repair what the reason names; it is tried again in every run, or at once with: "
            "bc-pipeline export {tenant}",
        ),
        "ambiguous": State(
            "Whether Business Central has it as it was sent is not clear.",
            "Compare both sides and correct Business Central; the next run looks again",
            of_orders=". If it is not there and is to be made again, then: bc-pipeline resend "
            "{tenant} {entity} {key}",
        ),
        "intent": State(
            "It was being written when the answer was lost, or a run ended; nothing is sent again "
            "before the next run has looked for it."
        ),
        "created": State(
            "It stands in Business Central; steps remain, and the next run takes them."
        ),
        "linked": State("It stands in Business Central, and both sides know each other."),
    }
)
"""By state in the ledger."""


def means(task: str, state: str) -> str:
    """What a state means; the word itself of one that nobody has described.

    Args:
        task: ``optiply/products`` or ``outbound/customers``: of a record of it.
        state: as the id map or the ledger has it.
    """
    found = _of(task).get(state)
    return found.means if found else state


def todo(task: str, state: str, tenant: str, record: str | None = None) -> str | None:
    """What a person can do about a record, with the command; None: nothing has to be done.

    Args:
        task, state: as ``means``.
        tenant: whose.
        record: a number, id or key of it; None: all of the task that are in the state.
    """
    found = _of(task).get(state)
    if found is None or found.todo is None:
        return None
    entity = task.partition("/")[2]
    is_order = entity in EXPORTS and not EXPORTS[entity].from_files
    text = found.todo + (found.of_orders if is_order else "")
    named = "" if record is None else typed(record)
    return text.format(tenant=tenant, entity=entity, record=named, key=named or ANY_KEY).rstrip()


def advice(task: str, state: str, tenant: str, records: Sequence[str]) -> str:
    """What to do about some records that somebody hears of: ``todo``, and the command that tells
    all about the one, or lists the several.

    Args:
        task, state, tenant: as ``todo``.
        records: a number, id or key of each.
    """
    one = records[0] if len(records) == 1 else None
    text = todo(task, state, tenant, one)
    if text is None:
        return "Nothing: the next run goes on with it"
    entity = task.partition("/")[2]
    look = (
        f"All of them: bc-pipeline records {tenant} {entity} --state {state}"
        if one is None
        else f"All about it: bc-pipeline show {tenant} {entity} {typed(one)}"
    )
    return f"{text}. {look}"


def _of(task: str) -> Mapping[str, State]:
    return FOR_BUSINESS_CENTRAL if task.startswith(f"{OUTBOUND}/") else FOR_OPTIPLY
