"""Unified ``Customers`` as customers of Business Central (target_behaviour.md 4)."""

from __future__ import annotations

from bc_pipeline.to_business_central.customers_vendors.fields import (
    Field,
    Master,
    blocked,
    payment_method,
    person,
)
from bc_pipeline.to_business_central.customers_vendors.target import writer_of
from bc_pipeline.to_business_central.stream import Stream
from bc_pipeline.to_business_central.unified import Customer

CUSTOMERS = Master(
    entity="customers",
    number="customer_number",
    name="company_name",
    name_field="companyName",
    fields=(
        Field("email", "email"),
        Field("website", "website"),
        Field("taxable", "taxLiable"),
        Field("is_person", "type", person),
        Field("is_active", "blocked", blocked),
        Field("payment_method", "paymentMethodId", payment_method),
    ),
    addresses=("shipping", "billing"),
    named=True,
)


_STREAM = Stream("customers", Customer, (("id",), ("customer_number",)), "customer_number")

WRITER = writer_of(CUSTOMERS, _STREAM)
