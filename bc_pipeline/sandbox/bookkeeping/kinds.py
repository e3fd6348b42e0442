"""The kinds of documents, and what each calls what all of them have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Side:
    """What all documents of sales, or all of purchases, have in common.

    Attributes:
        party: whom they are made for; also their own properties about it begin so.
        table: what their lines are called in Business Central.
        address: what properties with the address of the party begin with.
        done: what came or went of an order line.
        to_handle: what the next posting of an order line moves.
        day: when the goods of a line come or go.
    """

    party: str
    table: str
    address: str
    done: str
    to_handle: str
    day: str


@dataclass(frozen=True)
class Kind(Side):
    """One kind of document: where it stands, what its price is called, and its number series."""

    headers: str
    lines: str
    price: str
    series: str

    @property
    def is_purchase(self) -> bool:
        """Whether goods come in through it."""
        return self.party == "vendor"

    @property
    def parties(self) -> str:
        """Entity set of those it is made for."""
        return f"{self.party}s"


_SALES = Side("customer", "Sales Line", "sellTo", "shippedQuantity", "shipQuantity", "shipmentDate")
_PURCHASES = Side(
    "vendor",
    "Purchase Line",
    "buyFrom",
    "receivedQuantity",
    "receiveQuantity",
    "expectedReceiptDate",
)


def _kind(side: Side, document: str, series: str, price: str) -> Kind:
    """The kind of document whose entity set is called ``document`` and an s."""
    return Kind(
        **vars(side), headers=f"{document}s", lines=f"{document}Lines", price=price, series=series
    )


SALES_ORDER = _kind(_SALES, "salesOrder", "sales order", "unitPrice")
SALES_INVOICE = _kind(_SALES, "salesInvoice", "sales invoice", "unitPrice")
SALES_CREDIT_MEMO = _kind(_SALES, "salesCreditMemo", "sales credit memo", "unitPrice")
SALES_SHIPMENT = _kind(_SALES, "salesShipment", "sales shipment", "unitPrice")
PURCHASE_ORDER = _kind(_PURCHASES, "purchaseOrder", "purchase order", "directUnitCost")
PURCHASE_INVOICE = _kind(_PURCHASES, "purchaseInvoice", "purchase invoice", "unitCost")
PURCHASE_RECEIPT = _kind(_PURCHASES, "purchaseReceipt", "purchase receipt", "unitCost")
