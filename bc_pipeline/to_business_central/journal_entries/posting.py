"""Posting a journal, which cannot be taken back (D12), and what becomes of it.

The lines in the journal are what protects from posting twice: posting takes them out, and once a
posting was under way they are never made again.
"""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.errors import RecordError, RequestFailed
from bc_pipeline.to_business_central.documents import posting
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.concurrency import Unclear, looked_for
from bc_pipeline.to_business_central.export_types import Action, Outcome
from bc_pipeline.to_business_central.journal_entries.differences import JOURNALS
from bc_pipeline.to_business_central.journal_entries.entry import DELETE, POST, EntryWork
from bc_pipeline.to_business_central.journal_entries.existing import (
    Look,
    holds,
    lines_of,
    of_document,
)
from bc_pipeline.values import by_code


def posted(work: EntryWork, journal: Row) -> Outcome:
    """Posts a journal that holds exactly the wanted lines, and looks what became of it.

    Raises:
        RecordError, RequestFailed: it was refused; the lines stay in the journal.
        Unclear: nobody can tell.
        AuthError, Cancelled, ReadFailed: the ledger knows that posting was under way.
    """
    if not work.context.dry_run:
        look = work.look(journal)
        if look.entries:
            return already_posted(work, look.entries, look.journal)
        journal, _ = work.brought_about(look.journal or work.again(journal))
    work.note(POST, journal)
    document = f"{JOURNALS}({journal['id']})"
    if work.context.dry_run:
        posting.send(work.context, document)
        return done(work, (), journal, "posted")
    # Posting takes its lines out of the journal: those still there were not posted.
    after, refused = posting.post(
        work.context,
        document,
        lambda: _no_lines(work, journal),
        unposted="the journal has its lines",
    )
    return _verified(work, after, refused)


def already_posted(work: EntryWork, entries: Sequence[Row], journal: Row | None) -> Outcome:
    """The document stands in the general ledger: it is never posted again (D1, D2).

    Raises:
        RecordError: what stands there is something else.
    """
    wanted = work.wanted
    if not work.was_posting and not holds(entries, wanted):
        raise RecordError(
            "DuplicatedRecord",
            f"document number {wanted.number} is posted on {wanted.day} with other accounts or "
            "amounts; correct it in Business Central",
        )
    return done(work, entries, journal, "posted" if work.was_posting else "unchanged")


def refuse_posted_as_something_else(work: EntryWork) -> None:
    """A record that was posted under another number or date must not be posted once more.

    Raises:
        RecordError: it was.
    """
    number, day = work.detail.get("number"), work.detail.get("day")
    if not number or not day or (number, day) == (work.wanted.number, work.wanted.day):
        return
    if of_document(work.present.entries(number), number, day):
        raise RecordError(
            "InvalidRecordState",
            f"the record is posted already as {number} on {day}; correct it in Business Central",
        )


def after_interruption(work: EntryWork, journal: Row | None) -> Outcome:
    """The lines are gone and so is the answer to posting them: they must be in the ledger.

    Raises:
        Unclear: they are not.
    """
    entries = looked_for(work.context, lambda: work.look(journal).entries or None)
    if not entries:
        raise Unclear(
            f"posting {work.wanted.number} was interrupted: its journal has no lines any more, "
            "but the general ledger has no entries with its number and date"
        )
    return done(work, entries, journal, "posted")


def done(work: EntryWork, entries: Sequence[Row], journal: Row | None, action: Action) -> Outcome:
    """Posted: deletes the empty journal that was made for it.

    The id returned is that of a ledger entry; the journal is gone (target_behaviour.md 8).
    """
    if journal is not None and by_code(journal.get("code")) == work.wanted.code:
        _delete_empty(work, journal)
    work.progress.remains = ""
    id = str(entries[0]["id"]) if entries else None
    return work.outcome(action, id, posted=True)


def _no_lines(work: EntryWork, journal: Row) -> Look | None:
    """What is there once the lines have left the journal, or stand in the ledger."""
    look = work.look(journal)
    return look if look.entries or not look.lines else None


def _verified(work: EntryWork, look: Look, refused: RequestFailed | None) -> Outcome:
    """Posting took the lines; the general ledger has to have them."""
    number = work.wanted.number
    if not look.entries and refused is not None:
        return after_interruption(work, look.journal)
    if not look.entries:
        work.warn(
            f"{number} was posted, but the general ledger has no entries with this number and "
            "date: the journal template may number documents when posting"
        )
    elif not holds(look.entries, work.wanted):
        work.warn(
            f"{number} was posted with other amounts than it was sent with, perhaps with tax "
            "split off"
        )
    return done(work, look.entries, look.journal, "posted")


def _delete_empty(work: EntryWork, journal: Row) -> None:
    """Deletes the journal unless somebody has put lines into it. Failing is no failure of the
    record: a journal that is left is used or deleted when its number comes again."""
    name = f"journal {journal.get('code')}"
    if lines_of(journal) and not work.context.dry_run:
        work.warn(f"{name} was left: it still holds {len(lines_of(journal))} lines")
        return
    work.note(DELETE, journal)
    url = work.context.url(f"{JOURNALS}({journal['id']})")
    for last in (False, True):
        try:
            work.context.bc.delete(url)
        except RequestFailed as error:
            if last or not error.uncertain:
                work.warn(f"{name} is empty and was left: {error}")
                return
        else:
            work.present.forget(journal)
            return
