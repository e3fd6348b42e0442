"""The order of a journal entry's steps; each is in the ledger before the next one begins.

A journal of its own is made for the entry, its lines are compared with what is wanted, posted,
found again in the general ledger, and the empty journal is deleted.
"""

from __future__ import annotations

from bc_pipeline.outbound.general_journal_lines.course import Course
from bc_pipeline.outbound.general_journal_lines.making import (
    brought_about,
    created,
    found,
    leave_former,
)
from bc_pipeline.outbound.general_journal_lines.owned import refuse_anothers
from bc_pipeline.outbound.general_journal_lines.posting import (
    after_interruption,
    already_posted,
    posted,
    refuse_posted_as_something_else,
)
from bc_pipeline.outbound.general_journal_lines.standing import lines_of
from bc_pipeline.outbound.model import Outcome


def run(course: Course) -> Outcome:
    """Brings a journal entry to its end.

    Raises:
        RecordError: it cannot be written; what remains in BC is in the course's progress.
        Unclear, RequestFailed, ReadFailed, AuthError, Cancelled: no end for now.
    """
    entries = course.in_ledger(course.standing.entries(course.wanted.number))
    refuse_anothers(course, entries)
    if entries:
        return already_posted(course, entries, course.standing.with_code(course.wanted.code))
    refuse_posted_as_something_else(course)
    journal = found(course)
    if course.was_posting and not lines_of(journal):
        return after_interruption(course, journal)
    if journal is None:
        leave_former(course)
        journal = created(course)
    journal = brought_about(course, journal)
    if course.post:
        return posted(course, journal)
    return course.outcome(course.action(), str(journal["id"]))
