"""A document line while it is being written: each property is applied to what the ones before it
left, as Business Central does (rules.md 0.2, 4.6-4.17, 11.6).

Picking an item resets the line; picking an item, another unit, variant or location prices the
line anew, and so does another quantity where a price list has a price. Cost and discount have to be
applied after them to stay (4.7, 4.9, behaviour.md 4).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.amounts import NOTHING, cents, line_amounts, unit_amount
from bc_pipeline.sandbox.bookkeeping.documents import Refused, factor, open_quantities
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.business_central.rules.document_totals import INVOICE_DISCOUNT
from bc_pipeline.sandbox.business_central.rules.line_objects import (
    check_account,
    check_item,
    line_date,
)
from bc_pipeline.sandbox.business_central.rules.prices import price_of
from bc_pipeline.sandbox.business_central.rules.tax import tax_of
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import ZERO_GUID, empty_row
from bc_pipeline.sandbox.odata_errors import dialog, field_error, no_relation

KEPT_BY_RESET = ("id", "documentId", "sequence", "quantity", "discountAppliedBeforeTax")
# The VAT product posting group of a line; what the API shows is its identifier (4.16).
TAX_GROUP = "#taxGroup"
# The records a line can be about, by the property with their id.
OBJECT_IDS = {"itemId": "Item", "accountId": "Account"}
# Properties that BC computes from the others, whatever is sent.
COMPUTED = {
    "amountExcludingTax",
    "amountIncludingTax",
    "invoiceDiscountAllocation",
    "netAmount",
    "netTaxAmount",
    "netAmountIncludingTax",
}


class LineValues:
    """The values of one line of an order or invoice; nothing is stored here.

    Args:
        header: the document, as stored.
        values: the line as it is, or a blank one.
    """

    def __init__(self, ctx: WriteContext, kind: Kind, header: Row, values: Row) -> None:
        self.ctx = ctx
        self.kind = kind
        self.header = header
        self.values = values
        self.object_changed = False

    def apply(self, name: str, value: object) -> None:
        """One property of a body. Raises BcError."""
        if name in OBJECT_IDS and value == ZERO_GUID:
            # The page looks the record up whenever it is named, so that zero blanks nothing.
            raise dialog(f"{OBJECT_IDS[name]} does not exist.")
        current = self.values.get(TAX_GROUP if name == "taxCode" else name)
        if value == current or name in COMPUTED:
            return
        handler = self._handlers().get(name)
        if handler is None:
            self.values[name] = value
        else:
            handler(value)

    def with_amounts(self) -> Row:
        """The values with their amounts."""
        values = self.values
        gross = cents(values["quantity"] * values[self.kind.price])
        return values | line_amounts(
            gross,
            values["discountAmount"],
            invoice_discount_percent=self.header.get(INVOICE_DISCOUNT, NOTHING),
            tax_percent=values["taxPercent"],
            includes_tax=self.header["pricesIncludeTax"],
        )

    def _handlers(self) -> dict[str, Callable[..., None]]:
        """Properties that do more than store their value."""
        return {
            "itemId": self._set_item,
            "accountId": self._set_account,
            "lineType": self._reset,
            "lineObjectNumber": self._set_object_number,
            "quantity": self._set_quantity,
            self.kind.to_handle: self._set_quantity_to_handle,
            "invoiceQuantity": self._set_quantity_to_invoice,
            "unitOfMeasureId": self._set_unit_by_id,
            "unitOfMeasureCode": self._set_unit,
            "itemVariantId": self._set_variant,
            "locationId": self._set_location,
            self.kind.price: self._set_cost,
            "discountPercent": self._set_discount_percent,
            "discountAmount": self._set_discount_amount,
            "taxCode": self._set_tax_code,
        }

    # -- what the line is about (4.3-4.8) -------------------------------------------------------

    def _set_item(self, value: str) -> None:
        item = self.ctx.get("items", value)
        if item is None:
            raise dialog("Item does not exist.")
        self._pick_item(item)

    def _set_account(self, value: str) -> None:
        account = self.ctx.get("accounts", value)
        if account is None:
            raise dialog("Account does not exist.")
        self._pick_account(account)

    def _set_object_number(self, value: str) -> None:
        if self.values["lineObjectNumber"]:
            raise dialog("The lineObjectNumber cannot be changed.")
        kind = self.values["lineType"]
        if kind == "Item":
            items = self.ctx.find("items", number=value)
            if not items:
                raise dialog("Item does not exist.")
            self._pick_item(items[0])
        elif kind == "Account":
            accounts = self.ctx.find("accounts", number=value)
            if not accounts:
                raise dialog("Account does not exist.")
            self._pick_account(accounts[0])
        elif kind == "Comment":
            raise no_relation("Standard Text", "No.", value)  # read as a standard text (4.4)
        else:
            raise no_relation(kind, "No.", value)

    def _pick_item(self, item: Row) -> None:
        check_item(self.kind, item)
        self._reset("Item")
        self.values |= {
            "itemId": item["id"],
            "lineObjectNumber": item["number"],
            "description": item["displayName"],
            "description2": item["displayName2"],
            "locationId": self.header.get("#locationId", ZERO_GUID),
            self.kind.day: line_date(self.ctx, self.kind, self.header, item),
        }
        unit = item.get("#purchaseUnit" if self.kind.is_purchase else "#salesUnit")
        self._take_unit(unit or item["baseUnitOfMeasureCode"])
        self._take_tax(item.get("#vatProductPostingGroup") or item["taxGroupCode"])
        self._price()

    def _pick_account(self, account: Row) -> None:
        check_account(account)
        self._reset("Account")
        self.values |= {
            "accountId": account["id"],
            "lineObjectNumber": account["number"],
            "description": account["displayName"],
            self.kind.day: line_date(self.ctx, self.kind, self.header, None),
        }
        self._take_tax(account.get("#vatProductPostingGroup", ""))

    def _reset(self, line_type: str) -> None:
        """Everything but the quantity is blank again (4.7)."""
        self._not_moved(line_type)
        kept = {name: self.values[name] for name in KEPT_BY_RESET if name in self.values}
        if line_type == "Comment":
            kept["quantity"] = NOTHING
        self.values = empty_row(entities()[self.kind.lines]) | kept
        self.values |= {"lineType": line_type, TAX_GROUP: ""}
        self.object_changed = True
        self._open_quantities()

    # -- how much of it (4.10-4.13) -------------------------------------------------------------

    def _set_quantity(self, value: Decimal) -> None:
        self._needs_object()
        done = self.values.get(self.kind.done, NOTHING)
        if value * done < 0:
            raise dialog(f"The quantity must have the same sign as {self.kind.done}.")
        if abs(value) < abs(done):
            raise dialog(f"Quantity must not be below {self.kind.done}, which is {done}.")
        self.values["quantity"] = unit_amount(value)
        self._open_quantities()
        self._price(by_card=False)

    def _open_quantities(self) -> None:
        """What the next posting takes: all that is left, unless set up to be blank (4.13)."""
        if self.kind.to_handle not in entities()[self.kind.lines].fields:
            return
        self.values |= open_quantities(self.ctx.company, self.kind, self.values)

    def _set_quantity_to_handle(self, value: Decimal) -> None:
        left = self.values["quantity"] - self.values[self.kind.done]
        if not _is_part(value, left):
            raise dialog(f"{self.kind.to_handle} cannot be more than {left} units.")
        self.values[self.kind.to_handle] = unit_amount(value)

    def _set_quantity_to_invoice(self, value: Decimal) -> None:
        moved = self.values[self.kind.done] + self.values[self.kind.to_handle]
        left = moved - self.values["invoicedQuantity"]
        if not _is_part(value, left):
            raise dialog(f"You cannot invoice more than {left} units.")
        self.values["invoiceQuantity"] = unit_amount(value)

    def _set_unit_by_id(self, value: str) -> None:
        unit = self.ctx.get("unitsOfMeasure", value)
        if unit is None and value != ZERO_GUID:
            raise no_relation("Unit of Measure", "Unit of Measure Id", value)
        self.apply("unitOfMeasureCode", unit["code"] if unit else "")

    def _set_unit(self, value: str) -> None:
        self._not_moved("Unit of Measure Code")
        if self.values["lineType"] == "Item":
            try:
                factor(self._item(), value)
            except Refused as error:
                raise no_relation("Item Unit of Measure", "Unit of Measure Code", value) from error
        elif value and not self.ctx.find("unitsOfMeasure", code=value):
            raise no_relation("Unit of Measure", "Unit of Measure Code", value)
        self._take_unit(value)
        self._price()

    def _set_variant(self, value: str) -> None:
        self._not_moved("Variant Code")
        if value != ZERO_GUID:
            if self.values["lineType"] != "Item":
                raise field_error(f"Type must be equal to 'Item' in {self.kind.table}.")
            variant = self.ctx.get("itemVariants", value)
            if variant is None or variant["itemId"] != self.values["itemId"]:
                raise no_relation("Item Variant", "Variant Id", value)
            self.values["description"] = variant["description"] or self.values["description"]
        self.values["itemVariantId"] = value
        self._price()

    def _set_location(self, value: str) -> None:
        self._not_moved("Location Code")
        if value != ZERO_GUID and self.ctx.get("locations", value) is None:
            raise no_relation("Location", "Location Id", value)
        self.values["locationId"] = value
        self._price()

    # -- what it costs (4.9, 4.15, 4.16) --------------------------------------------------------

    def _set_cost(self, value: Decimal) -> None:
        self._needs_object()
        self.values[self.kind.price] = unit_amount(value)
        self._set_discount_percent(self.values["discountPercent"])

    def _set_discount_percent(self, value: Decimal) -> None:
        self.values["discountPercent"] = value
        self.values["discountAmount"] = cents(self._gross() * value / 100)

    def _set_discount_amount(self, value: Decimal) -> None:
        """Drives the percent; on a line that costs nothing that is 0 (behaviour.md 4)."""
        if not self.values["quantity"]:
            raise field_error("Quantity must have a value in the line. It cannot be zero or empty.")
        gross = self._gross()
        percent = unit_amount(cents(value) * 100 / gross) if gross else NOTHING
        if not 0 <= percent <= 100:
            raise dialog("The value in the Line Discount % field must be between 0 and 100.")
        self.values |= {"discountAmount": cents(value), "discountPercent": percent}

    def _set_tax_code(self, value: str) -> None:
        """A VAT product posting group comes in, the VAT identifier is shown (4.16)."""
        if value and not self.ctx.find("taxGroups", code=value):
            raise no_relation("VAT Product Posting Group", "VAT Prod. Posting Group", value)
        self._take_tax(value)

    def _gross(self) -> Decimal:
        return cents(self.values["quantity"] * self.values[self.kind.price])

    def _price(self, *, by_card: bool = True) -> None:
        """The price and discount of the price list, else of the item card.

        Args:
            by_card: False: only a price list changes what the line costs.
        """
        if self.values["lineType"] != "Item" or self.values["itemId"] == ZERO_GUID:
            self._set_discount_percent(self.values["discountPercent"])
            return
        price = price_of(self.ctx, self.kind, self.header, self._item(), self.values)
        if not (price.is_listed or by_card):
            self._set_discount_percent(self.values["discountPercent"])
            return
        self.values[self.kind.price] = price.amount
        self._set_discount_percent(price.discount)

    # -- pieces ---------------------------------------------------------------------------------

    def _item(self) -> Row:
        return self.ctx.company.tables["items"][self.values["itemId"]]

    def _take_unit(self, code: str) -> None:
        found = self.ctx.find("unitsOfMeasure", code=code)
        self.values["unitOfMeasureCode"] = code
        self.values["unitOfMeasureId"] = found[0]["id"] if found and code else ZERO_GUID

    def _take_tax(self, group: str) -> None:
        item = self.ctx.get("items", self.values["itemId"])
        identifier, percent = tax_of(self.ctx, self.kind, self.header, group, item)
        self.values |= {TAX_GROUP: group, "taxCode": identifier, "taxPercent": percent}

    def _needs_object(self) -> None:
        if self.values["lineType"] == "Comment":
            raise field_error(f"Type must have a value in {self.kind.table}. It cannot be empty.")

    def _not_moved(self, what: str) -> None:
        if self.values.get(self.kind.done):
            raise field_error(f"{what} cannot change: {self.kind.done} must be equal to '0'.")


def _is_part(value: Decimal, whole: Decimal) -> bool:
    """Not more than ``whole`` and of its sign: returns have negative quantities."""
    return value * whole >= 0 and abs(value) <= abs(whole)
