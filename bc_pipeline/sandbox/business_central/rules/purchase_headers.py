"""What headers of purchase orders and purchase invoices share: the vendor and all that is copied
from it, currency, shortcuts to dimensions, the ship-to address (rules.md 3, 5)."""

from __future__ import annotations

from bc_pipeline.sandbox.business_central.company import Row
from bc_pipeline.sandbox.business_central.errors import BcError, dialog, field_error, no_relation
from bc_pipeline.sandbox.business_central.metadata import entities
from bc_pipeline.sandbox.business_central.rules.dimension_sets import (
    check_usable,
    inherited,
    shortcut_codes,
)
from bc_pipeline.sandbox.business_central.rules.references import (
    Pair,
    check_code,
    currency_values,
    record_of,
)
from bc_pipeline.sandbox.business_central.values import ZERO_GUID
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.changes.dimension_sets import dimensions_of, replace_dimensions
from bc_pipeline.sandbox.changes.documents import Kind, lines_of

VENDOR = Pair(
    "vendorId",
    "vendorNumber",
    "vendors",
    "number",
    unknown="The vendor cannot be found.",
    mismatch="The vendor values do not match to a specific Vendor.",
)
PAY_TO = Pair(
    "payToVendorId",
    "payToVendorNumber",
    "vendors",
    "number",
    unknown="The pay-to vendor cannot be found.",
    mismatch="The pay-to vendor values do not match to a specific Vendor.",
)
# Parts of an address: as documents call them (after buyFrom, payTo, shipTo) -> as masters do.
ADDRESS = {
    "AddressLine1": "addressLine1",
    "AddressLine2": "addressLine2",
    "City": "city",
    "Country": "country",
    "State": "state",
    "PostCode": "postalCode",
}
GENERAL_POSTING_GROUP = "#generalBusinessPostingGroup"


def check_vendor_given(given: Row) -> None:
    """Refuses a new document without a vendor (3.1, 5.2)."""
    if given.get("vendorId", ZERO_GUID) == ZERO_GUID and not given.get("vendorNumber"):
        raise dialog("The vendorNumber or the vendorId must be provided.")


def check_vendor_allowed(vendor: Row) -> None:
    """Refuses a vendor no document may be made for (2.4, 3.3)."""
    if vendor["blocked"] == "All":
        raise dialog(
            f"You cannot create this type of document when Vendor {vendor['number']} is blocked "
            "with type All"
        )
    if vendor.get("#privacyBlocked"):
        raise dialog(f"Vendor {vendor['number']} is blocked for privacy.")
    if not vendor.get(GENERAL_POSTING_GROUP):
        raise field_error(
            f"Gen. Bus. Posting Group must have a value in Vendor: No.={vendor['number']}. It "
            "cannot be zero or empty."
        )


