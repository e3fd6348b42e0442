"""What vendor payments refer to: journal, vendor and posted bill (target_behaviour.md 3, 7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bc_pipeline.business_central.lookup.by_property import comparable
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.documents.lookups import (
    Directory,
    Question,
    ask,
    directory,
    questions,
)
from bc_pipeline.to_business_central.unified import BillPayment
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_code, guid, member

Row = Mapping[str, Any]
NOT_POSTED = frozenset({"", "Draft", "In Review"})
"""Status of purchase invoices that are not posted yet (rules.md 5.4)."""
OPEN = "Open"


def journal_id(context: ExportContext, record: BillPayment) -> str:
    """Id of the payment journal the record names, by id, else by code.

    Raises:
        RecordError: none is named, or there is no such one.
    """
    if not (record.journal_id or record.journal_external_id):
        raise RecordError("InvalidInputError", "journalId or journalExternalId is needed")
    row = context.reference.find(
        "vendor_payment_journals", id=record.journal_id, code=record.journal_external_id
    )
    if row is None:
        named = record.journal_external_id or record.journal_id
        raise RecordError("RecordNotFound", f"there is no vendor payment journal {named!r}")
    return guid(row["id"])


class PaymentLinks:
    """Vendors and purchase invoices that payments name.

    Args:
        vendors: those that were looked up for them.
        invoices: likewise; of several rows of one the last one counts.
    """

    def __init__(self, vendors: Directory, invoices: Iterable[Row]) -> None:
        self._vendors = vendors
        self._by_id: dict[str, list[Row]] = {}
        self._by_number: defaultdict[str, list[Row]] = defaultdict(list)
        for row in {guid(row["id"]): row for row in invoices}.values():
            self._by_id[guid(row["id"])] = [row]
            self._by_number[comparable(row.get("vendorInvoiceNumber"))].append(row)

    @classmethod
    def look_up(cls, context: ExportContext, records: Sequence[BillPayment]) -> PaymentLinks:
        """All that these payments name, in one request, and what that has missed.

        Raises:
            AuthError, Cancelled, ReadFailed, RequestFailed: BC could not say.
        """
        named = [(each.vendor_id, each.vendor_number, each.vendor_name) for each in records]
        numbers = {n for each in records for n in (each.bill_number, each.bill_external_id) if n}
        ids = {each.bill_id for each in records if each.bill_id}
        *vendors, by_id, by_number = ask(
            context,
            [
                *questions("vendors", named),
                Question("purchaseInvoices", "id", ids, guid=True, expected=ids),
                Question("purchaseInvoices", "vendorInvoiceNumber", numbers, expected=numbers),
            ],
        )
        rows = [row for found in vendors for row in found]
        bills = _posted_meanwhile(context, [*by_id, *by_number])
        return cls(directory(context, "vendor", "vendors", named, rows), bills)

    def vendor(self, record: BillPayment) -> Row:
        """The vendor paid.

        Raises:
            RecordError: none is named, there is no such one, or several have the name.
        """
        if not (record.vendor_id or record.vendor_number or record.vendor_name):
            raise RecordError("InvalidInputError", "vendorId, vendorNumber or vendorName is needed")
        return self._vendors.find(record.vendor_id, record.vendor_number, record.vendor_name)

    def bill(self, record: BillPayment, vendor: Row) -> Row:
        """The posted bill of this vendor that is paid: by id, else by either of its numbers.

        Raises:
            RecordError: none is named, there is no such one, it is another vendor's or not posted,
                or several could be meant.
        """
        if not (record.bill_id or record.bill_number or record.bill_external_id):
            raise RecordError("InvalidInputError", "billId, billNumber or billExternalId is needed")
        passes = (
            (record.bill_id, self._by_id.get(guid(record.bill_id), [])),
            (record.bill_number, self._by_number.get(comparable(record.bill_number), [])),
            (record.bill_external_id, self._by_number.get(comparable(record.bill_external_id), [])),
        )
        for named, rows in passes:
            if named and rows:
                return _payable(str(named), rows, vendor)
        named = record.bill_number or record.bill_external_id or record.bill_id
        raise RecordError("RecordNotFound", f"there is no purchase invoice {named!r}")


def _posted_meanwhile(context: ExportContext, bills: Sequence[dict[str, Any]]) -> list[Row]:
    """The bills, those that do not look posted as they certainly are: a bill may have been posted
    a moment before its payment comes."""
    drafts = [row["id"] for row in bills if member(row.get("status")) in NOT_POSTED]
    again = ask(context, [Question("purchaseInvoices", "id", drafts, guid=True, certain=True)])[0]
    return [*bills, *again]


def _payable(named: str, rows: Sequence[Row], vendor: Row) -> Row:
    """The one of ``rows`` that can be paid to ``vendor``."""
    paid_to = guid(vendor["id"])
    own = [
        row
        for row in rows
        if paid_to in (guid(row.get("vendorId")), guid(row.get("payToVendorId")))
    ]
    if not own:
        raise RecordError(
            "RecordNotFound",
            f"purchase invoice {named!r} is not one of vendor {by_code(vendor.get('number'))}",
        )
    posted = [row for row in own if member(row.get("status")) not in NOT_POSTED]
    if not posted:
        raise RecordError(
            "InvalidRecordState", f"purchase invoice {named!r} is not posted yet, so not payable"
        )
    still_open = [row for row in posted if member(row.get("status")) == OPEN]
    meant = still_open or posted
    if len(meant) > 1:
        numbers = ", ".join(sorted(str(row.get("number")) for row in meant))
        raise RecordError(
            "InvalidInputError",
            f"several purchase invoices are numbered {named!r}: {numbers}; give billId",
        )
    return meant[0]
