"""The way of an entity's records through a run.

Pendings come from files, or from the entity's own source. They are written in waves: a record that
comes twice is written twice, one after the other. A record that is done and has not changed is
settled as ``unchanged`` without its writer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bc_pipeline.business_central.client import Company
from bc_pipeline.catalogue.exports import Export
from bc_pipeline.errors import (
    AuthError,
    Cancelled,
    ConfigError,
    EntityFailed,
    PipelineError,
    RecordError,
)
from bc_pipeline.report import COUNT_NAMES, EntityResult
from bc_pipeline.to_business_central.export_types import Offender, Outcome, Pending
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.to_business_central.writers import writer_of
from bc_pipeline.values import grouped

logger = logging.getLogger(__name__)


class NothingWritten(EntityFailed):
    """Every record of an entity was refused."""

    kind = "quarantined"


def is_unchanged(export: Export, context: ExportContext, pending: Pending) -> bool:
    """Whether the record has been written as it is and needs nothing more."""
    entry = pending.entry
    if entry is None or entry.state != "done" or entry.payload_hash != pending.payload_hash:
        return False
    if _wants_posting(context, pending) and entry.action != "posted":
        return False  # written as a draft, while the tenant did not allow posting
    complete = writer_of(export).complete
    return complete is None or bool(complete(context, pending))


def _wants_posting(context: ExportContext, pending: Pending) -> bool:
    return context.exports.post_documents and getattr(pending.record, "is_draft", None) is False


def write_all(
    export: Export,
    contexts: Mapping[str, ExportContext],
    pendings: Sequence[Pending],
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Bring every pending to its end.

    Args:
        contexts: by company id.
        pendings: in the order they came; with the companies of ``contexts`` only.
        progress: told how many have been through.

    Raises:
        AuthError, ConfigError: a person must act; what was not written of the company is held.
        Cancelled: the run was cancelled; what was not written is left as it is.
    """
    done = 0
    refused: dict[Company, PipelineError] = {}
    for wave in waves(pendings):
        for company, group in grouped(wave, lambda pending: pending.company).items():
            if company in refused:
                continue
            context = contexts[company.id]
            try:
                _write_group(export, context, _waiting_for_nothing(context, group))
            except (AuthError, ConfigError) as error:
                refused[company] = error
                own = [pending for pending in pendings if pending.company == company]
                context.ledger.hold_all(own, str(error))
            done += len(group)
            progress(done)
    if refused:
        raise next(iter(refused.values()))


def waves(pendings: Sequence[Pending]) -> Iterator[list[Pending]]:
    """The pendings in their order, no two of one key in one wave."""
    rest = list(pendings)
    while rest:
        wave: dict[str, Pending] = {}
        later: list[Pending] = []
        for pending in rest:
            if pending.key in wave:
                later.append(pending)
            else:
                wave[pending.key] = pending
        yield list(wave.values())
        rest = later


def fail_if_nothing_worked(result: EntityResult) -> None:
    """An entity none of whose records could be written has failed itself (C21).

    Raises:
        NothingWritten: every record was refused.
    """
    others = sum(getattr(result, name) for name in COUNT_NAMES) - result.quarantined
    if result.quarantined and not others:
        raise NothingWritten(f"none of {result.quarantined} records could be written")


def _waiting_for_nothing(context: ExportContext, group: Sequence[Pending]) -> list[Pending]:
    """Those that may be written, with what the ledger knows now: an earlier wave may have
    written the same record, or have had to hold it."""
    ready: list[Pending] = []
    for pending in group:
        if context.ledger.is_held(pending.key):
            context.ledger.hold(pending, "the same record waits further up")
        else:
            ready.append(pending)
    return _with_entries(context, ready)


def _write_group(export: Export, context: ExportContext, group: Sequence[Pending]) -> None:
    unchanged = [pending for pending in group if is_unchanged(export, context, pending)]
    context.ledger.settle([(pending, _same(pending)) for pending in unchanged])
    changed = [pending for pending in group if not context.ledger.ended(pending)]
    if not changed:
        return
    _contained(export, context, changed)


def _contained(export: Export, context: ExportContext, group: Sequence[Pending]) -> None:
    """Write a group; whatever goes wrong, every record of it has an end afterwards.

    Raises:
        AuthError, ConfigError, Cancelled: as ``write_all``.
    """
    if context.cancel.is_set():
        raise Cancelled("the run was cancelled")
    ledger = context.ledger
    try:
        writer_of(export).write(context, group)
        ledger.hold_all(group, "its writer gave it no end; the log has the details")
        return
    except (Cancelled, AuthError, ConfigError):
        raise
    except RecordError as error:
        left = _left(context, group)
        if len(left) == 1 and not (left[0].entry and left[0].entry.unresolved):
            ledger.settle([(left[0], Outcome.failed(error))])
            return
        reason = f"{error.error_class}: {error}"
    except PipelineError as error:
        ledger.hold_all(group, str(error))
        return
    except Exception as error:
        logger.exception("%s: writing failed unexpectedly", context.result.name)
        left = _left(context, group)
        reason = f"unexpected {type(error).__name__}; the log has the details"
    if len(group) == 1:
        ledger.hold_all(left, reason)
        return
    # It may be the fault of one of them alone: the others shall not suffer.
    for pending in left:
        _contained(export, context, [pending])


def _left(context: ExportContext, group: Sequence[Pending]) -> list[Pending]:
    """Those without an end, with what the ledger knows now."""
    left = [pending for pending in group if not context.ledger.ended(pending)]
    return _with_entries(context, left)


def _with_entries(context: ExportContext, pendings: Sequence[Pending]) -> list[Pending]:
    entries = context.ledger.entries([pending.key for pending in pendings])
    return [replace(pending, entry=entries.get(pending.key)) for pending in pendings]


def _same(pending: Pending) -> Outcome:
    entry = pending.entry
    return Outcome("unchanged", entry.bc_id if entry else None, entry.bc_number if entry else None)


# Which waiting records will be refused, known before anything is written.


def offenders_among(
    export: Export, contexts: Mapping[str, ExportContext], pendings: Sequence[Pending]
) -> list[Offender]:
    """Those that will be refused, as far as that can be known."""
    found: list[Offender] = []
    for pending in pendings:
        context = contexts[pending.company.id]
        if is_unchanged(export, context, pending):
            continue
        try:
            writer_of(export).validate(context, pending)
        except RecordError as error:
            found.append(offender(pending, error))
        except PipelineError:
            raise
        except Exception:
            # A mistake of ours about one record: its writer will meet it again, and hold it alone.
            logger.exception("%s: validating a record failed unexpectedly", export.task)
    return found


def offender(pending: Pending, error: RecordError) -> Offender:
    """The record and why it is refused."""
    return Offender(
        pending.key,
        pending.external_id,
        pending.file,
        pending.line,
        error.error_class,
        error.message,
    )
