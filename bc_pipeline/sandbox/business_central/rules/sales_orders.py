"""Rules of ``salesOrders`` (rules.md 11)."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.kinds import SALES_ORDER
from bc_pipeline.sandbox.business_central.rules.orders import Orders
from bc_pipeline.sandbox.business_central.rules.sales_headers import CUSTOMER
from bc_pipeline.sandbox.business_central.rules.ship_and_invoice import ship_and_invoice
from bc_pipeline.sandbox.business_central.writes import RULES

RULES["salesOrders"] = Orders(
    SALES_ORDER,
    CUSTOMER,
    series="sales order",
    wanted="requestedDeliveryDate",
    start={"partialShipping": True},
    posting=("shipAndInvoice", ship_and_invoice),
)
