"""Rules of ``purchaseInvoices``: drafts and posted invoices in one set (rules.md 5)."""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_INVOICE
from bc_pipeline.sandbox.business_central.rules.document_headers import HeaderWrite
from bc_pipeline.sandbox.business_central.rules.document_totals import discount_invoice
from bc_pipeline.sandbox.business_central.rules.due_dates import due_date
from bc_pipeline.sandbox.business_central.rules.invoice_posting import post_invoice
from bc_pipeline.sandbox.business_central.rules.line_objects import WORK_DATE
from bc_pipeline.sandbox.business_central.rules.purchase_headers import VENDOR
from bc_pipeline.sandbox.business_central.writes import (
    RULES,
    Action,
    EntityRules,
    Parent,
    WriteContext,
)
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import ZERO_DATE, ZERO_GUID
from bc_pipeline.sandbox.odata_errors import dialog, field_error

# On POST these are applied after everything else (5.7, 5.8).
AFTER_INSERT = ("shipTo", "dueDate")
# The id wins, a number beside it is not even looked at (5.2).
LOSES_TO = {"vendorNumber": "vendorId", "payToVendorNumber": "payToVendorId"}


def check_draft(header: Row) -> None:
    """Refuses to change an invoice that is posted or waits for approval (5.5, 3.12)."""
    if header["status"] == "In_x0020_Review":
        raise field_error(f"Status must be equal to 'Open' in Invoice {header['number']}.")
    if header["status"] != "Draft":
        raise dialog("The purchase invoice has been posted and can no longer be modified.")


class PurchaseInvoices(EntityRules):
    """Drafts can be changed, posted ones only read."""

    @property
    def actions(self) -> Mapping[str, Action]:
        """``post``."""
        return {"Microsoft.NAV.post": post_invoice}

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: a Draft with a number of the draft series, filled from its vendor."""
        VENDOR.check_given(given)
        work_date = _work_date(ctx, given)
        header = ctx.insert(
            "purchaseInvoices",
            {
                "number": ctx.next_number("draft purchase invoice"),
                "invoiceDate": work_date,
                "postingDate": work_date,
                WORK_DATE: work_date,
                "status": "Draft",
                "discountAppliedBeforeTax": True,
            },
        )
        write = _InvoiceWrite(ctx, PURCHASE_INVOICE, VENDOR, header, given)
        last = [name for name in given if name.startswith(AFTER_INSERT)]
        for name in [n for n in given if n not in last]:
            write.apply(name)
        write.set_due_date()
        for name in last:
            if given[name] or not name.startswith("shipTo"):
                write.apply(name)
        return write.save()

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH of a draft; a due date sent along is applied last (5.7)."""
        check_draft(row)
        write = _InvoiceWrite(ctx, PURCHASE_INVOICE, VENDOR, row, given)
        for name in sorted(given, key=lambda name: name == "dueDate"):
            write.apply(name)
        return write.save()

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE of a draft; the deletion policy protects posted ones (5.6)."""
        if row["status"] not in ("Draft", "In_x0020_Review"):
            raise dialog("You cannot delete posted purchase invoices.")
        ctx.delete("purchaseInvoices", row)


def _work_date(ctx: WriteContext, given: Row) -> str:
    """The invoice date is the work date of the request: what else starts on "today" starts then
    (5.7)."""
    sent = str(given.get("invoiceDate", ZERO_DATE))
    return ctx.today.isoformat() if sent == ZERO_DATE else sent


class _InvoiceWrite(HeaderWrite):
    def apply(self, name: str) -> None:
        if self.given.get(LOSES_TO.get(name, ""), ZERO_GUID) != ZERO_GUID:
            return
        before = self.values.get("invoiceDate"), self.values.get("#paymentTermsId")
        if name == "discountAmount" and self.given[name] != self.values[name]:
            amount = self.given[name]
            self.values |= discount_invoice(self.ctx, self.kind, self.header, amount)
        else:
            super().apply(name)
        if before != (self.values.get("invoiceDate"), self.values.get("#paymentTermsId")):
            self.set_due_date()

    def set_due_date(self) -> None:
        """The invoice date and the payment terms of the vendor that is paid (5.7)."""
        terms = self.values.get("#paymentTermsId", ZERO_GUID)
        self.values["dueDate"] = due_date(self.ctx, self.values["invoiceDate"], terms)


RULES["purchaseInvoices"] = PurchaseInvoices()