class HeaderWrite:
    """One POST or PATCH of a header: properties are applied one by one, each to what the ones
    before it left (rules.md 0.2)."""

    def __init__(self, ctx: WriteContext, kind: Kind, header: Row, given: Row) -> None:
        self.ctx = ctx
        self.kind = kind
        self.header = header
        self.given = given
        self.values: Row = dict(header)
        self._dimensions: dict[str, str] | None = None

    def apply(self, name: str) -> None:
        """One property of the body; a value equal to the current one does nothing (0.2).

        Raises:
            BcError: Business Central refuses the value.
        """
        value = self.given[name]
        if value == self.values[name]:
            return
        match name:
            case "vendorId" | "vendorNumber":
                self._pick_vendor(record_of(self.ctx, VENDOR, self.given, name))
            case "payToVendorId" | "payToVendorNumber":
                self._pick_pay_to(record_of(self.ctx, PAY_TO, self.given, name))
            case "currencyId" | "currencyCode":
                self._pick_currency(name, value)
            case "buyFromCountry" | "shipToCountry":
                if self.ctx.company.tables["countriesRegions"]:
                    check_code(self.ctx, "countriesRegions", value, "Country/Region", name)
                self.values[name] = value
            case "pricesIncludeTax":
                self._check_no_lines("prices including tax")
                self.values[name] = value
            case "shortcutDimension1Code" | "shortcutDimension2Code":
                self._pick_dimension(name, value)
            case "purchaser":
                if value and not self.ctx.find("salespeoplePurchasers", code=value):
                    raise no_relation("Salesperson/Purchaser", "Purchaser Code", value)
                self.values[name] = value
            case _:
                self.values[name] = value

    def save(self) -> Row:
        """Stores what has changed and returns the header."""
        if self._dimensions is not None:
            replace_dimensions(self.ctx.company, self.kind.headers, self.header, self._dimensions)
            self.values |= shortcut_codes(self.ctx, self._dimensions)
        changed = {name: v for name, v in self.values.items() if v != self.header.get(name)}
        changed.pop("lastModifiedDateTime", None)
        return self.ctx.modify(self.kind.headers, self.header, **changed)

    # -- vendor -------------------------------------------------------------------------------

    def _pick_vendor(self, vendor: Row) -> None:
        self._check_vendor_may_change(vendor)
        check_vendor_allowed(vendor)
        own_pay_to = self.ctx.find(
            "vendors", number=vendor.get("#payToVendorNumber", vendor["number"])
        )
        self._set(
            {
                "vendorId": vendor["id"],
                "vendorNumber": vendor["number"],
                "vendorName": vendor["displayName"],
                "currencyId": vendor["currencyId"],
                "currencyCode": vendor["currencyCode"],
                "paymentTermsId": vendor["paymentTermsId"],
                "pricesIncludeTax": vendor.get("#pricesIncludeTax", False),
                "shipmentMethodId": vendor.get("#shipmentMethodId", ZERO_GUID),
                "purchaser": vendor.get("#purchaser", ""),
                "#locationId": vendor.get("#locationId", ZERO_GUID),
            }
        )
        self._set_address("buyFrom", vendor)
        self._set_pay_to(own_pay_to[0] if own_pay_to else vendor)
        self._set_ship_to()
        self._dimensions = inherited(self.ctx, [vendor])

    def _check_vendor_may_change(self, vendor: Row) -> None:
        lines = lines_of(self.ctx.company, self.kind, self.header["id"])
        if self.values["vendorId"] == ZERO_GUID or not lines:
            return
        if any(line.get("receivedQuantity") for line in lines):
            raise dialog("You cannot change the vendor because lines have been received.")
        # The lines would be made anew after a question that no one can answer (3.13).
        raise BcError(
            400,
            "Application_CallbackNotAllowed",
            f"Do you want to change the vendor to {vendor['number']}? A dialog cannot be shown.",
        )

    def _pick_pay_to(self, vendor: Row) -> None:
        check_vendor_allowed(vendor)
        self._set_pay_to(vendor)
        self._set(
            {
                "currencyId": vendor["currencyId"],
                "currencyCode": vendor["currencyCode"],
                "paymentTermsId": vendor["paymentTermsId"],
            }
        )

    def _set_pay_to(self, vendor: Row) -> None:
        self._set(
            {
                "payToVendorId": vendor["id"],
                "payToVendorNumber": vendor["number"],
                "payToName": vendor["displayName"],
                "#paymentTermsId": vendor["paymentTermsId"],
            }
        )
        self._set_address("payTo", vendor)

    def _set_ship_to(self) -> None:
        """Goods come to our own address unless something else is said."""
        for company in self.ctx.find("companyInformation"):
            self._set({"shipToName": company["displayName"]})
            self._set_address("shipTo", company)

    def _set_address(self, prefix: str, master: Row) -> None:
        self._set({f"{prefix}{ours}": master[theirs] for ours, theirs in ADDRESS.items()})

    def _set(self, values: Row) -> None:
        fields = entities()[self.kind.headers].fields
        self.values |= {n: v for n, v in values.items() if n in fields or n.startswith("#")}

    # -- others -------------------------------------------------------------------------------

    def _pick_currency(self, name: str, value: str) -> None:
        """The check that id and code agree sits on the code, after the id was seen (0.3)."""
        chosen = currency_values(self.ctx, name, value)
        names = list(self.given)
        seen = self.given["currencyId"] if "currencyId" in names[: names.index(name)] else ZERO_GUID
        if seen not in (ZERO_GUID, chosen["currencyId"]):
            raise dialog("The currency values do not match to a specific Currency.")
        self.values |= chosen

    def _check_no_lines(self, what: str) -> None:
        # Lines would be priced anew after a question that no one can answer.
        for line in lines_of(self.ctx.company, self.kind, self.header["id"]):
            if line["lineType"] != "Comment":
                raise dialog(f"You cannot change {what} while lines exist.")

    def _pick_dimension(self, name: str, code: str) -> None:
        """A shortcut is the header's value of a global dimension."""
        place = int(name.removeprefix("shortcutDimension")[0]) - 1
        globals_ = self.ctx.settings.global_dimensions
        found = self.ctx.find("dimensions", code=globals_[place]) if place < len(globals_) else []
        chosen = self._dimensions
        if chosen is None:
            chosen = dimensions_of(self.ctx.company, self.header)
        chosen = dict(chosen)
        dimension_id = found[0]["id"] if found else ZERO_GUID
        values = self.ctx.find("dimensionValues", dimensionId=dimension_id, code=code)
        if code and not values:
            raise no_relation("Dimension Value", f"Shortcut Dimension {place + 1} Code", code)
        if code:
            check_usable(found[0], values[0])
        chosen.pop(dimension_id, None)
        if code:
            chosen[dimension_id] = values[0]["id"]
        self._dimensions = chosen
        self.values[name] = code


__all__ = ["HeaderWrite", "check_vendor_allowed", "check_vendor_given"]
