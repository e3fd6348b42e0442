"""Finding or making the journal of an entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.lookups import Question, ask
from bc_pipeline.to_business_central.export_types import IN_DOUBT, UNRESOLVED
from bc_pipeline.to_business_central.journal_entries.differences import (
    EXPAND,
    JOURNALS,
    LINES,
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

SAME_KEY = "Internal_EntityWithSameKeyExists"


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
    wanted = work.wanted
    body = {"code": wanted.code, "displayName": wanted.number, LINES: wanted.bodies()}
    journal = work.made(body, lambda: _by_code(work), taken=SAME_KEY)
    work.present.put(journal)
    work.advance(CHANGE, journal)
    return work.shown(journal)


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
