"""Rules of ``purchaseOrders`` (rules.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bc_pipeline.sandbox.business_central.company import Row
from bc_pipeline.sandbox.business_central.errors import dialog, field_error
from bc_pipeline.sandbox.business_central.rules.order_posting import receive_and_invoice
from bc_pipeline.sandbox.business_central.rules.purchase_headers import (
    ADDRESS,
    HeaderWrite,
    check_vendor_given,
)
from bc_pipeline.sandbox.business_central.rules.purchase_totals import discount_invoice
from bc_pipeline.sandbox.business_central.rules.references import check_id
from bc_pipeline.sandbox.business_central.writes import (
    RULES,
    Action,
    EntityRules,
    Parent,
    WriteContext,
)
from bc_pipeline.sandbox.changes.documents import PURCHASE_ORDER, lines_of

# On POST these are applied after everything else (3.5, 3.7).
AFTER_INSERT = ("orderDate", "postingDate", "shipTo")
# What may change on an order that is no longer Draft (3.12).
FREE_OF_STATUS = {"orderDate", "postingDate", "requestedReceiptDate"}
# Computed from the lines whatever is sent (3.14).
IGNORED = {"fullyReceived"}


class PurchaseOrders(EntityRules):
    """Orders in all states; one the vendor invoiced in full is gone."""

    @property
    def actions(self) -> Mapping[str, Action]:
        """``receiveAndInvoice``."""
        return {"Microsoft.NAV.receiveAndInvoice": receive_and_invoice}

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: a Draft order with the next number, filled from its vendor."""
        check_vendor_given(given)
        header = ctx.insert(
            "purchaseOrders",
            {
                "number": ctx.next_number("purchase order"),
                "orderDate": ctx.today,
                "postingDate": ctx.today,
                "status": "Draft",
                "discountAppliedBeforeTax": True,
            },
        )
        write = _OrderWrite(ctx, PURCHASE_ORDER, header, given)
        last = [name for name in given if name.startswith(AFTER_INSERT)]
        for name in [*(n for n in given if n not in last), *last]:
            if name in last and name.startswith("shipTo") and not given[name]:
                continue  # only non-blank values override the company's address (3.7)
            write.apply(name)
        return write.save()

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH: a requested receipt date goes on to the lines (3.8)."""
        write = _OrderWrite(ctx, PURCHASE_ORDER, row, given)
        for name in given:
            write.apply(name)
        return write.save()

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE: header and lines, unless goods came in that are not invoiced (3.16)."""
        for line in lines_of(ctx.company, PURCHASE_ORDER, row["id"]):
            if line["receivedQuantity"] > line["invoicedQuantity"]:
                raise dialog(
                    f"Order line {line['sequence']} has been received but not invoiced and cannot "
                    "be deleted."
                )
        ctx.delete("purchaseOrders", row)


class _OrderWrite(HeaderWrite):
    def apply(self, name: str) -> None:
        value = self.given[name]
        if name in IGNORED or value == self.values[name]:
            return
        if self.header["status"] != "Draft" and name not in FREE_OF_STATUS:
            raise field_error(
                f"Status must be equal to 'Open' in Purchase Header: Document Type=Order, "
                f"No.={self.header['number']}. Current value is 'Released'."
            )
        match name:
            case "paymentTermsId":
                check_id(self.ctx, "paymentTerms", value, "Payment Terms")
                self.values[name] = value
            case "shipmentMethodId":
                check_id(self.ctx, "shipmentMethods", value, "Shipment Method")
                self.values[name] = value
            case "requestedReceiptDate":
                self.values[name] = value
                self._pass_on_date(value)
            case "discountAmount":
                self._discount(value)
            case _:
                super().apply(name)

    def save(self) -> Row:
        """One address for both roles: the buy-from address is the pay-to address too (3.4)."""
        if self.values["vendorId"] == self.values["payToVendorId"]:
            same = {f"payTo{part}": self.values[f"buyFrom{part}"] for part in ADDRESS}
            self.values |= same
        return super().save()

    def _pass_on_date(self, value: str) -> None:
        for line in lines_of(self.ctx.company, PURCHASE_ORDER, self.header["id"]):
            if line["lineType"] == "Item" and line["receivedQuantity"] < line["quantity"]:
                self.ctx.modify("purchaseOrderLines", line, expectedReceiptDate=value)

    def _discount(self, amount: Decimal) -> None:
        self.values |= discount_invoice(self.ctx, PURCHASE_ORDER, self.header, amount)


RULES["purchaseOrders"] = PurchaseOrders()
