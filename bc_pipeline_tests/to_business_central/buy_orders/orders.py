"""Hand-made buy orders, vendors and items for tests of the pure parts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bc_pipeline.optiply.client import Record
from bc_pipeline.to_business_central.buy_orders.buy_order import BuyOrder, buy_order
from bc_pipeline.to_business_central.buy_orders.payload import Request, Terms, request
from bc_pipeline.to_business_central.buy_orders.resolve import (
    Catalogue,
    Item,
    Product,
    Supplier,
    Vendor,
    resolve,
)

VENDOR = Vendor("v-1", "10000", "London Postmaster")
TERMS = Terms(ZoneInfo("Europe/Amsterdam"), date(2026, 6, 10), local_currency="EUR")
PLACED = "2026-06-10T08:00:00Z"


def item(number: str, **values: Any) -> Item:
    """An item counted in pieces, with a box of twelve."""
    given = {"base_unit": "PCS", "units": {"PCS": Decimal(1), "BOX": Decimal(12)}, **values}
    return Item(f"i-{number}", number, **given)


def product(number: str, **values: Any) -> Product:
    """A product linked to the item of the same number."""
    return Product(f"{number} 'Name'", True, sku=number, **{"item": item(number), **values})


def catalogue(**products: Product) -> Catalogue:
    """Supplier 7 is the vendor; product 1 is A, product 2 is B, unless given otherwise."""
    known = {1: product("A"), 2: product("B")}
    known |= {int(name.removeprefix("p")): value for name, value in products.items()}
    return Catalogue({7: Supplier("'London'", True, VENDOR)}, known)


def order(*lines: tuple[int, int, str], **attributes: Any) -> BuyOrder:
    """Buy order 77; lines are (product, quantity, subtotal), with ids 701, 702, ..."""
    given = {
        "supplierId": 7,
        "placed": PLACED,
        "totalValue": "0.00",
        "createdFromPublicApi": False,
        **attributes,
    }
    found = [
        Record(700 + n, {"productId": p, "quantity": q, "subtotalValue": s, "buyOrderId": 77})
        for n, (p, q, s) in enumerate(lines or ((1, 10, "25.00"),), start=1)
    ]
    return buy_order(Record(77, given), found)


def made(
    buy_order: BuyOrder, terms: Terms = TERMS, known: Catalogue | None = None, **partial: Any
) -> Request:
    """What it becomes."""
    return request(resolve(buy_order, known or catalogue(), partial.get("on", "block")), terms)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
