"""What headers of documents share: the vendor or customer and all that is copied from it,
currency, shortcuts to dimensions, the ship-to address (rules.md 3, 5, 11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bc_pipeline.sandbox.bookkeeping.dimension_sets import dimensions_of, replace_dimensions
from bc_pipeline.sandbox.bookkeeping.documents import lines_of
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
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
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import ZERO_GUID, empty_value
from bc_pipeline.sandbox.json_text import JsonValue
from bc_pipeline.sandbox.odata_errors import BcError, dialog, field_error, no_relation

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


def check_complete(master: Row, what: str) -> None:
    """Refuses a vendor or customer that no document of any kind may be made for."""
    number = master["number"]
    if master.get("#privacyBlocked"):
        raise dialog(f"{what} {number} is blocked for privacy.")
    if not master.get(GENERAL_POSTING_GROUP):
        raise field_error(
            f"Gen. Bus. Posting Group must have a value in {what}: No.={number}. It cannot be "
            "zero or empty."
        )


@dataclass(frozen=True)
class Party:
    """Whom documents of one side are made for, and who pays or is paid.

    Attributes:
        main, payer: how a document names the two.
        address, payer_address: what properties with their addresses begin with.
        copied: properties of a document <- of the vendor or customer.
        person: property with the code of our purchaser or salesperson.
        check: refuses a vendor or customer no such document may be made for.
    """

    main: Pair
    payer: Pair
    address: str
    payer_address: str
    copied: Mapping[str, str]
    person: str
    check: Callable[[Row], None]

    @property
    def name(self) -> str:
        """Property with the name of the one a document is made for."""
        return f"{self.main.by_id.removesuffix('Id')}Name"

    @property
    def payer_name(self) -> str:
        """Property with the name of the one who pays or is paid."""
        return f"{self.payer_address}Name"

    @property
    def own_payer(self) -> str:
        """Where a vendor or customer names another one as its payer."""
        return f"#{self.payer.by_code}"

    def check_given(self, given: Row) -> None:
        """Refuses a new document for nobody (3.1, 5.2, 11.1)."""
        if given.get(self.main.by_id, ZERO_GUID) == ZERO_GUID and not given.get(self.main.by_code):
            raise dialog(f"The {self.main.by_code} or the {self.main.by_id} must be provided.")


@dataclass
class HeaderWrite:
    """One POST or PATCH of a header: properties are applied one by one, each to what the ones
    before it left (rules.md 0.2)."""

    ctx: WriteContext
    kind: Kind
    party: Party
    header: Row
    given: Row

    def __post_init__(self) -> None:
        self.values: Row = dict(self.header)
        self._dimensions: dict[str, str] | None = None

    def apply(self, name: str) -> None:
        """One property of the body; a value equal to the current one does nothing (0.2).

        Raises:
            BcError: Business Central refuses the value.
        """
        value = self.given[name]
        main, payer = self.party.main, self.party.payer
        if value == self.values[name]:
            return
        if name in (main.by_id, main.by_code):
            self._pick(record_of(self.ctx, main, self.given, name))
        elif name in (payer.by_id, payer.by_code):
            self._pick_payer(record_of(self.ctx, payer, self.given, name))
        elif name == self.party.person:
            if value and not self.ctx.find("salespeoplePurchasers", code=value):
                raise no_relation("Salesperson/Purchaser", f"{name} Code", value)
            self.values[name] = value
        else:
            self._apply_plain(name, value)

    def _apply_plain(self, name: str, value: JsonValue) -> None:
        match name:
            case "currencyId" | "currencyCode":
                self._pick_currency(name, value)
            case "buyFromCountry" | "sellToCountry" | "shipToCountry":
                if self.ctx.company.tables["countriesRegions"]:
                    check_code(self.ctx, "countriesRegions", value, "Country/Region", name)
                self.values[name] = value
            case "pricesIncludeTax":
                self._check_no_lines("prices including tax")
                self.values[name] = value
            case "shortcutDimension1Code" | "shortcutDimension2Code":
                self._pick_dimension(name, value)
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

    # -- whom it is for -----------------------------------------------------------------------

    def _pick(self, master: Row) -> None:
        self._check_may_change(master)
        self.party.check(master)
        own = master.get(self.party.own_payer, master["number"])
        payer = self.ctx.find(self.kind.parties, number=own)
        self._set(
            {
                self.party.main.by_id: master["id"],
                self.party.main.by_code: master["number"],
                self.party.name: master["displayName"],
                "currencyId": master["currencyId"],
                "currencyCode": master["currencyCode"],
                "paymentTermsId": master["paymentTermsId"],
                "pricesIncludeTax": master.get("#pricesIncludeTax", False),
                "#locationId": master.get("#locationId", ZERO_GUID),
            }
        )
        fields = entities()[self.kind.headers].fields
        for ours, theirs in self.party.copied.items():
            if ours in fields:
                self.values[ours] = master.get(theirs, empty_value(fields[ours]))
        self._set_address(self.party.address, master)
        self._set_payer(payer[0] if payer else master)
        self._set_ship_to(master)
        self._dimensions = inherited(self.ctx, [master])

    def _check_may_change(self, master: Row) -> None:
        lines = lines_of(self.ctx.company, self.kind, self.header["id"])
        if self.values[self.party.main.by_id] == ZERO_GUID or not lines:
            return
        if any(line.get(self.kind.done) for line in lines):
            raise dialog(f"You cannot change the {self.kind.party}: goods of a line were moved.")
        # The lines would be made anew after a question that no one can answer (3.13).
        raise BcError(
            400,
            "Application_CallbackNotAllowed",
            f"Do you want to change the {self.kind.party} to {master['number']}? A dialog cannot "
            "be shown.",
        )

    def _pick_payer(self, master: Row) -> None:
        self.party.check(master)
        self._set_payer(master)
        self._set(
            {
                "currencyId": master["currencyId"],
                "currencyCode": master["currencyCode"],
                "paymentTermsId": master["paymentTermsId"],
            }
        )

    def _set_payer(self, master: Row) -> None:
        self._set(
            {
                self.party.payer.by_id: master["id"],
                self.party.payer.by_code: master["number"],
                self.party.payer_name: master["displayName"],
                "#paymentTermsId": master["paymentTermsId"],
            }
        )
        self._set_address(self.party.payer_address, master)

    def _set_ship_to(self, master: Row) -> None:
        """Goods come to our own address, or go to the customer's, unless something else is
        said."""
        ours = self.ctx.find("companyInformation")[:1]
        for place in ours if self.kind.is_purchase else [master]:
            self._set({"shipToName": place["displayName"]})
            self._set_address("shipTo", place)

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
