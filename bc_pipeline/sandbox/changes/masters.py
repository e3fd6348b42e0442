"""Changes of items and vendors (rules.md 2, 10).

What the API does not show of an item card - vendor, lead time, quantities - is kept on the item
row under names starting with ``#``; published item pages are made from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.documents import Refused, decimal, resolve
from bc_pipeline.sandbox.bookkeeping.items import adjust_stock, check_adjustable, is_used
from bc_pipeline.sandbox.bookkeeping.numbers import next_number
from bc_pipeline.sandbox.company.company import Company, Row

BLOCK_KINDS = ("Payment", "All")
CUSTOMER_BLOCK_KINDS = ("Ship", "Invoice", "All")
# Parameters of new_item and change_item_card -> where the item row keeps them.
CARD = {
    "vendor": "#vendorNumber",
    "vendor_item": "#vendorItemNumber",
    "lead_time": "#leadTime",
    "minimum_order_quantity": "#minimumOrderQuantity",
    "order_multiple": "#orderMultiple",
    "purchasing_blocked": "#purchasingBlocked",
    "last_direct_cost": "#lastDirectCost",
}


def move_stock(
    company: Company, *, item: str, quantity: object, location: str = "", variant: str = ""
) -> Row:
    """A stock adjustment: a ledger entry, the item's row stays as it is (behaviour.md 3.2).

    Args:
        quantity: signed, in the base unit.
    """
    row = resolve(company, "items", item)
    amount = decimal(quantity)
    check_adjustable(row, amount)
    if location:
        resolve(company, "locations", location)
    if variant and not company.find("itemVariants", itemId=row["id"], code=variant):
        raise Refused(f"item {row['number']} has no variant {variant}")
    return adjust_stock(company, row, amount, location, variant)


def new_item(
    company: Company,
    *,
    name: str,
    number: str | None = None,
    unit: str = "PCS",
    price: object = 0,
    cost: object = 0,
    category: str = "",
    gtin: str = "",
    type: str = "Inventory",
    **card: object,
) -> Row:
    """A new item without stock; ``card`` takes the names of :data:`CARD`."""
    number = number or next_number(company, "item")
    if company.find("items", number=number):
        raise Refused(f"item {number} exists")
    category_id = resolve(company, "itemCategories", category)["id"] if category else None
    return company.insert(
        "items",
        {
            "number": number,
            "displayName": name,
            "type": type,
            "itemCategoryId": category_id,
            "itemCategoryCode": category,
            "gtin": gtin,
            "unitPrice": decimal(price),
            "unitCost": decimal(cost),
            "baseUnitOfMeasureCode": unit,
            "#units": {unit: Decimal(1)},
            "#purchaseUnit": unit,
            **company.settings.templates.get("items", {}),
            **_card_values(company, card),
        },
    )


def new_variant(company: Company, *, item: str, code: str, description: str) -> Row:
    """A new variant; the item's row stays as it is (mapping.md 0)."""
    row = resolve(company, "items", item)
    if company.find("itemVariants", itemId=row["id"], code=code):
        raise Refused(f"item {row['number']} has a variant {code}")
    return company.insert(
        "itemVariants",
        {
            "itemId": row["id"],
            "itemNumber": row["number"],
            "code": code,
            "description": description,
        },
    )


def rename_item(company: Company, *, item: str, name: str) -> Row:
    """Another description."""
    return company.modify("items", resolve(company, "items", item)["id"], displayName=name)


def change_price(company: Company, *, item: str, price: object) -> Row:
    """Another sales price."""
    return company.modify("items", resolve(company, "items", item)["id"], unitPrice=decimal(price))


def change_gtin(company: Company, *, item: str, gtin: str) -> Row:
    """Another bar code: digits only, at most 14 (rules.md 10.9)."""
    if len(gtin) > 14 or not (gtin.isdecimal() or not gtin):
        raise Refused(f"{gtin!r} is no GTIN")
    return company.modify("items", resolve(company, "items", item)["id"], gtin=gtin)


def block_item(company: Company, *, item: str) -> Row:
    """Blocks an item for everything."""
    row = resolve(company, "items", item)
    if row["blocked"]:
        raise Refused(f"item {row['number']} is blocked already")
    return company.modify("items", row["id"], blocked=True, **{"#wasActive": True})


def unblock_item(company: Company, *, item: str) -> Row:
    """Takes the block off."""
    row = resolve(company, "items", item)
    if not row["blocked"]:
        raise Refused(f"item {row['number']} is not blocked")
    return company.modify("items", row["id"], blocked=False)


def change_item_type(company: Company, *, item: str, type: str) -> Row:
    """Inventory, Service or Non_x002D_Inventory. Raises Refused once the item was used
    (rules.md 10.7)."""
    row = resolve(company, "items", item)
    if is_used(company, row):
        raise Refused(f"item {row['number']} has entries or documents")
    return company.modify("items", row["id"], type=type)


