"""What purchase orders and sales orders share (rules.md 3, 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.documents import lines_of
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.business_central.rules.document_headers import (
    ADDRESS,
    HeaderWrite,
    Party,
)
from bc_pipeline.sandbox.business_central.rules.document_totals import discount_invoice
from bc_pipeline.sandbox.business_central.rules.references import check_id
from bc_pipeline.sandbox.business_central.writes import (
    Action,
    EntityRules,
    Parent,
    WriteContext,
)
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.odata_errors import BcError, dialog, field_error

# On POST these are applied after everything else (3.5, 3.7).
AFTER_INSERT = ("orderDate", "postingDate", "shipTo")
# Computed from the lines whatever is sent (3.14, 11.5).
IGNORED = {"fullyReceived", "fullyShipped"}


def not_open(kind: Kind, header: Row) -> BcError:
    """400: the status of an order forbids the change (3.12)."""
    table = kind.table.replace("Line", "Header")
    return field_error(
        f"Status must be equal to 'Open' in {table}: Document Type=Order, No.={header['number']}. "
        "Current value is 'Released'."
    )


@dataclass(frozen=True)
class Orders(EntityRules):
    """Orders in all states; one that is invoiced in full is gone.

    Attributes:
        kind, party: which documents, and for whom.
        series: numbers them.
        wanted: property with the day goods are wanted.
        start: further values a new order starts with.
        posting: name and function of the action that posts it.
    """

    kind: Kind
    party: Party
    series: str
    wanted: str
    start: Mapping[str, object]
    posting: tuple[str, Action]

    @property
    def actions(self) -> Mapping[str, Action]:
        """The one that posts."""
        name, action = self.posting
        return {f"Microsoft.NAV.{name}": action}

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: a Draft order with the next number, filled from its vendor or customer."""
        self.party.check_given(given)
        header = ctx.insert(
            self.kind.headers,
            {
                "number": ctx.next_number(self.series),
                "orderDate": ctx.today,
                "postingDate": ctx.today,
                "status": "Draft",
                "discountAppliedBeforeTax": True,
                **self.start,
            },
        )
        write = _OrderWrite(ctx, self, header, given)
        last = [name for name in given if name.startswith(AFTER_INSERT)]
        for name in [*(n for n in given if n not in last), *last]:
            if name in last and name.startswith("shipTo") and not given[name]:
                continue  # only non-blank values override the address that was copied (3.7)
            write.apply(name)
        return write.save()

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH: the day goods are wanted goes on to the lines (3.8)."""
        write = _OrderWrite(ctx, self, row, given)
        for name in given:
            write.apply(name)
        return write.save()

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE: header and lines, unless goods were moved that are not invoiced (3.16)."""
        for line in lines_of(ctx.company, self.kind, row["id"]):
            if abs(line[self.kind.done]) > abs(line["invoicedQuantity"]):
                raise dialog(
                    f"{self.kind.done} of line {line['sequence']} is not invoiced yet: the order "
                    "cannot be deleted."
                )
        ctx.delete(self.kind.headers, row)


class _OrderWrite(HeaderWrite):
    def __init__(self, ctx: WriteContext, rules: Orders, header: Row, given: Row) -> None:
        super().__init__(ctx, rules.kind, rules.party, header, given)
        self.wanted = rules.wanted

    def apply(self, name: str) -> None:
        value = self.given[name]
        if name in IGNORED or value == self.values[name]:
            return
        # What may change on an order that is no longer Draft (3.12).
        free = {"orderDate", "postingDate", self.wanted}
        if self.header["status"] != "Draft" and name not in free:
            raise not_open(self.kind, self.header)
        if name == "paymentTermsId":
            check_id(self.ctx, "paymentTerms", value, "Payment Terms")
            self.values[name] = value
        elif name == "shipmentMethodId":
            check_id(self.ctx, "shipmentMethods", value, "Shipment Method")
            self.values[name] = value
        elif name == self.wanted:
            self.values[name] = value
            self._pass_on_date(value)
        elif name == "discountAmount":
            self._discount(value)
        else:
            super().apply(name)

    def save(self) -> Row:
        """One address for both roles: that of the vendor or customer is the payer's too (3.4)."""
        if self.values[self.party.main.by_id] == self.values[self.party.payer.by_id]:
            own, payer = self.party.address, self.party.payer_address
            self.values |= {f"{payer}{part}": self.values[f"{own}{part}"] for part in ADDRESS}
        return super().save()

    def _pass_on_date(self, value: str) -> None:
        for line in lines_of(self.ctx.company, self.kind, self.header["id"]):
            if line["lineType"] == "Item" and line[self.kind.done] < line["quantity"]:
                changed: Row = {self.kind.day: value}
                self.ctx.modify(self.kind.lines, line, **changed)

    def _discount(self, amount: Decimal) -> None:
        self.values |= discount_invoice(self.ctx, self.kind, self.header, amount)
