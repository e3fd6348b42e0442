"""Checks of what is written to Business Central: two before anything is written, the others after.

What a run has found out beforehand is its ``Preparation``. Without a run (somebody executes the
check by itself) the snapshot answers, as the last runs left it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bc_pipeline.business_central.lookup.dimensions import INVALID_VALUE, NOT_FOUND, MappingFinding
from bc_pipeline.catalogue import states
from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.orchestration.checks.check import SAMPLE_ROWS, CheckInput, Finding
from bc_pipeline.orchestration.checks.dimensions import dimension_mappings_exist
from bc_pipeline.run.records import LEDGER_NAME
from bc_pipeline.to_business_central.export_types import ESCALATED_AFTER, UNRESOLVED
from bc_pipeline.to_business_central.inbox.endings import READABLE
from bc_pipeline.to_business_central.inbox.files import file_stream
from bc_pipeline.to_business_central.inbox.place import not_read

VALUES_VALID = "dimension_values_valid"

DIMENSION_ERRORS = (NOT_FOUND, INVALID_VALUE)
"""Error classes of records refused because of a dimension (target_behaviour.md 3)."""

WHAT_THEN = (
    "Create the dimension in Business Central or correct the mapping: everything that waits stays "
    "as it is and goes with the next export."
)


def mappings_exist(given: CheckInput) -> Finding:
    """Every mapped dimension exists in the config company and is not blocked.

    A missing one is an error when the tenant's own tenant-config.json names it: then nothing is
    written. When only the built-in default does, just the records that use it fail.
    """
    if given.preparation is not None and given.preparation.mappings is not None:
        return _about_mappings(given.preparation.mappings)
    found = dimension_mappings_exist(given)
    if given.preparation is None or found.passed:
        return found
    # Nothing waits, so there is nothing to hold up.
    return replace(found, severity="warn", description=f"{found.description}. Nothing waits.")


def _about_mappings(found: MappingFinding) -> Finding:
    if found.passed:
        return Finding(True, found.message)
    bad = [
        {"record field": prefix, "dimension": code, "finding": told}
        for told, codes in (("does not exist", found.missing), ("is blocked", found.blocked))
        for prefix, code in codes.items()
    ]
    effect = (
        f"Nothing is written. {WHAT_THEN}"
        if found.blocking
        else "Only the records that use it fail."
    )
    return Finding(
        False,
        f"{found.message}. {effect}",
        sample=bad,
        metadata={"missing": len(found.missing), "blocked": len(found.blocked)},
        severity="error" if found.blocking else "warn",
    )


def values_valid(given: CheckInput) -> Finding:
    """The dimension values of all pending records exist and may be used.

    The records that break this fail with their reason; the others are written.
    """
    if given.preparation is None:
        return _values_refused(given)
    offenders = [
        {
            "file": offender.file,
            "line": offender.line,
            "externalId": offender.external_id or offender.key,
            "reason": offender.reason,
        }
        for offender in given.preparation.offenders
        if offender.error_class in DIMENSION_ERRORS
    ]
    waiting = given.preparation.pending
    if not offenders:
        return Finding(True, f"The dimension values of all {waiting} waiting records are valid")
    mappings = given.preparation.mappings
    effect = (
        "for now everything waits, because nothing is written before all mapped dimensions exist."
        if mappings is not None and mappings.blocking
        else f"they fail, the others are written. {_todo(given, 'failed')}"
    )
    return Finding(
        False,
        f"{len(offenders)} of {waiting} waiting records have a dimension that cannot be used: "
        f"{effect}",
        sample=offenders[:SAMPLE_ROWS],
        metadata={"offenders": len(offenders), "pending": waiting},
    )


def _values_refused(given: CheckInput) -> Finding:
    """Without a run: the records that have failed because of a dimension."""
    return Finding.of_rows(
        _in_ledger(given, ("failed",), f"AND error_class IN {DIMENSION_ERRORS}"),
        "No record has failed because of a dimension",
        f"records have failed because of a dimension. {_todo(given, 'failed')}",
        "offenders",
    )


def none_failed(given: CheckInput) -> Finding:
    """No record was refused; graver when in this run none went through."""
    failed = _in_ledger(given, ("failed",))
    refused = given.result.quarantined
    if not failed and not refused:
        return Finding(True, "No record has failed")
    none_worked = refused > 0 and refused == sum(given.result.as_json().values())
    told = f"None of {refused} records could be written. " if none_worked else ""
    return Finding(
        False,
        f"{told}{len(failed)} records have failed. {_todo(given, 'failed')}",
        sample=failed[:SAMPLE_ROWS],
        metadata={"failed": len(failed)},
        severity="error" if none_worked else "warn",
    )


def none_blocked(given: CheckInput) -> Finding:
    """Nothing waits for somebody to repair something; graver after some runs (flows.md 5)."""
    blocked = _in_ledger(given, ("blocked",))
    strange = _not_read(given)
    if not blocked and strange:
        told = ", ".join(row["file"] for row in strange)
        return Finding(
            False,
            f"{told}: left where it is, because nobody reads this format; {READABLE}",
            sample=strange[:SAMPLE_ROWS],
            metadata={"files_not_read": len(strange)},
        )
    if not blocked:
        return Finding(True, "Nothing is blocked")
    escalated = [row for row in blocked if row["runs"] >= ESCALATED_AFTER]
    grave = f"; {len(escalated)} of them for {ESCALATED_AFTER} runs or more" if escalated else ""
    return Finding(
        False,
        f"{len(blocked)} wait for a repair{grave}. {_todo(given, 'blocked')}",
        sample=[*escalated, *(row for row in blocked if row not in escalated), *strange][
            :SAMPLE_ROWS
        ],
        metadata={
            "blocked": len(blocked),
            "escalated": len(escalated),
            "files_not_read": len(strange),
        },
        severity="error" if escalated else "warn",
    )


def none_ambiguous(given: CheckInput) -> Finding:
    """Of everything sent it is known whether it stands in Business Central."""
    return Finding.of_rows(
        _in_ledger(given, sorted(UNRESOLVED)),
        "Of everything sent it is known what became of it",
        "records may stand in Business Central without our knowing. They are looked for in every "
        "run and never sent blindly; what stays `ambiguous` needs a person. "
        + _todo(given, "ambiguous"),
        "unclear",
    )


def _entity(given: CheckInput) -> str:
    return BY_NAME[given.name].entity


def _not_read(given: CheckInput) -> list[dict[str, Any]]:
    """Files of the entity in a format that nobody reads."""
    streams = ((name, file_stream(name)) for name in not_read(given.tenant.snapshot_dir))
    return [
        {"file": name, "reason": f"in no format that is read; {READABLE}"}
        for name, stream in streams
        if stream is not None and stream.entity == _entity(given)
    ]


def _todo(given: CheckInput, state: str) -> str:
    return states.advice(given.name, state, given.tenant.name, ())


def _in_ledger(
    given: CheckInput, wanted: Iterable[str], condition: str = ""
) -> list[dict[str, Any]]:
    """The entity's records in one of the states, as an operator reads them."""
    named = list(wanted)
    marks = ", ".join("?" for _ in named)
    return given.rows(
        'SELECT file, line, coalesce(external_id, key) AS "externalId", state, bc_number, '
        f"{LEDGER_NAME} AS name, error_class, reason, blocked_runs AS runs FROM outbound.ledger "
        f"WHERE entity = ? AND state IN ({marks}) {condition} ORDER BY file, line, key",
        [_entity(given), *named],
    )
