"""Buy orders as a user of Optiply's own screens makes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.optiply.store import Shop
from bc_pipeline.sandbox.optiply.values import utc_text

LINES = 2
PIECES = 12
OPEN = "_x0020_"
"""A vendor that is not blocked, as Business Central says it."""


@dataclass(frozen=True)
class Ordered:
    """A buy order as a user made it in Optiply."""

    id: int
    supplier: str
    lines: int


def order_in_optiply(shop: Shop, company: Company, pieces: int = PIECES) -> Ordered:
    """Order the first goods of a supplier, as a user of Optiply's own screens would.

    Args:
        shop: the tenant's account.
        company: what can be bought in its Business Central.
        pieces: of each product.

    Raises:
        ValueError: no supplier there sells two products that may be bought; nothing was synced yet.
    """
    supplier, offers = _supplier_with_goods(shop, company)
    lines = [
        {
            "productId": offer["productId"],
            "quantity": pieces,
            "subtotalValue": str(pieces * Decimal(str(offer["price"] or 1))),
        }
        for offer in offers[:LINES]
    ]
    total = sum(Decimal(line["subtotalValue"]) for line in lines)
    order = shop.add_by_user(
        "buyOrders",
        {
            "supplierId": supplier["id"],
            "placed": utc_text(shop.clock()),
            "totalValue": str(total),
            "orderLines": lines,
        },
    )
    return Ordered(order["id"], supplier["name"], len(lines))


def company_of(shop: Shop, companies: Iterable[Company]) -> Company:
    """The company whose items a shop sells.

    Raises:
        ValueError: the shop has none of any of them; nothing was synced yet.
    """
    sold = {row["remoteId"] for row in shop.rows("products")}
    for company in companies:
        if sold & {row["id"] for row in company.tables["items"].values()}:
            return company
    raise ValueError(f"{shop.name} has no products of Business Central yet: sync it first")


def _supplier_with_goods(shop: Shop, company: Company) -> tuple[Row, list[Row]]:
    """A supplier that sells two products, all of which Business Central lets us buy: the same ones
    whatever order they came to Optiply in."""
    items = {row["id"] for row in company.tables["items"].values() if _can_be_bought(row)}
    vendors = {row["id"] for row in company.tables["vendors"].values() if row["blocked"] == OPEN}
    products = {row["id"] for row in shop.rows("products") if row["remoteId"] in items}
    offered = sorted(shop.rows("supplierProducts"), key=_remote_id)
    for supplier in sorted(shop.rows("suppliers"), key=_remote_id):
        offers = [
            row
            for row in offered
            if row["supplierId"] == supplier["id"] and row["productId"] in products
        ]
        if supplier["remoteId"] in vendors and len(offers) >= LINES:
            return supplier, offers
    raise ValueError(f"{shop.name} has no supplier of two products yet: sync it first")


def _remote_id(row: Row) -> str:
    return row["remoteId"] or ""


def _can_be_bought(item: Row) -> bool:
    return not item["blocked"] and not item.get("#purchasingBlocked")
