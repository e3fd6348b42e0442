"""Unified ``Vendors`` as vendors of Business Central (target_behaviour.md 5)."""

from __future__ import annotations

from bc_pipeline.to_business_central.customers_vendors.fields import (
    Field,
    Master,
    blocked,
)
from bc_pipeline.to_business_central.customers_vendors.target import writer_of
from bc_pipeline.to_business_central.stream import Stream
from bc_pipeline.to_business_central.unified import Vendor

VENDORS = Master(
    entity="vendors",
    number="vendor_number",
    name="vendor_name",
    name_field="vendorName",
    fields=(
        Field("email", "email"),
        Field("website", "website"),
        Field("is_active", "blocked", blocked),
    ),
    # Orders and payments go to where a vendor bills from; goods are not shipped there.
    addresses=("billing", "shipping"),
    named=False,
)


_STREAM = Stream("vendors", Vendor, (("id",), ("vendor_number",)), "vendor_number")

WRITER = writer_of(VENDORS, _STREAM)
