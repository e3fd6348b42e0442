"""The order of a journal entry's steps; each is in the ledger before the next one begins.

A journal of its own is made for the entry, its lines are compared with what is wanted, posted,
found again in the general ledger, and the empty journal is deleted.
"""

from __future__ import annotations

from bc_pipeline.to_business_central.export_types import Outcome
from bc_pipeline.to_business_central.journal_entries.entry import EntryWork
from bc_pipeline.to_business_central.journal_entries.existing import lines_of
from bc_pipeline.to_business_central.journal_entries.journal import (
    brought_about,
    created,
    found,
    leave_former,
)
from bc_pipeline.to_business_central.journal_entries.owned import refuse_anothers
from bc_pipeline.to_business_central.journal_entries.posting import (
    after_interruption,
    already_posted,
    posted,
    refuse_posted_as_something_else,
)


def run(work: EntryWork) -> Outcome:
    """Brings a journal entry to its end.

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
    journal = brought_about(work, journal)
    if work.post:
        return posted(work, journal)
    return work.outcome(work.action(), str(journal["id"]))
