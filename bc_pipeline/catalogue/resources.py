"""The Optiply resources we write, declared once: attributes, how each is sent, what identifies a
row, and what happens to a row the source no longer has (optiply.md 6, flows.md 6).
"""

from __future__ import annotations

from dataclasses import dataclass

from bc_pipeline.catalogue import sell_order_source
from bc_pipeline.catalogue.attribute_kinds import ATTRIBUTE_KINDS, AttributeKind, KindName
from bc_pipeline.catalogue.task import Need, Needs


@dataclass(frozen=True)
class Attribute:
    """One attribute of a resource.

    Args:
        name: Optiply's name.
        kind: how it is kept, compared and sent.
        required: a POST without it is refused, so we wait until it is known.
        clearable: losing its value in the source sends an explicit null once (mapping.md 1.7).
        null_counts: "no value" is a value of the source (an order that is not completed), so an
            adopted row that has one is cleared.
        post_only: never part of a PATCH.
        only_on_change: sent in a PATCH only when our own last value differs; a user may have
            changed it in Optiply meanwhile (mapping.md 2, 3).
        users_too: people set it in Optiply as well; another value there is theirs, no mistake.
        confirm: POST may drop it silently; compare with the answer, PATCH if it did not stick.
    """

    name: str
    kind: KindName
    required: bool = False
    clearable: bool = False
    null_counts: bool = False
    post_only: bool = False
    only_on_change: bool = False
    users_too: bool = False
    confirm: bool = False

    @property
    def form(self) -> AttributeKind:
        """How its values are kept, compared and sent."""
        return ATTRIBUTE_KINDS[self.kind]


@dataclass(frozen=True)
class NaturalKey:
    """Attributes that tell which existing row is ours when the id map does not.

    ``interchangeable`` rows may be paired off in order when several are alike (order lines);
    otherwise a match must be the only one on both sides.
    """

    attributes: tuple[str, ...]
    interchangeable: bool = False