def change_item_card(company: Company, *, item: str, **card: object) -> Row:
    """Other purchasing data on the item card: the names of :data:`CARD`."""
    row = resolve(company, "items", item)
    return company.modify("items", row["id"], **_card_values(company, card))


def change_main_vendor(company: Company, *, item: str, vendor: str) -> Row:
    """Another main vendor on the item card."""
    return change_item_card(company, item=item, vendor=vendor)


def delete_item(company: Company, *, item: str) -> Row:
    """Deletes an item with its variants. Raises Refused while ledger entries, documents or a
    bill of materials use it (rules.md 10.10)."""
    row = resolve(company, "items", item)
    if is_used(company, row):
        raise Refused(f"item {row['number']} has entries or documents")
    for variant in company.find("itemVariants", itemId=row["id"]):
        company.delete("itemVariants", variant["id"])
    return company.delete("items", row["id"])


def new_vendor(
    company: Company,
    *,
    name: str,
    number: str | None = None,
    email: str = "",
    currency: str = "",
    blocked: str = "_x0020_",
) -> Row:
    """A new vendor; ``currency`` blank for the local one."""
    found = company.find("currencies", code=currency) if currency else []
    return company.insert(
        "vendors",
        {
            "number": number or next_number(company, "vendor"),
            "displayName": name,
            "email": email,
            "blocked": blocked,
            "currencyCode": currency,
            "currencyId": found[0]["id"] if found else None,
            **company.settings.templates.get("vendors", {}),
        },
    )


def rename_vendor(company: Company, *, vendor: str, name: str) -> Row:
    """Another name; documents keep the old one."""
    return company.modify("vendors", resolve(company, "vendors", vendor)["id"], displayName=name)


def change_vendor_email(company: Company, *, vendor: str, email: str) -> Row:
    """Other addresses; Business Central takes several, at most 80 characters."""
    return company.modify("vendors", resolve(company, "vendors", vendor)["id"], email=email)


def block_vendor(company: Company, *, vendor: str, kind: str = "All") -> Row:
    """Blocks a vendor for Payment or All (rules.md 2.4)."""
    return _block(company, "vendors", vendor, kind, BLOCK_KINDS)


def unblock_vendor(company: Company, *, vendor: str) -> Row:
    """Takes the block off."""
    return _unblock(company, "vendors", vendor)


def block_customer(company: Company, *, customer: str, kind: str = "All") -> Row:
    """Blocks a customer for Ship, Invoice or All (rules.md 1.4)."""
    return _block(company, "customers", customer, kind, CUSTOMER_BLOCK_KINDS)


def unblock_customer(company: Company, *, customer: str) -> Row:
    """Takes the block off."""
    return _unblock(company, "customers", customer)


def _block(company: Company, entity_set: str, party: str, kind: str, kinds: Sequence[str]) -> Row:
    row = resolve(company, entity_set, party)
    if kind not in kinds or row["blocked"] == kind:
        raise Refused(f"{entity_set[:-1]} {row['number']} cannot become blocked for {kind}")
    return company.modify(entity_set, row["id"], blocked=kind)


def _unblock(company: Company, entity_set: str, party: str) -> Row:
    row = resolve(company, entity_set, party)
    if row["blocked"] == "_x0020_":
        raise Refused(f"{entity_set[:-1]} {row['number']} is not blocked")
    return company.modify(entity_set, row["id"], blocked="_x0020_")


def clear_posting_groups(company: Company, *, item: str) -> Row:
    """Leaves an item without posting groups, as one that was made without a configuration
    template: no document can be made with it (rules.md 0.9, 10.1)."""
    return company.modify(
        "items",
        resolve(company, "items", item)["id"],
        generalProductPostingGroupCode="",
        inventoryPostingGroupCode="",
    )


def delete_vendor(company: Company, *, vendor: str) -> Row:
    """Deletes a vendor. Raises Refused while documents or entries are theirs (rules.md 2.7).

    Item cards that name the vendor keep the number, as Business Central leaves them.
    """
    row = resolve(company, "vendors", vendor)
    if any(
        company.find(entity_set, vendorNumber=row["number"])
        for entity_set in ("purchaseOrders", "purchaseInvoices", "purchaseReceipts")
    ):
        raise Refused(f"vendor {row['number']} has documents")
    return company.delete("vendors", row["id"])


def _card_values(company: Company, card: dict[str, object]) -> Row:
    values: Row = {}
    for name, value in card.items():
        if name not in CARD:
            raise Refused(f"the item card has no {name}")
        if name == "vendor":
            value = resolve(company, "vendors", str(value))["number"]
        elif name in ("minimum_order_quantity", "order_multiple", "last_direct_cost"):
            value = decimal(value)
        values[CARD[name]] = value
    return values
