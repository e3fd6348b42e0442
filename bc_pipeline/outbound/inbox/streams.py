"""The streams of unified records: what each is called, its model, and how its records are known."""

from __future__ import annotations

from dataclasses import dataclass

from bc_pipeline.business_central.reference_index import by_code
from bc_pipeline.outbound.unified import (
    Bill,
    BillPayment,
    Customer,
    JournalEntry,
    UnifiedRecord,
    Vendor,
    payload_hash,
)


@dataclass(frozen=True)
class Stream:
    """One stream.

    Args:
        name: as in file names and Singer messages.
        entity: as in the ledger and in task names.
        model: of its records.
        natural_keys: what tells a record without externalId from others, best first; each a set
            of fields that belong together.
        number: the field that says who the record is in Business Central, whatever its
            externalId; None where that takes more than a number.
    """

    name: str
    entity: str
    model: type[UnifiedRecord]
    natural_keys: tuple[tuple[str, ...], ...]
    number: str | None = None

    def key(self, record: UnifiedRecord) -> str:
        """The same for the same record whenever it comes, within one company.

        Its externalId; else its natural key, upper and lower case alike as in Business Central;
        else what it consists of.
        """
        if record.external_id is not None:
            return record.external_id
        for fields in self.natural_keys:
            values = [getattr(record, name) for name in fields]
            if all(value is not None for value in values):
                told = (f"{n}={by_code(v)}" for n, v in zip(fields, values, strict=True))
                return "; ".join(told)
        return f"content={payload_hash(record)}"


_VENDOR_BILL = tuple(
    (name, "bill_number") for name in ("vendor_id", "vendor_number", "vendor_name")
)
_JOURNAL_PAYMENT = tuple((name, "payment_number") for name in ("journal_id", "journal_external_id"))

_DECLARED = (
    Stream("Customers", "customers", Customer, (("id",), ("customer_number",)), "customer_number"),
    Stream("Vendors", "vendors", Vendor, (("id",), ("vendor_number",)), "vendor_number"),
    Stream("Bills", "purchase_invoices", Bill, (("id",), ("transaction_number",), *_VENDOR_BILL)),
    Stream("BillPayments", "vendor_payments", BillPayment, (("id",), *_JOURNAL_PAYMENT)),
    Stream("JournalEntries", "general_journal_lines", JournalEntry, (("journal_entry_number",),)),
)
STREAMS: dict[str, Stream] = {stream.entity: stream for stream in _DECLARED}
"""By entity."""

_BY_NAME = {stream.name.casefold(): stream for stream in _DECLARED}


def stream_named(name: str) -> Stream | None:
    """The stream of a file name or Singer message, upper and lower case alike; None if unknown."""
    return _BY_NAME.get(name.casefold())
