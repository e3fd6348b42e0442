"""Picks for changes of items and vendors."""

from __future__ import annotations

from random import Random

from bc_pipeline.sandbox.bookkeeping.items import is_used
from bc_pipeline.sandbox.changes.masters import BLOCK_KINDS
from bc_pipeline.sandbox.changes.picks import (
    DIGITS,
    EMAILS,
    NAMES,
    VENDOR_NAMES,
    Params,
    by_name,
    items,
    one,
    quantity_of,
    vendor_numbers,
)
from bc_pipeline.sandbox.company.company import Company, Row

LEAD_TIMES = ("2W", "<10D>", "1M", "3D", "", "C5D", "1M+2D")


def move_stock(company: Company, random: Random) -> Params | None:
    stocked = [row for row in items(company) if row["type"] == "Inventory" and not row["blocked"]]
    item = one(random, stocked)
    if item is None:
        return None
    places = sorted(company.stock(item["id"])) or [("", "")]
    location, variant = random.choice(places)
    quantity = quantity_of(item, random, 1, 30)
    sign = "-" if random.random() < 0.5 else ""
    return {
        "item": item["number"],
        "quantity": f"{sign}{quantity}",
        "location": location,
        "variant": variant,
    }


def transfer_stock(company: Company, random: Random) -> Params | None:
    """Some of what lies at one location, to another one."""
    codes = [row["code"] for row in company.tables["locations"].values()]
    lying = [
        (item, place, quantity)
        for item in items(company)
        if item["type"] == "Inventory" and not item["blocked"]
        for place, quantity in sorted(company.stock(item["id"]).items())
        if place[0] in codes and quantity >= 1
    ]
    if not lying or len(codes) < 2:
        return None
    item, (origin, variant), quantity = random.choice(lying)
    return {
        "item": item["number"],
        "quantity": str(random.randint(1, min(20, int(quantity)))),
        "origin": origin,
        "destination": random.choice([code for code in codes if code != origin]),
        "variant": variant,
    }


def new_item(company: Company, random: Random) -> Params:
    params: Params = {
        "name": f"{random.choice(NAMES)} {random.randint(1, 999)}",
        "unit": _common_unit(company),
        "price": f"{random.uniform(1, 200):.2f}",
        "cost": f"{random.uniform(0.5, 100):.2f}",
        "gtin": "".join(random.choices(DIGITS, k=13)) if random.random() < 0.7 else "",
        "type": "Service" if random.random() < 0.1 else "Inventory",
    }
    if _has_cards(company) and random.random() < 0.8:
        params["vendor"] = random.choice(vendor_numbers(company))
        params["lead_time"] = random.choice(LEAD_TIMES)
    return params


def new_variant(company: Company, random: Random) -> Params | None:
    item = one(random, (r for r in items(company) if r["type"] == "Inventory" and not r["blocked"]))
    if item is None:
        return None
    code = f"V{random.randint(100, 999)}"
    return {"item": item["number"], "code": code, "description": random.choice(NAMES)}


def rename_item(company: Company, random: Random) -> Params | None:
    name = f"{random.choice(NAMES)} {random.randint(1, 999)}"
    return _item(random, items(company), name=name)


def change_price(company: Company, random: Random) -> Params | None:
    return _item(random, items(company), price=f"{random.uniform(0.5, 300):.3f}")


def change_gtin(company: Company, random: Random) -> Params | None:
    gtin = "".join(random.choices(DIGITS, k=random.choice((0, 8, 13))))
    return _item(random, items(company), gtin=gtin)


def block_item(company: Company, random: Random) -> Params | None:
    return _item(random, [row for row in items(company) if not row["blocked"]])


def unblock_item(company: Company, random: Random) -> Params | None:
    # Only items that were active before: what was sold of others is part of history already.
    return _item(random, [r for r in items(company) if r["blocked"] and r.get("#wasActive")])


def change_item_type(company: Company, random: Random) -> Params | None:
    new_type = random.choice(("Service", "Non_x002D_Inventory"))
    chosen = _unused(company, random, {"Inventory"})
    return {"item": chosen["number"], "type": new_type} if chosen else None


