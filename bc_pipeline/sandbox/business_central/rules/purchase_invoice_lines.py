"""Rules of ``purchaseInvoiceLines`` (rules.md 5.5, 5.12)."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_INVOICE
from bc_pipeline.sandbox.business_central.rules.document_lines import DocumentLines
from bc_pipeline.sandbox.business_central.rules.purchase_invoices import check_draft
from bc_pipeline.sandbox.business_central.writes import RULES
from bc_pipeline.sandbox.company.company import Row


class PurchaseInvoiceLines(DocumentLines):
    """Lines of drafts; those of posted invoices can only be read."""

    def check_editable(self, header: Row, changed: set[str] | None) -> None:
        """See :class:`DocumentLines`."""
        check_draft(header)


RULES["purchaseInvoiceLines"] = PurchaseInvoiceLines(PURCHASE_INVOICE)