@dataclass(frozen=True)
class Resource:
    """One Optiply resource.

    Args:
        name: table name in ``optiply.*`` and ``sync.*``.
        path: URL path and JSON:API type.
        description: for the people who read the page of its asset.
        hard: the tasks that must succeed before its rows are made.
        soft: the tasks that must only end before.
        attributes: in the order they are sent.
        natural_keys: tried in order after ``remoteIdMap`` when adopting existing rows.
        lookup: attributes to filter by when looking for the row of a POST without an answer.
        has_remote_id_map: reads show the remote ids written earlier (optiply.md 7).
        unique_pair: a second row with these values is refused with 409.
        gone: attributes to PATCH when the source lost the row; None means DELETE.
        create_only: never PATCHed (mapping.md 4.1).
        repost_on_404: a 404 on PATCH means "POST it again" instead of looking it up first.
        replace_key: key in ``extra`` whose change means DELETE and create again (flows.md 3).
        children: resources Optiply deletes along, with the attribute pointing at us.
        lines: resource whose rows decide whether two orders are the same one.
        account_attribute: POST repeats accountId as an attribute (optiply.md 6).
        patient: records may wait long; their mapping tells when it is too long.
        mapping_version: part of the content hash (flows.md 2); raise it to send all anew.
        newest_first: attribute to order creation by, newest first (flows.md 3).
        stock: of the tasks it needs, those that are terms of its stock: read together, and where
            only stock moved, what hangs on the resource has nothing to look at.
        stock_alone: of these, the ones it takes nothing but stock of.
        looks_at_day: its rows depend on today's date.
    """

    name: str
    path: str
    description: str
    attributes: tuple[Attribute, ...]
    natural_keys: tuple[NaturalKey, ...]
    lookup: tuple[str, ...]
    hard: Needs = ()
    soft: Needs = ()
    has_remote_id_map: bool = False
    unique_pair: tuple[str, str] | None = None
    gone: tuple[tuple[str, object], ...] | None = None
    create_only: bool = False
    repost_on_404: bool = False
    replace_key: str | None = None
    children: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, str] | None = None
    account_attribute: bool = False
    patient: bool = False
    newest_first: str | None = None
    stock: tuple[str, ...] = ()
    stock_alone: tuple[str, ...] = ()
    looks_at_day: bool = False
    mapping_version: int = 1

    def attribute(self, name: str) -> Attribute:
        """The attribute called ``name``; KeyError when there is none."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise KeyError(name)


_MONEY: Needs = ("bc/currency_exchange_rates", "bc/company_information")
_UNITS = "bc/item_units_of_measure"
_STOCK = (
    "bc/stock_by_location",
    "bc/outstanding_sales",
    "bc/sales_orders",
    "bc/inventory_by_locations",
    "bc/item_page",
)
_PURCHASES: Needs = ("bc/purchase_orders", "bc/purchase_receipts")
# Without its page Business Central tells by purchases who sells what.
_IF_NO_ITEM_PAGE = tuple(
    Need(name, lambda tenant: not tenant.business_central.item_page_name)
    for name in ("bc/purchase_orders", "bc/purchase_receipts")
)
SELL_ORDER_SOURCES: tuple[Need, ...] = (
    Need("bc/sales_orders", sell_order_source.from_orders),
    Need("bc/sales_invoices", sell_order_source.from_invoices),
    Need("bc/sales_shipments", sell_order_source.from_shipments),
)
"""What sell orders are told from."""

PRODUCTS = Resource(
    name="products",
    path="products",
    description="Items as Optiply products, with price and stock level.",
    hard=("bc/items", "bc/item_variants", "bc/locations"),
    soft=(*_STOCK, _UNITS, "bc/bom_components"),
    attributes=(
        Attribute("name", "text", required=True),
        Attribute("skuCode", "text", clearable=True),
        Attribute("articleCode", "text", clearable=True),
        Attribute("eanCode", "text", clearable=True),
        Attribute("price", "money", clearable=True),
        Attribute("stockLevel", "integer", required=True),
        Attribute("unlimitedStock", "flag", required=True),
        Attribute("status", "text"),
        Attribute("notBeingBought", "flag", only_on_change=True, users_too=True),
        Attribute("assembled", "flag"),
        Attribute("minimumStock", "decimal", clearable=True),
        Attribute("maximumStock", "decimal", clearable=True),
        Attribute("stockMeasurementUnit", "text", clearable=True),
        Attribute("createdAtRemote", "instant"),
    ),
    natural_keys=(NaturalKey(("skuCode",)),),
    lookup=("skuCode",),
    has_remote_id_map=True,
    gone=(("status", "disabled"),),
    stock=("bc/items", *_STOCK),
    stock_alone=tuple(name for name in _STOCK if name != "bc/item_page"),
)

SUPPLIERS = Resource(
    name="suppliers",
    path="suppliers",
    description="Vendors as Optiply suppliers, with the delivery time learned from their orders.",
    hard=("bc/vendors", "bc/purchase_orders"),
    attributes=(
        Attribute("name", "text", required=True),
        Attribute("emails", "texts", clearable=True),
        Attribute("deliveryTime", "integer", clearable=True, users_too=True),
        Attribute("ignored", "flag", only_on_change=True, users_too=True),
        Attribute("type", "text", post_only=True),
    ),
    natural_keys=(NaturalKey(("name",)),),
    lookup=("name",),
    has_remote_id_map=True,
    gone=(("ignored", True),),
)

SUPPLIER_PRODUCTS = Resource(
    name="supplier_products",
    path="supplierProducts",
    description=(
        "Who sells which product at which price: from the item card where the tenant publishes it, "
        "else from the purchase orders."
    ),
    hard=("optiply/products", "optiply/suppliers", "bc/item_page", *_IF_NO_ITEM_PAGE, *_MONEY),
    soft=(_UNITS, *_PURCHASES),
    attributes=(
        Attribute("name", "text", required=True),
        Attribute("productId", "integer", required=True),
        Attribute("supplierId", "integer", required=True),
        Attribute("skuCode", "text", clearable=True),
        Attribute("eanCode", "text", clearable=True),
        Attribute("price", "money", clearable=True),
        Attribute("minimumPurchaseQuantity", "integer", clearable=True),
        Attribute("lotSize", "integer", clearable=True),
        Attribute("deliveryTime", "integer", clearable=True, users_too=True),
        Attribute("preferred", "flag", confirm=True),
        Attribute("status", "text"),
    ),
    natural_keys=(NaturalKey(("supplierId", "productId")),),
    lookup=("supplierId", "productId"),
    has_remote_id_map=True,
    unique_pair=("supplierId", "productId"),
    # Another pair of the product may be preferred from now on, and one alone is (mapping.md 3.1).
    gone=(("status", "disabled"), ("preferred", False)),
    repost_on_404=True,
)

SELL_ORDERS = Resource(
    name="sell_orders",
    path="sellOrders",
    description="Sales with their lines, in the company's own currency.",
    hard=("optiply/products", *SELL_ORDER_SOURCES, *_MONEY),
    soft=(_UNITS,),
    attributes=(
        Attribute("placed", "instant", required=True),
        Attribute("completed", "instant"),
        Attribute("totalValue", "total", required=True),
        Attribute("orderLines", "lines", required=True, post_only=True),
    ),
    natural_keys=(NaturalKey(("placed", "totalValue")),),
    lookup=("placed",),
    has_remote_id_map=True,
    create_only=True,
    newest_first="placed",
    looks_at_day=True,
)

BUY_ORDERS = Resource(
    name="buy_orders",
    path="buyOrders",
    description="Open purchase orders as Optiply buy orders.",
    hard=("optiply/suppliers", "optiply/products", *_PURCHASES, *_MONEY),
    soft=(_UNITS,),
    attributes=(
        Attribute("placed", "instant", required=True),
        Attribute("totalValue", "total", required=True),
        Attribute("supplierId", "integer", required=True),
        Attribute("completed", "instant", clearable=True, null_counts=True),
        Attribute("expectedDeliveryDate", "instant", clearable=True),
        Attribute("assembly", "flag"),
    ),
    natural_keys=(NaturalKey(("supplierId", "placed"), interchangeable=True),),
    lookup=("supplierId", "placed"),
    replace_key="vendor_id",
    children=(("buy_order_lines", "buyOrderId"),),
    lines=("buyOrderLines", "buyOrderId"),
    account_attribute=True,
)

BUY_ORDER_LINES = Resource(
    name="buy_order_lines",
    path="buyOrderLines",
    description="The lines of the buy orders.",
    hard=("optiply/buy_orders",),
    attributes=(
        Attribute("buyOrderId", "integer", required=True),
        Attribute("productId", "integer", required=True),
        Attribute("quantity", "integer", required=True),
        Attribute("subtotalValue", "total", required=True),
        Attribute("expectedDeliveryDate", "instant", clearable=True),
    ),
    natural_keys=(NaturalKey(("buyOrderId", "productId", "quantity"), interchangeable=True),),
    lookup=("buyOrderId", "productId"),
    replace_key="document_id",
    children=(("receipt_lines", "buyOrderLineId"),),
)

RECEIPT_LINES = Resource(
    name="receipt_lines",
    path="receiptLines",
    description="What has been received on the lines of the buy orders.",
    hard=("optiply/buy_order_lines", "bc/purchase_receipts"),
    attributes=(
        Attribute("buyOrderLineId", "integer", required=True),
        Attribute("quantity", "integer", required=True),
        Attribute("occurred", "instant", required=True),
    ),
    natural_keys=(NaturalKey(("buyOrderLineId", "quantity", "occurred"), interchangeable=True),),
    lookup=("buyOrderLineId",),
    looks_at_day=True,
    patient=True,  # parked for 30 days (mapping.md 7)
)

PRODUCT_COMPOSITIONS = Resource(
    name="product_compositions",
    path="productCompositions",
    description="Which product is put together from which; empty for tenants without a source.",
    hard=("optiply/products", "bc/bom_components"),
    soft=(_UNITS,),
    attributes=(
        Attribute("composedProductId", "integer", required=True),
        Attribute("partProductId", "integer", required=True),
        Attribute("partQuantity", "integer", required=True),
    ),
    natural_keys=(NaturalKey(("composedProductId", "partProductId")),),
    lookup=("composedProductId", "partProductId"),
    unique_pair=("composedProductId", "partProductId"),
)

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        PRODUCTS,
        PRODUCT_COMPOSITIONS,
        SUPPLIERS,
        SUPPLIER_PRODUCTS,
        SELL_ORDERS,
        BUY_ORDERS,
        BUY_ORDER_LINES,
        RECEIPT_LINES,
    )
}
"""By table name, in the order Optiply documents for writing (flows.md 1)."""
