"""Writes journal entries: general ledger and journals are looked at once for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.business_central.lookup.reference_data import KindName
from bc_pipeline.errors import ReadFailed, RequestFailed
from bc_pipeline.to_business_central.documents.concurrency import (
    Progress,
    in_groups,
    to_an_end,
)
from bc_pipeline.to_business_central.documents.lookups import Question, ask, kinds_needed
from bc_pipeline.to_business_central.documents.posting import complete
from bc_pipeline.to_business_central.export_types import Outcome, Pending
from bc_pipeline.to_business_central.journal_entries.differences import EXPAND, JOURNALS
from bc_pipeline.to_business_central.journal_entries.entry import EntryWork
from bc_pipeline.to_business_central.journal_entries.existing import (
    Existing,
    entries_question,
    lines_of,
)
from bc_pipeline.to_business_central.journal_entries.journal import (
    created,
    found,
    holders,
    leave_former,
    refuse_anothers,
)
from bc_pipeline.to_business_central.journal_entries.posting import (
    after_interruption,
    already_posted,
    posted,
    refuse_posted_as_something_else,
)
from bc_pipeline.to_business_central.journal_entries.wanted import (
    former_code,
    journal_code,
    wanted_entry,
)
from bc_pipeline.to_business_central.unified import JournalEntry
from bc_pipeline.to_business_central.writer import ExportContext, Stream, Writer
from bc_pipeline.values import by_code, grouped


def needs(pendings: Sequence[Pending]) -> frozenset[KindName]:
    """The kinds of reference data these entries need."""
    always = {"accounts", "company_information", "currencies"} if pendings else set()
    return kinds_needed(pendings) | always


def validate(context: ExportContext, pending: Pending) -> None:
    """Checks all that can be known before Business Central is looked at.

    Raises:
        RecordError: the entry cannot be written as it is.
    """
    wanted_entry(context, pending.record)


def write(context: ExportContext, pendings: Sequence[Pending]) -> None:
    """Writes journal entries of one company; settles or holds each of them.

    Entries with one document number are written one after another, others a few at a time.

    Raises:
        AuthError, Cancelled: the ledger knows where every entry stands.
    """
    try:
        context.reference.need(*needs(pendings))
        present = _look_up(context, pendings)
    except (RequestFailed, ReadFailed) as error:
        # That never means that something is absent.
        context.ledger.hold_all(pendings, f"could not be looked up: {error}")
        return
    groups = grouped(
        pendings, lambda pending: by_code(pending.record.journal_entry_number) or pending.key
    )
    in_groups(context, list(groups.values()), lambda each: _write_one(context, present, each))


def _look_up(context: ExportContext, pendings: Sequence[Pending]) -> Existing:
    numbers = {pending.record.journal_entry_number for pending in pendings}
    before = [pending.entry for pending in pendings if pending.entry]
    known = {entry.bc_id for entry in before}
    # Journals of other records with these numbers, in whatever case these are written.
    known |= {holder.bc_id for holder in holders(context, numbers)}
    codes = {made(number) for number in numbers if number for made in (journal_code, former_code)}
    entries, *journals = ask(
        context,
        [
            entries_question(
                numbers | {entry.detail.get("number") for entry in before}, certain=bool(before)
            ),
            Question(JOURNALS, "code", codes, expand=EXPAND, certain=bool(before)),
            Question(JOURNALS, "displayName", numbers, expand=EXPAND),
            Question(JOURNALS, "id", known, guid=True, expand=EXPAND, expected=known),
        ],
    )
    return Existing(entries, [row for rows in journals for row in rows])


def _write_one(context: ExportContext, present: Existing, pending: Pending) -> None:
    def work(progress: Progress) -> Outcome:
        wanted = wanted_entry(context, pending.record)
        return _run(EntryWork(context, present, pending, wanted, progress))

    to_an_end(context, pending, work)


def _run(work: EntryWork) -> Outcome:
    """Brings a journal entry to its end; each step is in the ledger before the next one begins.

    A journal of its own is made for the entry, its lines are compared with what is wanted, posted,
    found again in the general ledger, and the empty journal is deleted.

    Raises:
        RecordError: it cannot be written; what remains in BC is in its progress.
        Unclear, RequestFailed, ReadFailed, AuthError, Cancelled: no end for now.
    """
    entries = work.in_ledger(work.present.entries(work.wanted.number))
    refuse_anothers(work, entries)
    if entries:
        return already_posted(work, entries, work.present.with_code(work.wanted.code))
    refuse_posted_as_something_else(work)
    journal = found(work)
    if work.was_posting and not lines_of(journal):
        return after_interruption(work, journal)
    if journal is None:
        leave_former(work)
        journal = created(work)
    journal, _ = work.brought_about(journal)
    if work.post:
        return posted(work, journal)
    return work.outcome(work.action(), str(journal["id"]))


_STREAM = Stream("general_journal_lines", JournalEntry, (("journal_entry_number",),))

WRITER = Writer(needs, validate, write, complete, stream=_STREAM)
