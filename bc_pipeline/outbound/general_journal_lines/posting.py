"""Posting a journal, which cannot be taken back (D12), and what becomes of it.

The lines in the journal are what protects from posting twice: posting takes them out, and once a
posting was under way they are never made again.
"""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.errors import RequestFailed
from bc_pipeline.outbound.documents import posting
from bc_pipeline.outbound.documents.sending import Row
from bc_pipeline.outbound.documents.working import Unclear, looked_for
from bc_pipeline.outbound.general_journal_lines.course import DELETE, POST, Course
from bc_pipeline.outbound.general_journal_lines.making import brought_about
from bc_pipeline.outbound.general_journal_lines.plan import JOURNALS
from bc_pipeline.outbound.general_journal_lines.posted import holds, of_document
from bc_pipeline.outbound.general_journal_lines.standing import Look, lines_of
from bc_pipeline.outbound.model import Action, Outcome, RecordError
from bc_pipeline.outbound.upsert.properties import code


def posted(course: Course, journal: Row) -> Outcome:
    """Posts a journal that holds exactly the wanted lines, and looks what became of it.

    Raises:
        RecordError, RequestFailed: it was refused; the lines stay in the journal.
        Unclear: nobody can tell.
        AuthError, Cancelled, ReadFailed: the ledger knows that posting was under way.
    """
    if not course.context.dry_run:
        look = course.look(journal)
        if look.entries:
            return already_posted(course, look.entries, look.journal)
        journal = brought_about(course, look.journal or course.again(journal))
    course.note(POST, journal)
    document = f"{JOURNALS}({journal['id']})"
    if course.context.dry_run:
        posting.send(course.context, document)
        return done(course, (), journal, "posted")
    # Posting takes its lines out of the journal: those still there were not posted.
    after, refused = posting.post(
        course.context,
        document,
        lambda: _no_lines(course, journal),
        unposted="the journal has its lines",
    )
    return _verified(course, after, refused)


def already_posted(course: Course, entries: Sequence[Row], journal: Row | None) -> Outcome:
    """The document stands in the general ledger: it is never posted again (D1, D2).

    Raises:
        RecordError: what stands there is something else.
    """
    wanted = course.wanted
    if not course.was_posting and not holds(entries, wanted):
        raise RecordError(
            "DuplicatedRecord",
            f"document number {wanted.number} is posted on {wanted.day} with other accounts or "
            "amounts; correct it in Business Central",
        )
    return done(course, entries, journal, "posted" if course.was_posting else "unchanged")


def refuse_posted_as_something_else(course: Course) -> None:
    """A record that was posted under another number or date must not be posted once more.

    Raises:
        RecordError: it was.
    """
    number, day = course.detail.get("number"), course.detail.get("day")
    if not number or not day or (number, day) == (course.wanted.number, course.wanted.day):
        return
    if of_document(course.standing.entries(number), number, day):
        raise RecordError(
            "InvalidRecordState",
            f"the record is posted already as {number} on {day}; correct it in Business Central",
        )


def after_interruption(course: Course, journal: Row | None) -> Outcome:
    """The lines are gone and so is the answer to posting them: they must be in the ledger.

    Raises:
        Unclear: they are not.
    """
    entries = looked_for(course.context, lambda: course.look(journal).entries or None)
    if not entries:
        raise Unclear(
            f"posting {course.wanted.number} was interrupted: its journal has no lines any more, "
            "but the general ledger has no entries with its number and date"
        )
    return done(course, entries, journal, "posted")


def done(course: Course, entries: Sequence[Row], journal: Row | None, action: Action) -> Outcome:
    """Posted: deletes the empty journal that was made for it.

    The id returned is that of a ledger entry; the journal is gone (target_behaviour.md 8).
    """
    if journal is not None and code(journal.get("code")) == course.wanted.code:
        _delete_empty(course, journal)
    course.progress.remains = ""
    id = str(entries[0]["id"]) if entries else None
    return course.outcome(action, id, posted=True)


def _no_lines(course: Course, journal: Row) -> Look | None:
    """What is there once the lines have left the journal, or stand in the ledger."""
    look = course.look(journal)
    return look if look.entries or not look.lines else None


def _verified(course: Course, look: Look, refused: RequestFailed | None) -> Outcome:
    """Posting took the lines; the general ledger has to have them."""
    number = course.wanted.number
    if not look.entries and refused is not None:
        return after_interruption(course, look.journal)
    if not look.entries:
        course.warn(
            f"{number} was posted, but the general ledger has no entries with this number and "
            "date: the journal template may number documents when posting"
        )
    elif not holds(look.entries, course.wanted):
        course.warn(
            f"{number} was posted with other amounts than it was sent with, perhaps with tax "
            "split off"
        )
    return done(course, look.entries, look.journal, "posted")


def _delete_empty(course: Course, journal: Row) -> None:
    """Deletes the journal unless somebody has put lines into it. Failing is no failure of the
    record: a journal that is left is used or deleted when its number comes again."""
    name = f"journal {journal.get('code')}"
    if lines_of(journal) and not course.context.dry_run:
        course.warn(f"{name} was left: it still holds {len(lines_of(journal))} lines")
        return
    course.note(DELETE, journal)
    url = course.context.url(f"{JOURNALS}({journal['id']})")
    for last in (False, True):
        try:
            course.context.bc.delete(url)
        except RequestFailed as error:
            if last or not error.uncertain:
                course.warn(f"{name} is empty and was left: {error}")
                return
        else:
            course.standing.forget(journal)
            return
