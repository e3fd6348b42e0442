"""How a run ended, as tags: the list of runs tells it without opening one."""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.report import EntityResult, RunSummary

OUTCOME_TAG = "bc_pipeline/outcome"
"""``success``, ``partial``, ``failed`` or ``skipped``; ``AT_WORK`` while it is not known."""
SENT_TAG = "bc_pipeline/sent"
"""What was created (+), updated (~) and deleted (-), ``products +2 ~1``."""
WOULD_SEND_TAG = "bc_pipeline/would_send"
"""The same of a dry run."""
HELD_TAG = "bc_pipeline/held"
"""Records that were held back or refused, ``products 3``."""
AT_WORK = "at work"
NONE = "nothing"
_SIGNS = (("+", "created"), ("~", "updated"), ("-", "deleted"))
_OF_OUTCOME = (SENT_TAG, WOULD_SEND_TAG, HELD_TAG)


def outcome_tags(summary: RunSummary) -> dict[str, str]:
    """The tags of a run that has ended."""
    written = dict([*summary.optiply_entities(), *summary.outbound_entities()])
    changes = {name: told for name, result in written.items() if (told := _changes(result))}
    kept = {name: result.quarantined + result.deferred for name, result in written.items()}
    held = {name: str(number) for name, number in kept.items() if number}
    sent = WOULD_SEND_TAG if summary.dry_run else SENT_TAG
    return {OUTCOME_TAG: summary.status, sent: _listed(changes)} | (
        {HELD_TAG: _listed(held)} if held else {}
    )


def beginning_tags(inherited: Mapping[str, str]) -> dict[str, str]:
    """What a run that is executed again has to say in place of the outcome it took over."""
    if OUTCOME_TAG not in inherited:
        return {}
    return {OUTCOME_TAG: AT_WORK} | {name: NONE for name in _OF_OUTCOME if name in inherited}


def _changes(result: EntityResult) -> str:
    parts = ((sign, getattr(result, name)) for sign, name in _SIGNS)
    return " ".join(f"{sign}{number}" for sign, number in parts if number)


def _listed(told: Mapping[str, str]) -> str:
    """Names without their group; an entity that goes both ways keeps it on the rarer one."""
    return (
        ", ".join(f"{name.removeprefix('optiply/')} {text}" for name, text in told.items()) or NONE
    )
