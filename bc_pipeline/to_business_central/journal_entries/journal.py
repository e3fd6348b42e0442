"""Finding or making the journal of an entry, and changing it until it holds the wanted lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bc_pipeline.business_central.transport import TooSlow
from bc_pipeline.errors import RecordError, RequestFailed
from bc_pipeline.to_business_central.documents import changes
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.concurrency import Unclear, looked_for
from bc_pipeline.to_business_central.documents.lookups import Question, ask
from bc_pipeline.to_business_central.export_types import IN_DOUBT, UNRESOLVED
from bc_pipeline.to_business_central.journal_entries.differences import (
    DIMENSIONS,
    EXPAND,
    JOURNALS,
    LINES,
    balanced_elsewhere,
    numbers_given,
    plan,
)
from bc_pipeline.to_business_central.journal_entries.entry import (
    CHANGE,
    CREATE,
    DELETE,
    POSTED,
    EntryWork,
)
from bc_pipeline.to_business_central.journal_entries.existing import lines_of
from bc_pipeline.to_business_central.journal_entries.wanted import former_code
from bc_pipeline.to_business_central.upsert.owners import Owner, told_in
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_code

ROUNDS = 8
"""Comparisons of a journal before it is given up; some leave room for lost answers."""
SAME_KEY = "Internal_EntityWithSameKeyExists"
_MALFORMED = "BadRequest"


def found(work: EntryWork) -> Row | None:
    """The journal of this entry, if BC has one.

    Raises:
        RecordError: what is there belongs to something else.
    """
    wanted = work.wanted
    for made in (wanted.code, former_code(wanted.number)):
        journal = work.present.with_code(made)
        if journal is None:
            continue
        if by_code(journal.get("displayName")) != by_code(wanted.number):
            raise RecordError(
                "DuplicatedRecord", f"journal {made} is for {journal.get('displayName')!r}"
            )
        return journal
    return _by_name(work)


def leave_former(work: EntryWork) -> None:
    """Deletes the draft that an earlier version of the record made under another number.

    Raises:
        RecordError: it holds lines of somebody else as well.
        AuthError, Cancelled, RequestFailed: BC did not delete it.
    """
    entry = work.pending.entry
    former = work.present.with_id(entry.bc_id if entry else None)
    if former is None or by_code(former.get("displayName")) == by_code(work.wanted.number):
        return
    if any(row.get("lineNumber") not in work.ours for row in lines_of(former)):
        raise RecordError(
            "InvalidRecordState",
            f"the record was written as {former.get('displayName')} before, and somebody has "
            f"added lines to its journal {former.get('code')}; delete it in Business Central",
        )
    work.note(DELETE)
    work.context.bc.delete(work.context.url(f"{JOURNALS}({former['id']})"))
    work.present.forget(former)
    work.ours = set()


def created(work: EntryWork) -> Row:
    """Makes the journal with its lines. Its code is unique, so it cannot be made twice.

    Raises:
        Unclear, RequestFailed: it was refused, or nobody knows whether it was made.
        AuthError, Cancelled, ReadFailed: likewise.
    """
    work.ours |= {line.line_number for line in work.wanted.lines}
    work.detail["creating"] = True
    work.note(CREATE)
    try:
        journal = _send(work)
    except RequestFailed as error:
        if not error.uncertain and error.code != SAME_KEY:
            raise
        there = looked_for(work.context, lambda: _by_code(work), patient=error.uncertain)
        if there is None and not error.uncertain:
            raise
        if there is None and isinstance(error, TooSlow):
            raise Unclear(f"Business Central may still be at work on it: {error}") from error
        journal = there or _send(work)
    work.present.put(journal)
    work.advance(CHANGE, journal)
    return journal if _is_whole(journal) else work.again(journal)


def brought_about(work: EntryWork, journal: Row) -> Row:
    """Changes the journal until it holds exactly the wanted lines.

    Raises:
        RecordError: it holds lines of somebody else, or BC does not keep what it is sent.
        AuthError, Cancelled, RequestFailed, ReadFailed: the ledger knows where it stands.
    """
    before: tuple[str, ...] = ()
    for _ in range(ROUNDS):
        work.at(journal)
        step = plan(work.context.path, work.wanted, journal, work.ours)
        if step.parts and step.differences == before:
            # It may be a replica that has shown the journal as it was (platform 1).
            journal = work.again(journal)
            step = plan(work.context.path, work.wanted, journal, work.ours)
        _refuse_foreign(journal, step.foreign)
        if not step.parts:
            return journal
        if step.differences == before:
            break
        given = numbers_given(step.parts)
        if not work.changed or not given <= work.ours:
            work.ours |= given
            work.note(CHANGE)
        after = changes.apply(work.context, step.parts, work.document(journal))
        before = step.differences if after is not None else ()
        journal = after or work.again(journal)
        if work.context.dry_run:
            return journal
    listed = ", ".join(step.differences[:5])
    raise RecordError("InvalidRecordState", f"Business Central does not keep: {listed}")


def _by_name(work: EntryWork) -> Row | None:
    """A journal somebody named like the document: used only if it holds exactly its lines."""
    for journal in work.present.named(work.wanted.number):
        if not lines_of(journal):
            continue
        if plan(work.context.path, work.wanted, journal, work.ours).is_done:
            return journal
        raise RecordError(
            "DuplicatedRecord",
            f"journal {journal.get('code')} has the name {work.wanted.number} and other lines",
        )
    return None


def _by_code(work: EntryWork) -> Row | None:
    question = Question(JOURNALS, "code", [work.wanted.code], expand=EXPAND, certain=True)
    return next(iter(ask(work.context, [question])[0]), None)


def _send(work: EntryWork) -> Row:
    """Journal and lines in one transaction; the journal alone where BC does not take both."""
    url = work.context.url(JOURNALS)
    journal = {"code": work.wanted.code, "displayName": work.wanted.number}
    try:
        body = {**journal, LINES: work.wanted.bodies()}
        return work.context.bc.post(url, body, expand=EXPAND)
    except RequestFailed as error:
        if error.uncertain or not (error.code or "").startswith(_MALFORMED):
            raise
    return work.context.bc.post(url, journal)


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


# Whose a document number on a day is: what one record has made, no other one takes (decision 6).
#
# Document numbers are codes: ``je-7`` and ``JE-7`` are one, though the journals made for them have
# codes and names of their own. The first record that has one keeps it; a second one with the same
# lines is a doubled record, or one that would silently be lost.

ENTITY = "general_journal_lines"
"""As in the ledger."""

_HAVING = (
    "SELECT key, record, bc_id, coalesce(json_extract_string(detail, ?) = 'true', false),"
    " list_contains(CAST(? AS VARCHAR[]), state)"
    " OR coalesce(json_extract_string(detail, ?) = 'true', false),"
    " json_extract_string(detail, '$.day')"
    " FROM outbound.ledger WHERE entity = ? AND bc_company = ?"
    " AND list_contains(CAST(? AS VARCHAR[]),"
    " upper(trim(json_extract_string(detail, '$.number'))))"
    " ORDER BY created_at, key"
)


@dataclass(frozen=True)
class Holder:
    """A record that was written with a document number.

    Args:
        bc_id: of its journal, or of a ledger entry once it is posted.
        posted: it was seen in the general ledger.
        unresolved: nobody has seen yet what became of what was sent for it.
    """

    owner: Owner
    bc_id: str | None
    posted: bool
    unresolved: bool
    day: str | None


def holders(context: ExportContext, numbers: Iterable[str | None]) -> list[Holder]:
    """The records that were written with these document numbers, the first one first."""
    asked = sorted({by_code(number) for number in numbers if number})
    about = [f"$.{POSTED}", sorted(UNRESOLVED), f"$.{IN_DOUBT}", ENTITY, context.company.id, asked]
    with context.snapshot.cursor() as cursor:
        found = cursor.execute(_HAVING, about).fetchall()
    return [Holder(Owner(key, told_in(record)), *rest) for key, record, *rest in found]


def refuse_anothers(work: EntryWork, entries: list[Row]) -> None:
    """Refuses a record whose document number stands in BC for another one.

    Args:
        entries: of the general ledger, with its number on its day.

    Raises:
        RecordError: names both.
    """
    wanted, pending = work.wanted, work.pending
    for holder in holders(work.context, [wanted.number]):
        if holder.day != wanted.day or not _stands(work, holder, entries):
            continue
        if holder.owner.key == pending.key:
            return
        raise RecordError(
            "DuplicatedRecord",
            f"journal entry {wanted.number} of {wanted.day} was written for externalId "
            f"{holder.owner.name}, and this record has externalId {pending.name}; what stands in "
            "Business Central stays as it is. Give this one its own journalEntryNumber, or send "
            f"the change as {holder.owner.name}",
        )


def _stands(work: EntryWork, holder: Holder, entries: list[Row]) -> bool:
    journal = work.present.with_id(holder.bc_id) is not None
    return journal or holder.unresolved or (holder.posted and bool(entries))
