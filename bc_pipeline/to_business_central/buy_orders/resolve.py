"""Which vendor and which items a buy order means (mapping.md 8.2, step 1). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked, BuyOrder, BuyOrderLine

OnLineError = Literal["block", "partial"]


@dataclass(frozen=True)
class Vendor:
    """A vendor of Business Central; ``currency`` None means the company's own."""

    id: str
    number: str
    name: str
    blocked: bool = False
    currency: str | None = None


@dataclass(frozen=True)
class Item:
    """An item of Business Central.

    Args:
        purchase_unit: where the tenant's item page shows one.
        units: how many of Optiply's units make one of each unit, by unit code.
        uncounted: why that is not known; None when it is.
    """

    id: str
    number: str
    base_unit: str | None = None
    purchase_unit: str | None = None
    blocked: bool = False
    purchasing_blocked: bool = False
    units: Mapping[str, Decimal] = field(default_factory=dict)
    uncounted: str | None = None


@dataclass(frozen=True)
class Supplier:
    """A supplier of Optiply.

    Args:
        label: what the buyer calls it.
        linked: it carries a remote id.
        vendor: the vendor that means; None when Business Central has none.
    """

    label: str
    linked: bool
    vendor: Vendor | None = None


@dataclass(frozen=True)
class Product:
    """A product of Optiply; as ``Supplier``. ``variant_id`` is set where it stands for one variant,
    ``variant_gone`` when Business Central does not have that one any more."""

    label: str
    linked: bool
    sku: str | None = None
    item: Item | None = None
    variant_id: str | None = None
    variant_gone: bool = False


@dataclass(frozen=True)
class Catalogue:
    """What is known about the suppliers and products of the orders at hand, by Optiply id."""

    suppliers: Mapping[int, Supplier] = field(default_factory=dict)
    products: Mapping[int, Product] = field(default_factory=dict)


@dataclass(frozen=True)
class ResolvedLine:
    """A line and the item it orders."""

    line: BuyOrderLine
    product: Product
    item: Item


@dataclass(frozen=True)
class Resolved:
    """An order that can be written; ``left_out`` says why lines were left behind."""

    order: BuyOrder
    vendor: Vendor
    lines: tuple[ResolvedLine, ...]
    left_out: tuple[str, ...] = ()


def resolve(order: BuyOrder, catalogue: Catalogue, on_line_error: OnLineError) -> Resolved:
    """The order with its vendor and items, lines sorted by SKU (mapping.md 8.4).

    Raises:
        Blocked: the vendor or a line is not known or not to be bought from; with ``partial`` only
            when no line is left.
    """
    vendor = _vendor(catalogue, order)
    lines: list[ResolvedLine] = []
    problems: list[Blocked] = []
    for line in order.ordered:
        try:
            lines.append(_line(line, catalogue.products.get(line.product_id)))
        except Blocked as problem:
            problems.append(problem)
    if problems and (on_line_error == "block" or not lines):
        raise _together(problems)
    if not lines:
        raise Blocked("nothing_ordered", "the buy order has no line with a quantity")
    lines.sort(key=lambda x: (x.product.sku or x.item.number, x.line.id))
    return Resolved(order, vendor, tuple(lines), tuple(p.message for p in problems))


def _vendor(catalogue: Catalogue, order: BuyOrder) -> Vendor:
    if order.supplier_id is None:
        raise Blocked("supplier_not_linked", "the buy order has no supplier")
    supplier = catalogue.suppliers.get(order.supplier_id)
    if supplier is None:
        raise Blocked(
            "supplier_not_linked", f"supplier {order.supplier_id} does not exist in Optiply"
        )
    if not supplier.linked:
        raise Blocked(
            "supplier_not_linked",
            f"supplier {supplier.label} is not linked to a vendor of Business Central",
        )
    if supplier.vendor is None:
        raise Blocked(
            "vendor_not_found",
            f"supplier {supplier.label} is linked to a vendor that Business Central does not have",
        )
    if supplier.vendor.blocked:
        raise Blocked(
            "vendor_blocked",
            f"vendor {supplier.vendor.number} ({supplier.vendor.name}) is blocked in "
            "Business Central",
        )
    return supplier.vendor


def _line(line: BuyOrderLine, product: Product | None) -> ResolvedLine:
    if product is None:
        raise Blocked("product_not_linked", f"product {line.product_id} does not exist in Optiply")
    if not product.linked:
        raise Blocked(
            "product_not_linked",
            f"product {product.label} is not linked to an item of Business Central",
        )
    if product.item is None or product.variant_gone:
        missing = "a variant" if product.item else "an item"
        raise Blocked(
            "item_not_found",
            f"product {product.label} is linked to {missing} that Business Central does not have",
        )
    if product.item.blocked or product.item.purchasing_blocked:
        how = "blocked" if product.item.blocked else "blocked for purchasing"
        raise Blocked("item_blocked", f"item {product.item.number} is {how} in Business Central")
    if product.item.base_unit is None:
        raise Blocked("item_without_unit", f"item {product.item.number} has no base unit")
    if product.item.uncounted is not None:
        raise Blocked("quantity_not_known", product.item.uncounted)
    return ResolvedLine(line, product, product.item)


def _together(problems: list[Blocked]) -> Blocked:
    """One reason for the order: the first class, every message once."""
    messages = dict.fromkeys(problem.message for problem in problems)
    return Blocked(problems[0].error_class, "; ".join(messages))
