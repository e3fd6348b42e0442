"""Unified ``BillPayments`` as lines of a vendor payment journal (target_behaviour.md 7).

Decisions where the reference leaves room or is wrong (target_behaviour.md 7, 9, 10):

* The journal has to exist. It is never posted: an accountant does that in BC.
* The bill has to be posted and of the payment's vendor (D6). Its number is the vendor's own.
* The page has no currency field: a payment in another currency than the local one is refused, and
  so is one that names no currency for a bill in another one (D10).
* Keys in order: ``id``, which must exist in that journal; the line that the ledger knows;
  ``paymentNumber`` as ``documentNumber`` in that journal. One payment may pay several bills, each
  with a line of its own: a line that another record has made for another bill is not this one's.
* A payment that was written before and is no longer in the journal has been posted or deleted by
  somebody. It is refused: writing it again could pay twice.
* ``transactionNumber`` becomes the ``lineNumber`` of a new line when it is a positive whole number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bc_pipeline.business_central.lookup.reference_data import KindName
from bc_pipeline.errors import ReadFailed, RecordError, RequestFailed
from bc_pipeline.to_business_central.bill_payments.links import PaymentLinks, Row, journal_id
from bc_pipeline.to_business_central.bill_payments.target import PaymentTarget, PaymentWork
from bc_pipeline.to_business_central.documents.amounts import (
    AMOUNT_PLACES,
    exact,
    names_currency,
    refuse_foreign,
)
from bc_pipeline.to_business_central.documents.lookups import kinds_needed
from bc_pipeline.to_business_central.export_types import Outcome, Pending
from bc_pipeline.to_business_central.unified import BillPayment
from bc_pipeline.to_business_central.upsert.upsert import Upsert
from bc_pipeline.to_business_central.writer import ExportContext, Stream, Writer
from bc_pipeline.values import by_code, guid

LONGEST = 20
"""Characters of an externalId and of a document number."""
LARGEST_LINE_NUMBER = 2**31 - 1


def needs(pendings: Sequence[Pending]) -> frozenset[KindName]:
    """The reference data these records need."""
    return kinds_needed(pendings) | {"vendor_payment_journals", "company_information"}


def validate(context: ExportContext, pending: Pending) -> None:
    """What can be known before anything is written.

    Raises:
        RecordError: the record cannot be written as it is.
    """
    record: BillPayment = pending.record
    if not record.external_id:
        raise RecordError("MissingField", "externalId is needed")
    for name, text in (
        ("externalId", record.external_id),
        ("paymentNumber", record.payment_number),
    ):
        if text and len(text.strip()) > LONGEST:
            raise RecordError("InvalidInputError", f"{name} is longer than {LONGEST} characters")
    if record.amount is not None:
        exact(record.amount, AMOUNT_PLACES, "amount")
    journal_id(context, record)
    if names_currency(record):
        refuse_foreign(record, context.reference, "payment")
    context.dimensions.wanted(record.dimension_fields, record.dimension_list())


def write(context: ExportContext, pendings: Sequence[Pending]) -> None:
    """Creates, updates or leaves alone each payment, and settles or holds its record.

    Raises:
        AuthError, Cancelled: the rest was left alone; the ledger knows where each stands.
    """
    refused: list[tuple[Pending, Outcome]] = []
    works: list[PaymentWork] = []
    try:
        context.reference.need(*needs(pendings))
        links = PaymentLinks.look_up(context, [pending.record for pending in pendings])
    except (RequestFailed, ReadFailed) as error:
        context.ledger.hold_all(pendings, f"what it refers to could not be looked up: {error}")
        return
    for pending in pendings:
        try:
            validate(context, pending)
            works.append(_work_of(context, pending, links))
        except RecordError as error:
            refused.append((pending, Outcome.failed(error)))
    context.ledger.settle(refused)
    Upsert(context, PaymentTarget()).run(works)


def _work_of(context: ExportContext, pending: Pending, links: PaymentLinks) -> PaymentWork:
    """The payment in BC's terms.

    Raises:
        RecordError: something it refers to does not exist or cannot be paid.
    """
    record: BillPayment = pending.record
    vendor = links.vendor(record)
    bill = links.bill(record, vendor)
    _refuse_foreign_bill(context, record, bill)
    return PaymentWork(
        pending,
        body_of(record, vendor, bill),
        context.dimensions.wanted(record.dimension_fields, record.dimension_list()),
        journal=journal_id(context, record),
        line_number=_line_number(record.transaction_number),
    )


def body_of(record: BillPayment, vendor: Row, bill: Row) -> dict[str, Any]:
    """The properties of the payment; the vendor before the bill, or BC takes the bill's own."""
    amount = record.amount
    given = {
        "documentNumber": record.payment_number and record.payment_number.strip(),
        "vendorId": guid(vendor["id"]),
        "postingDate": record.payment_date and record.payment_date.isoformat(),
        "amount": None if amount is None else exact(amount, AMOUNT_PLACES, "amount"),
        "appliesToInvoiceId": guid(bill["id"]),
    }
    return {name: value for name, value in given.items() if value is not None}


def _refuse_foreign_bill(context: ExportContext, record: BillPayment, bill: Row) -> None:
    local, of_bill = context.reference.local_currency, by_code(bill.get("currencyCode"))
    if of_bill and local and of_bill != local and not names_currency(record):
        raise RecordError(
            "InvalidInputError",
            f"the bill is in {of_bill} and the payment names no currency; it would be booked as "
            f"{local}",
        )


def _line_number(text: str | None) -> int | None:
    """``transactionNumber`` as a line number, when it can be one."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdecimal()):
        return None
    number = int(digits)
    return number if 0 < number <= LARGEST_LINE_NUMBER else None


_OF_A_JOURNAL = tuple((name, "payment_number") for name in ("journal_id", "journal_external_id"))
_STREAM = Stream("vendor_payments", BillPayment, (("id",), *_OF_A_JOURNAL))

WRITER = Writer(needs, validate, write, stream=_STREAM)
