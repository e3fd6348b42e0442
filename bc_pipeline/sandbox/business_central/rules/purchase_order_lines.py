"""Rules of ``purchaseOrderLines`` (rules.md 4)."""

from __future__ import annotations

from bc_pipeline.sandbox.business_central.company import Row
from bc_pipeline.sandbox.business_central.errors import field_error
from bc_pipeline.sandbox.business_central.rules.purchase_lines import PurchaseLines
from bc_pipeline.sandbox.business_central.writes import RULES
from bc_pipeline.sandbox.changes.documents import PURCHASE_ORDER

# What may change on a line of an order that is no longer Draft (3.12).
FREE_OF_STATUS = {
    "expectedReceiptDate",
    "description",
    "description2",
    "receiveQuantity",
    "invoiceQuantity",
}


class PurchaseOrderLines(PurchaseLines):
    """Lines of orders; those of a released order keep item, quantity and cost."""

    def check_editable(self, header: Row, changed: set[str] | None) -> None:
        """See :class:`PurchaseLines`."""
        if header["status"] == "Draft" or (changed is not None and changed <= FREE_OF_STATUS):
            return
        raise field_error(
            f"Status must be equal to 'Open' in Purchase Header: Document Type=Order, "
            f"No.={header['number']}. Current value is 'Released'."
        )


RULES["purchaseOrderLines"] = PurchaseOrderLines(PURCHASE_ORDER)
