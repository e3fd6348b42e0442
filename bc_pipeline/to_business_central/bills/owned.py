"""Whose a bill in Business Central is: what one record has made, no other one writes (decision 6).

A vendor's number tells one bill from another only as long as the files keep it apart. When a second
externalId brings the number of a bill that is another record's, or is being made for one, nobody
can say which of the two is meant; the first one stays as it is. A record that names the bill in
Business Central's own terms (its id, its number) means that bill, whoever made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.bills.find import Bills
from bc_pipeline.to_business_central.export_types import IN_DOUBT, UNRESOLVED, Pending
from bc_pipeline.to_business_central.unified import Bill
from bc_pipeline.to_business_central.upsert.owners import Owner, owners, told_in
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_code, guid

Row = dict[str, Any]
_MAKING = (
    "SELECT key, record FROM outbound.ledger WHERE entity = ? AND bc_company = ? AND key <> ?"
    " AND bc_id IS NULL AND (list_contains(CAST(? AS VARCHAR[]), state)"
    " OR json_extract_string(detail, ?) = 'true')"
    " AND lower(json_extract_string(detail, '$.header.vendorId')) = ?"
    " AND upper(trim(json_extract_string(detail, '$.header.vendorInvoiceNumber'))) = ?"
)


def refuse_anothers(
    context: ExportContext, pending: Pending, vendor_id: str, bills: Bills, present: Row | None
) -> None:
    """Refuses a record whose vendor and bill number are another record's.

    Args:
        vendor_id: of the record.
        present: the bill in BC that it was found to mean, if any.

    Raises:
        RecordError: the number is another one's; names both.
    """
    bill: Bill = pending.record
    number = bill.bill_number
    if not by_code(number):
        return
    rivals = None if present is None else _rivals(pending, vendor_id, bills, present)
    if rivals == []:
        return
    where = "stands in Business Central"
    owner = _owner(context, pending, (str(row["id"]) for row in rivals or ()))
    if owner is None:
        where = "was sent, and its answer lost,"
        owner = _maker(context, pending, vendor_id, by_code(number))
    if owner is not None:
        raise RecordError(
            "DuplicatedRecord",
            f"bill {number} of this vendor {where} for externalId {owner.name}, and this record "
            f"has externalId {pending.name}; the bill stays as it is. Give this one its own "
            f"billNumber, or send the change as {owner.name}",
        )


def _rivals(pending: Pending, vendor_id: str, bills: Bills, present: Row) -> list[Row]:
    """The bills with the record's number that it does not mean in so many words."""
    bill: Bill = pending.record
    if not _meant(pending, present):
        return [present]
    same_vendor = guid(present.get("vendorId")) == guid(vendor_id)
    if same_vendor and by_code(present.get("vendorInvoiceNumber")) == by_code(bill.bill_number):
        return []  # the number is not new
    rows = bills.numbered("vendorInvoiceNumber", vendor_id, str(bill.bill_number))
    return [row for row in rows if row["id"] != present["id"]]


def _meant(pending: Pending, present: Row) -> bool:
    """Whether the bill is told by something else than the vendor's number."""
    bill: Bill = pending.record
    entry = pending.entry
    known = entry.bc_id if entry and entry.bc_company == pending.company.id else None
    ids = {guid(id) for id in (bill.id, known) if id}
    by_number = by_code(bill.transaction_number)
    return guid(present["id"]) in ids or bool(by_number and by_number == by_code(present["number"]))


def _owner(context: ExportContext, pending: Pending, bc_ids: Iterable[str]) -> Owner | None:
    found = owners(context, pending.entity, bc_ids).values()
    return next((owner for owner in found if owner.key != pending.key), None)


def _maker(context: ExportContext, pending: Pending, vendor_id: str, number: str) -> Owner | None:
    """The record for which such a bill was sent, and nobody has seen yet what became of it."""
    asked = [pending.entity, context.company.id, pending.key, sorted(UNRESOLVED), f"$.{IN_DOUBT}"]
    with context.snapshot.cursor() as cursor:
        row = cursor.execute(_MAKING, [*asked, guid(vendor_id), number]).fetchone()
    return Owner(row[0], told_in(row[1])) if row else None
