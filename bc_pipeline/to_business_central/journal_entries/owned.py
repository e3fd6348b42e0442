"""Whose a document number on a day is: what one record has made, no other one takes (decision 6).

Document numbers are codes: ``je-7`` and ``JE-7`` are one, though the journals made for them have
codes and names of their own. The first record that has one keeps it; a second one with the same
lines is a doubled record, or one that would silently be lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.export_types import IN_DOUBT, UNRESOLVED, RecordError
from bc_pipeline.to_business_central.journal_entries.entry import POSTED, EntryWork
from bc_pipeline.to_business_central.upsert.owners import Owner, told_in
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_code

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
