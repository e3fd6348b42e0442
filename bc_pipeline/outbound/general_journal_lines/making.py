"""Finding or making the journal of an entry, and changing it until it holds the wanted lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bc_pipeline.business_central.http import TooSlow
from bc_pipeline.errors import RequestFailed
from bc_pipeline.outbound.documents import sending
from bc_pipeline.outbound.documents.looking import Question, ask
from bc_pipeline.outbound.documents.sending import Row
from bc_pipeline.outbound.documents.working import Unclear, looked_for
from bc_pipeline.outbound.general_journal_lines.course import CHANGE, CREATE, DELETE, Course
from bc_pipeline.outbound.general_journal_lines.plan import (
    DIMENSIONS,
    EXPAND,
    JOURNALS,
    LINES,
    balanced_elsewhere,
    numbers_given,
    plan,
)
from bc_pipeline.outbound.general_journal_lines.standing import lines_of
from bc_pipeline.outbound.general_journal_lines.wanted import former_code
from bc_pipeline.outbound.model import RecordError
from bc_pipeline.outbound.upsert.properties import code

ROUNDS = 8
"""Comparisons of a journal before it is given up; some leave room for lost answers."""
SAME_KEY = "Internal_EntityWithSameKeyExists"
_MALFORMED = "BadRequest"


def found(course: Course) -> Row | None:
    """The journal of this entry, if BC has one.

    Raises:
        RecordError: what is there belongs to something else.
    """
    wanted = course.wanted
    for made in (wanted.code, former_code(wanted.number)):
        journal = course.standing.with_code(made)
        if journal is None:
            continue
        if code(journal.get("displayName")) != code(wanted.number):
            raise RecordError(
                "DuplicatedRecord", f"journal {made} is for {journal.get('displayName')!r}"
            )
        return journal
    return _by_name(course)


def leave_former(course: Course) -> None:
    """Deletes the draft that an earlier version of the record made under another number.

    Raises:
        RecordError: it holds lines of somebody else as well.
        AuthError, Cancelled, RequestFailed: BC did not delete it.
    """
    entry = course.pending.entry
    former = course.standing.with_id(entry.bc_id if entry else None)
    if former is None or code(former.get("displayName")) == code(course.wanted.number):
        return
    if any(row.get("lineNumber") not in course.ours for row in lines_of(former)):
        raise RecordError(
            "InvalidRecordState",
            f"the record was written as {former.get('displayName')} before, and somebody has "
            f"added lines to its journal {former.get('code')}; delete it in Business Central",
        )
    course.note(DELETE)
    course.context.bc.delete(course.context.url(f"{JOURNALS}({former['id']})"))
    course.standing.forget(former)
    course.ours = set()


def created(course: Course) -> Row:
    """Makes the journal with its lines. Its code is unique, so it cannot be made twice.

    Raises:
        Unclear, RequestFailed: it was refused, or nobody knows whether it was made.
        AuthError, Cancelled, ReadFailed: likewise.
    """
    course.ours |= {line.line_number for line in course.wanted.lines}
    course.detail["creating"] = True
    course.note(CREATE)
    try:
        journal = _send(course)
    except RequestFailed as error:
        if not error.uncertain and error.code != SAME_KEY:
            raise
        there = looked_for(course.context, lambda: _by_code(course), patient=error.uncertain)
        if there is None and not error.uncertain:
            raise
        if there is None and isinstance(error, TooSlow):
            raise Unclear(f"Business Central may still be at work on it: {error}") from error
        journal = there or _send(course)
    course.standing.put(journal)
    course.advance(CHANGE, journal)
    return journal if _is_whole(journal) else course.again(journal)


def brought_about(course: Course, journal: Row) -> Row:
    """Changes the journal until it holds exactly the wanted lines.

    Raises:
        RecordError: it holds lines of somebody else, or BC does not keep what it is sent.
        AuthError, Cancelled, RequestFailed, ReadFailed: the ledger knows where it stands.
    """
    before: tuple[str, ...] = ()
    for _ in range(ROUNDS):
        course.at(journal)
        step = plan(course.context.path, course.wanted, journal, course.ours)
        if step.parts and step.differences == before:
            # It may be a replica that has shown the journal as it was (platform 1).
            journal = course.again(journal)
            step = plan(course.context.path, course.wanted, journal, course.ours)
        _refuse_foreign(journal, step.foreign)
        if not step.parts:
            return journal
        if step.differences == before:
            break
        given = numbers_given(step.parts)
        if not course.changed or not given <= course.ours:
            course.ours |= given
            course.note(CHANGE)
        after = sending.apply(course.context, step.parts, course.document(journal))
        before = step.differences if after is not None else ()
        journal = after or course.again(journal)
        if course.context.dry_run:
            return journal
    listed = ", ".join(step.differences[:5])
    raise RecordError("InvalidRecordState", f"Business Central does not keep: {listed}")


def _by_name(course: Course) -> Row | None:
    """A journal somebody named like the document: used only if it holds exactly its lines."""
    for journal in course.standing.named(course.wanted.number):
        if not lines_of(journal):
            continue
        if plan(course.context.path, course.wanted, journal, course.ours).is_done:
            return journal
        raise RecordError(
            "DuplicatedRecord",
            f"journal {journal.get('code')} has the name {course.wanted.number} and other lines",
        )
    return None


def _by_code(course: Course) -> Row | None:
    question = Question(JOURNALS, "code", [course.wanted.code], expand=EXPAND, certain=True)
    return next(iter(ask(course.context, [question])[0]), None)


def _send(course: Course) -> Row:
    """Journal and lines in one transaction; the journal alone where BC does not take both."""
    url = course.context.url(JOURNALS)
    journal = {"code": course.wanted.code, "displayName": course.wanted.number}
    try:
        body = {**journal, LINES: course.wanted.bodies()}
        return course.context.bc.post(url, body, expand=EXPAND)
    except RequestFailed as error:
        if error.uncertain or not (error.code or "").startswith(_MALFORMED):
            raise
    return course.context.bc.post(url, journal)


def _refuse_foreign(journal: Row, foreign: Sequence[Mapping[str, Any]]) -> None:
    name = f"journal {journal.get('code')} ({journal.get('displayName')})"
    if foreign:
        numbers = ", ".join(str(row.get("lineNumber")) for row in foreign)
        raise RecordError(
            "InvalidRecordState",
            f"{name} holds lines that are not from this record ({numbers}); they would be posted "
            "with it: take them out in Business Central",
        )
    if account := balanced_elsewhere(journal):
        raise RecordError(
            "InvalidRecordState",
            f"the lines of {name} have the balancing account {account} from their template, so "
            "every line would be booked twice",
        )


def _is_whole(journal: Row) -> bool:
    """Whether the answer to a POST carries lines and dimensions, as it was asked to."""
    lines = journal.get(LINES)
    return isinstance(lines, list) and all(DIMENSIONS in line for line in lines)