def change_item_card(company: Company, random: Random) -> Params | None:
    changes: list[Params] = [
        {"lead_time": random.choice(LEAD_TIMES)},
        {"minimum_order_quantity": str(random.choice((0, 5, 10, "2.5")))},
        {"order_multiple": str(random.choice((0, 6, 12)))},
        {"purchasing_blocked": random.random() < 0.5},
        {"vendor_item": f"ART-{random.randint(1, 999)}"},
    ]
    return _item(random, _carded(company), **random.choice(changes))


def change_main_vendor(company: Company, random: Random) -> Params | None:
    return _item(random, _carded(company), vendor=random.choice(vendor_numbers(company)))


def delete_item(company: Company, random: Random) -> Params | None:
    chosen = _unused(company, random, {"Inventory", "Service", "Non_x002D_Inventory"})
    return {"item": chosen["number"]} if chosen else None


def new_vendor(company: Company, random: Random) -> Params:
    return {
        "name": f"{random.choice(VENDOR_NAMES)} {random.randint(1, 999)}",
        "email": random.choice(EMAILS),
    }


def rename_vendor(company: Company, random: Random) -> Params | None:
    name = f"{random.choice(VENDOR_NAMES)} {random.randint(1, 999)}"
    return _vendor(random, _vendors(company), name=name)


def change_vendor_email(company: Company, random: Random) -> Params | None:
    return _vendor(random, _vendors(company), email=random.choice(EMAILS))


def block_vendor(company: Company, random: Random) -> Params | None:
    open_ones = [v for v in _vendors(company) if v["blocked"] == "_x0020_"]
    # Someone must be left to buy from.
    if len(open_ones) < 3:
        return None
    return _vendor(random, open_ones, kind=random.choice(BLOCK_KINDS))


def unblock_vendor(company: Company, random: Random) -> Params | None:
    return _vendor(random, [v for v in _vendors(company) if v["blocked"] != "_x0020_"])


def delete_vendor(company: Company, random: Random) -> Params | None:
    on_cards = {row.get("#vendorNumber") for row in items(company)}
    documents = ("purchaseOrders", "purchaseInvoices", "purchaseReceipts")
    free = [
        v
        for v in _vendors(company)
        if v["number"] not in on_cards
        and not any(company.find(name, vendorNumber=v["number"]) for name in documents)
    ]
    return _vendor(random, free)


# -- pieces ---------------------------------------------------------------------------------------


def _item(random: Random, rows: list[Row], **params: object) -> Params | None:
    chosen = one(random, rows)
    return {"item": chosen["number"], **params} if chosen else None


def _vendor(random: Random, rows: list[Row], **params: object) -> Params | None:
    chosen = one(random, rows)
    return {"vendor": chosen["number"], **params} if chosen else None


def _vendors(company: Company) -> list[Row]:
    return list(company.tables["vendors"].values())


def _carded(company: Company) -> list[Row]:
    """Items whose card the company publishes."""
    return [row for row in items(company) if "#vendorNumber" in row]


def _has_cards(company: Company) -> bool:
    return any("#vendorNumber" in row for row in company.tables["items"].values())


def _unused(company: Company, random: Random, types: set[str]) -> Row | None:
    rows = [row for row in items(company) if row["type"] in types]
    for row in random.sample(rows, min(len(rows), 300)):
        if not is_used(company, row):
            return row
    return None


def _common_unit(company: Company) -> str:
    counts: dict[str, int] = {}
    for row in company.tables["items"].values():
        unit = row["baseUnitOfMeasureCode"]
        counts[unit] = counts.get(unit, 0) + 1
    return max(counts, key=lambda unit: counts[unit], default="PCS")


PICKS = by_name(
    move_stock,
    transfer_stock,
    new_item,
    new_variant,
    rename_item,
    change_price,
    change_gtin,
    block_item,
    unblock_item,
    change_item_type,
    change_item_card,
    change_main_vendor,
    delete_item,
    new_vendor,
    rename_vendor,
    change_vendor_email,
    block_vendor,
    unblock_vendor,
    delete_vendor,
)
