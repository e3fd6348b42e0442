"""Rules of ``purchaseOrders`` (rules.md 3)."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_ORDER
from bc_pipeline.sandbox.business_central.rules.orders import Orders
from bc_pipeline.sandbox.business_central.rules.purchase_headers import VENDOR
from bc_pipeline.sandbox.business_central.rules.receive_and_invoice import receive_and_invoice
from bc_pipeline.sandbox.business_central.writes import RULES

RULES["purchaseOrders"] = Orders(
    PURCHASE_ORDER,
    VENDOR,
    series="purchase order",
    wanted="requestedReceiptDate",
    start={},
    posting=("receiveAndInvoice", receive_and_invoice),
)
