"""Rules of ``vendorPayments``: lines of payment journals (rules.md 7)."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.dimension_sets import replace_dimensions
from bc_pipeline.sandbox.business_central.rules.dimension_sets import inherited
from bc_pipeline.sandbox.business_central.rules.journal_lines import (
    bookable_balancing_of,
    check_same_journal,
    document_number,
    from_previous,
    journal_of,
    line_number,
    new_place,
    plain,
)
from bc_pipeline.sandbox.business_central.rules.references import Pair, record_of
from bc_pipeline.sandbox.business_central.writes import RULES, EntityRules, Parent, WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline.sandbox.odata_errors import dialog, no_relation

VENDOR = Pair(
    "vendorId",
    "vendorNumber",
    "vendors",
    "number",
    unknown="The vendor values do not match a Vendor.",
    mismatch="The vendor values do not match to a specific Vendor.",
)
POSTED = {"Open", "Paid", "Canceled", "Corrective"}


class VendorPayments(EntityRules):
    """Payments in a journal; posting the journal is another entity's action (7.1)."""

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: the vendor may come from the invoice that is paid (7.5)."""
        journal = journal_of(ctx, given, parent)
        _check_journal(ctx, journal, given)
        bookable_balancing_of(ctx, journal)  # checked now, booked when posted (6.12)
        previous = from_previous(ctx, journal)
        values: Row = {
            "journalId": journal["id"],
            "journalDisplayName": journal["code"],
            "lineNumber": line_number(ctx, journal, given),
            "postingDate": previous["postingDate"],
            "externalDocumentNumber": "",
        }
        values |= _changes(ctx, {"vendorId": ZERO_GUID, "appliesToInvoiceId": ZERO_GUID}, given)
        values |= document_number(ctx, journal, values, given)
        row = ctx.insert("vendorPayments", values)
        _inherit(ctx, row)
        return row

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH."""
        check_same_journal(row, given)
        if given.get("journalDisplayName", row["journalDisplayName"]) != row["journalDisplayName"]:
            raise dialog("The journal batch name of a line cannot be edited.")
        vendor = row["vendorId"]
        values = _changes(ctx, row, given) | new_place(ctx, row, given)
        row = ctx.modify("vendorPayments", row, **values)
        if row["vendorId"] != vendor:
            _inherit(ctx, row)
        return row

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE."""
        ctx.delete("vendorPayments", row)


def _check_journal(ctx: WriteContext, journal: Row, given: Row) -> None:
    """The batch is one of the payment template (7.1), and of the name that was sent."""
    if ctx.get("vendorPaymentJournals", journal["id"]) is None:
        raise no_relation("Gen. Journal Batch", "Journal Batch Name", journal["code"])
    if given.get("journalDisplayName", journal["code"]) != journal["code"]:
        raise dialog("The journal batch id and name do not match to a specific journal batch.")


def _changes(ctx: WriteContext, row: Row, given: Row) -> Row:
    """What a body changes of a payment, checked."""
    values = plain(given, new="id" not in row)
    values |= _vendor(ctx, given)
    values |= _invoice(ctx, given)
    values = _with_vendor_of_invoice(ctx, row, values)
    vendor = ctx.get("vendors", values.get("vendorId", ZERO_GUID))
    if vendor is not None:
        if vendor["blocked"] in ("Payment", "All"):
            raise dialog(
                f"You cannot create this type of document when Vendor {vendor['number']} is "
                f"blocked with type {vendor['blocked']}"
            )
        if vendor["id"] != row["vendorId"]:
            values.setdefault("description", vendor["displayName"])
    return values


def _vendor(ctx: WriteContext, given: Row) -> Row:
    """The vendor sent by id, by number, or by both (7.3)."""
    # The id first, whatever the body's order: then the number is checked against it.
    sent: Row = {n: given[n] for n in ("vendorId", "vendorNumber") if n in given}
    values: Row = {}
    for name, value in sent.items():
        if value not in (ZERO_GUID, ""):
            vendor = record_of(ctx, VENDOR, sent, name)
            values = {"vendorId": vendor["id"], "vendorNumber": vendor["number"]}
        elif not values:
            values = {"vendorId": ZERO_GUID, "vendorNumber": ""}
    return values


def _invoice(ctx: WriteContext, given: Row) -> Row:
    """The posted invoice that is paid (7.4): an id must be one, a number may be any text."""
    values: Row = {}
    id = given.get("appliesToInvoiceId", ZERO_GUID)
    if id != ZERO_GUID:
        invoice = ctx.get("purchaseInvoices", id)
        if invoice is None or invoice["status"] not in POSTED:
            raise dialog("The applies to invoice ID does not match a posted invoice.")
        values = {"appliesToInvoiceId": id, "appliesToInvoiceNumber": invoice["number"]}
    elif "appliesToInvoiceId" in given:
        values = {"appliesToInvoiceId": ZERO_GUID, "appliesToInvoiceNumber": ""}
    number = given.get("appliesToInvoiceNumber", "")
    if number and number != values.get("appliesToInvoiceNumber"):
        if values.get("appliesToInvoiceNumber"):
            raise dialog("The applies to values do not match to a specific document.")
        found = [
            row for row in ctx.find("purchaseInvoices", number=number) if row["status"] in POSTED
        ]
        values = {
            "appliesToInvoiceId": found[0]["id"] if found else ZERO_GUID,
            "appliesToInvoiceNumber": number,
        }
    return values


def _with_vendor_of_invoice(ctx: WriteContext, row: Row, values: Row) -> Row:
    """The vendor the invoice is paid to, if none is given; a given one stays (7.5)."""
    invoice = ctx.get("purchaseInvoices", values.get("appliesToInvoiceId", ZERO_GUID))
    if invoice is None or values.get("vendorId", row["vendorId"]) != ZERO_GUID:
        return values
    paid = {"vendorId": invoice["payToVendorId"], "vendorNumber": invoice["payToVendorNumber"]}
    return values | paid


def _inherit(ctx: WriteContext, row: Row) -> None:
    vendor = ctx.get("vendors", row["vendorId"])
    replace_dimensions(
        ctx.company, "vendorPayments", row, inherited(ctx, [vendor] if vendor else [])
    )


RULES["vendorPayments"] = VendorPayments()
