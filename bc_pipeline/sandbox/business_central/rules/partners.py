"""Rules of customers and vendors (rules.md 1, 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bc_pipeline.sandbox.business_central.rules.master_data import (
    COUNTRY,
    MasterData,
    Reference,
    Relation,
)
from bc_pipeline.sandbox.business_central.writes import RULES, WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.odata_errors import dialog, field_error

CURRENCY = Reference("currencyId", "currencies", code="currencyCode")
_EMAIL = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+")
# VAT registration numbers by country. Of countries that are not here any text is taken.
_VAT_FORMATS = {
    "BE": re.compile(r"(BE)?[01]\d{9}"),
    "DE": re.compile(r"DE\d{9}"),
    "NL": re.compile(r"NL\d{9}B\d{2}"),
}


@dataclass(frozen=True)
class Partners(MasterData):
    """What customers and vendors have in common.

    Attributes:
        name_needed: a new one needs a name, and no name may be blanked.
    """

    name_needed: bool = False

    def checked(self, ctx: WriteContext, row: Row | None, given: Row) -> Row:
        """See ``MasterData.checked``; adds the checks of names, addresses and tax numbers."""
        if self.name_needed and row is None and "displayName" not in given:
            raise dialog("A displayName must be provided.")
        if self.name_needed and not str(given.get("displayName", "name")).strip():
            raise dialog("The displayName must not be blank.")
        country = row["country"] if row else ""
        for name, value in given.items():
            if name == "country":
                country = value
            elif name == "phoneNumber" and any(letter.isalpha() for letter in value):
                raise field_error("Phone No. must not contain letters.")
            elif name == "email":
                _check_email(value)
            elif name == "taxRegistrationNumber":
                _check_tax_number(ctx, value, country)
        return super().checked(ctx, row, given)


@dataclass(frozen=True)
class Vendors(Partners):
    """Vendors only: what is hidden in the API can hold a block, and one property goes nowhere."""

    def checked(self, ctx: WriteContext, row: Row | None, given: Row) -> Row:
        """See ``MasterData.checked``."""
        if row is not None and row.get("#privacyBlocked") and given.get("blocked", "All") != "All":
            raise dialog("The vendor is blocked for privacy and must stay blocked for All.")
        # Only some countries have the field; everywhere else it is taken and forgotten (2.8).
        return super().checked(ctx, row, {k: v for k, v in given.items() if k != "irs1099Code"})


def _check_email(value: str) -> None:
    addresses = [part.strip() for part in re.split("[;,]", value) if part.strip()]
    if value.strip() and not addresses:
        raise dialog(f'The email address "{value}" is not valid.')
    for address in addresses:
        if not _EMAIL.fullmatch(address):
            raise dialog(f'The email address "{address}" is not valid.')


def _check_tax_number(ctx: WriteContext, value: str, country: str) -> None:
    """The format is that of the country set so far, or of the company's own (1.5)."""
    information = ctx.find("companyInformation")
    code = country or (information[0]["country"] if information else "")
    pattern = _VAT_FORMATS.get(code)
    if value and pattern is not None and not pattern.fullmatch(value):
        raise dialog(
            "The entered VAT Registration number is not in agreement with the format specified "
            f"for Country/Region Code {code}."
        )


RULES["customers"] = Partners(
    "customers",
    key="number",
    name_needed=True,
    references=(
        CURRENCY,
        Reference("paymentTermsId", "paymentTerms"),
        Reference("shipmentMethodId", "shipmentMethods"),
        Reference("paymentMethodId", "paymentMethods"),
        Reference("taxAreaId", "taxAreas", shown={"taxAreaDisplayName": "displayName"}),
    ),
    relations=(COUNTRY, Relation("salespersonCode", "salespeoplePurchasers", "Salesperson")),
    used_by=(
        ("salesOrders", "customerId"),
        ("salesInvoices", "customerId"),
        ("salesCreditMemos", "customerId"),
        ("salesShipments", "customerId"),
    ),
    carried_by=("customerNumber", "billToCustomerNumber"),
)
RULES["vendors"] = Vendors(
    "vendors",
    key="number",
    references=(
        CURRENCY,
        Reference("paymentTermsId", "paymentTerms"),
        Reference("paymentMethodId", "paymentMethods"),
    ),
    relations=(COUNTRY,),
    used_by=(
        ("purchaseOrders", "vendorId"),
        ("purchaseInvoices", "vendorId"),
        ("purchaseCreditMemos", "vendorId"),
        ("purchaseReceipts", "vendorNumber"),
        ("vendorPayments", "vendorId"),
    ),
    carried_by=("vendorNumber", "payToVendorNumber", "#vendorNumber", "#payToVendorNumber"),
)
