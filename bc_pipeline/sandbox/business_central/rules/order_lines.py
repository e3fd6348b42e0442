"""Rules of ``purchaseOrderLines`` and ``salesOrderLines`` (rules.md 4, 11.6)."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_ORDER, SALES_ORDER
from bc_pipeline.sandbox.business_central.rules.document_lines import DocumentLines
from bc_pipeline.sandbox.business_central.rules.orders import not_open
from bc_pipeline.sandbox.business_central.writes import RULES
from bc_pipeline.sandbox.company.company import Row


class OrderLines(DocumentLines):
    """Lines of orders; those of a released order keep item, quantity and cost."""

    def check_editable(self, header: Row, changed: set[str] | None) -> None:
        """See :class:`DocumentLines`."""
        # What may change on a line of an order that is no longer Draft (3.12).
        free = {
            "description",
            "description2",
            "invoiceQuantity",
            self.kind.to_handle,
            self.kind.day,
        }
        if header["status"] != "Draft" and (changed is None or not changed <= free):
            raise not_open(self.kind, header)


for _kind in (PURCHASE_ORDER, SALES_ORDER):
    RULES[_kind.lines] = OrderLines(_kind)
