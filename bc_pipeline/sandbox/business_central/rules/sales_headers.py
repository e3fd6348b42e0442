"""The customer of a sales order (rules.md 1.4, 11.1)."""

from __future__ import annotations

from bc_pipeline.sandbox.business_central.rules.document_headers import Party, check_complete
from bc_pipeline.sandbox.business_central.rules.references import party_pair
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import BLANK_ENUM
from bc_pipeline.sandbox.odata_errors import dialog


def check_customer_allowed(customer: Row) -> None:
    """Refuses a customer no order may be made for: blocked for Ship, Invoice or All (1.4)."""
    number = customer["number"]
    if customer["blocked"] != BLANK_ENUM:
        raise dialog(
            f"You cannot create this type of document when Customer {number} is blocked with type "
            f"{customer['blocked']}"
        )
    check_complete(customer, "Customer")


CUSTOMER = Party(
    party_pair("customer", "Customer", "sell-to customer"),
    party_pair("billToCustomer", "Customer", "bill-to customer"),
    "sellTo",
    "billTo",
    copied={
        "shipmentMethodId": "shipmentMethodId",
        "salesperson": "salespersonCode",
        "phoneNumber": "phoneNumber",
        "email": "email",
    },
    person="salesperson",
    check=check_customer_allowed,
)
