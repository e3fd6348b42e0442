"""The vendor of a purchase document (rules.md 2.4, 3.1-3.4)."""

from __future__ import annotations

from bc_pipeline.sandbox.business_central.rules.document_headers import Party, check_complete
from bc_pipeline.sandbox.business_central.rules.references import party_pair
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.odata_errors import dialog


def check_vendor_allowed(vendor: Row) -> None:
    """Refuses a vendor no document may be made for (2.4, 3.3)."""
    if vendor["blocked"] == "All":
        raise dialog(
            f"You cannot create this type of document when Vendor {vendor['number']} is blocked "
            "with type All"
        )
    check_complete(vendor, "Vendor")


VENDOR = Party(
    party_pair("vendor", "Vendor", "vendor"),
    party_pair("payToVendor", "Vendor", "pay-to vendor"),
    "buyFrom",
    "payTo",
    copied={"shipmentMethodId": "#shipmentMethodId", "purchaser": "#purchaser"},
    person="purchaser",
    check=check_vendor_allowed,
)
