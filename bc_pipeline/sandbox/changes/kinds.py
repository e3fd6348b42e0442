"""The kinds of documents, and what each calls what all of them have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of document: where it stands and what its price is called."""

    headers: str
    lines: str
    price: str
    party: str

    @property
    def is_purchase(self) -> bool:
        """Whether goods come in through it."""
        return self.party == "vendor"

    @property
    def table(self) -> str:
        """What its lines are called in Business Central."""
        return "Purchase Line" if self.is_purchase else "Sales Line"

    @property
    def parties(self) -> str:
        """Entity set of those it is made for."""
        return f"{self.party}s"

    @property
    def address(self) -> str:
        """What properties with the address of its vendor or customer begin with."""
        return "buyFrom" if self.is_purchase else "sellTo"

    @property
    def done(self) -> str:
        """What came or went of an order line."""
        return "receivedQuantity" if self.is_purchase else "shippedQuantity"

    @property
    def to_handle(self) -> str:
        """What the next posting of an order line moves."""
        return "receiveQuantity" if self.is_purchase else "shipQuantity"

    @property
    def day(self) -> str:
        """When the goods of a line come or go."""
        return "expectedReceiptDate" if self.is_purchase else "shipmentDate"


SALES_ORDER = Kind("salesOrders", "salesOrderLines", "unitPrice", "customer")
SALES_INVOICE = Kind("salesInvoices", "salesInvoiceLines", "unitPrice", "customer")
SALES_CREDIT_MEMO = Kind("salesCreditMemos", "salesCreditMemoLines", "unitPrice", "customer")
SALES_SHIPMENT = Kind("salesShipments", "salesShipmentLines", "unitPrice", "customer")
PURCHASE_ORDER = Kind("purchaseOrders", "purchaseOrderLines", "directUnitCost", "vendor")
PURCHASE_INVOICE = Kind("purchaseInvoices", "purchaseInvoiceLines", "unitCost", "vendor")
PURCHASE_RECEIPT = Kind("purchaseReceipts", "purchaseReceiptLines", "unitCost", "vendor")
