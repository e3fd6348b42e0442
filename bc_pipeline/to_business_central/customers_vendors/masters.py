"""Unified ``Customers`` and ``Vendors`` as customers and vendors of Business Central
(target_behaviour.md 4, 5)."""

from __future__ import annotations

from bc_pipeline.to_business_central.customers_vendors.fields import (
    Field,
    Master,
    blocked,
    payment_method,
    person,
)
from bc_pipeline.to_business_central.customers_vendors.target import writer_of
from bc_pipeline.to_business_central.unified import Customer, Vendor

_REACHED = (Field("email", "email"), Field("website", "website"))
_BLOCKED = Field("is_active", "blocked", blocked)

CUSTOMERS = Master(
    "customers",
    "customer_number",
    "company_name",
    fields=(
        *_REACHED,
        Field("taxable", "taxLiable"),
        Field("is_person", "type", person),
        _BLOCKED,
        Field("payment_method", "paymentMethodId", payment_method),
    ),
    addresses=("shipping", "billing"),
    named=True,
)
VENDORS = Master(
    "vendors",
    "vendor_number",
    "vendor_name",
    fields=(*_REACHED, _BLOCKED),
    # Orders and payments go to where a vendor bills from; goods are not shipped there.
    addresses=("billing", "shipping"),
    named=False,
)

CUSTOMER_WRITER = writer_of(CUSTOMERS, Customer)
VENDOR_WRITER = writer_of(VENDORS, Vendor)
