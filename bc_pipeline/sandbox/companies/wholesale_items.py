"""The wholesaler's items: what they are called, cost, come in, are made of, and from whom."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from bc_pipeline.sandbox.companies.wholesale_masters import (
    LOCATIONS,
    TAX_PERCENT,
    ZERO_STAMP,
    Words,
)
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import stamp_text

# Base unit -> larger or smaller units an item may also be traded in, with their factors.
FURTHER_UNITS: dict[str, tuple[dict[str, str], ...]] = {
    "STUK": ({"DOOS": "12"}, {"DOOS": "6", "PALLET": "480"}, {"DOOS": "24"}),
    "PAAR": ({"STUK": "0.5"}, {"DOOS": "8"}),
    "KG": ({"ZAK": "25"}, {"ZAK": "2.5", "PALLET": "600"}),
    "METER": ({"ROL": "50"}, {"ROL": "100"}),
}
LEAD_TIMES = ("2W", "<10D>", "5D", "1M", "1M+1W", "3D", "14D", "", "", "C10D", "J?", "-5D", "2Q")
NEVER_USED = 0.04  # share of items nothing ever happened to: these may be deleted


def add_items(
    company: Company, words: Words, random: Random, count: int, vendors: list[Row]
) -> list[Row]:
    """Adds ``count`` items, the odd ones of the word list first, and returns them."""
    items: list[Row] = []
    odd = words["odd_items"][: max(2, count // 4)]
    for place in range(count):
        category = words["categories"][place % len(words["categories"])]
        values = _plain_item(words, random, category, place)
        if place < len(odd):
            values["number"], values["displayName"] = odd[place]["number"], odd[place]["name"]
        values["itemCategoryId"] = company.find("itemCategories", code=category["code"])[0]["id"]
        values |= _kind(random, place, len(odd))
        values |= _card(random, place, values, vendors)
        if place % 23 == 7 and items:
            values["gtin"] = items[-1]["gtin"]
        if place % 41 == 9:
            values["priceIncludesTax"] = True
        items.append(company.insert("items", values, stamp=ZERO_STAMP if place % 53 == 3 else None))
    _add_variants(company, words, random, items)
    _add_bills(company, random, items)
    return items


def block_items(company: Company, random: Random, items: list[Row]) -> None:
    """Blocks about 3 of 100 items, one at least. Done last: blocked items trade nothing."""
    for place, item in enumerate(items):
        if place % 31 == 19:
            company.modify("items", item["id"], blocked=True)
        elif place % 29 == 13 and random.random() < 0.8:
            company.modify("items", item["id"], **{"#purchasingBlocked": True})


def _plain_item(words: Words, random: Random, category: dict[str, Any], place: int) -> Row:
    thing = random.choice(category["things"])
    name = f"{random.choice(words['brands'])} {thing} {random.choice(words['looks'])}"
    low, high = category["price"]
    price = Decimal(f"{random.uniform(low, high):.2f}")
    unit = category["unit"]
    tax_group = "LAAG" if category["code"] == "VOEDING" else "HOOG"
    return {
        "number": f"NG-{100000 + place * 7}",
        "displayName": f"{name} {place}"[:100],
        "itemCategoryCode": category["code"],
        "baseUnitOfMeasureCode": unit,
        "unitPrice": price if place % 37 else Decimal(0),
        "unitCost": (price * Decimal(random.randint(30, 80)) / 100).quantize(Decimal("0.00001")),
        "priceIncludesTax": random.random() < 0.1,
        "taxGroupCode": "MARGE" if place % 67 == 5 else tax_group,
        "#taxPercent": TAX_PERCENT[tax_group],
        "gtin": "" if random.random() < 0.15 else f"87{random.randrange(10**11):011d}",
        "#neverUsed": place > 12 and random.random() < NEVER_USED,
        "#popularity": random.paretovariate(1.2),
        "#season": category["season"],
        "#home": random.choice(("", *LOCATIONS[:3], LOCATIONS[0], LOCATIONS[0])),
        "#units": {unit: Decimal(1)},
        "#purchaseUnit": unit,
    }


def _kind(random: Random, place: int, odd: int) -> Row:
    """Services and goods that are not counted: about 5 of 100."""
    if place < odd or place % 20:
        return {"type": "Inventory"}
    if random.random() < 0.6:
        return {"type": "Service", "itemCategoryCode": "", "baseUnitOfMeasureCode": "HOUR"} | {
            "#units": {"HOUR": Decimal(1)},
            "#purchaseUnit": "HOUR",
            "itemCategoryId": None,
        }
    return {"type": "Non_x002D_Inventory"}


def _card(random: Random, place: int, values: Row, vendors: list[Row]) -> Row:
    """Units and purchasing data of the item card."""
    units = dict(values["#units"])
    base = values["baseUnitOfMeasureCode"]
    purchase_unit = base
    if base in FURTHER_UNITS and random.random() < 0.4:
        further = random.choice(FURTHER_UNITS[base])
        units |= {code: Decimal(quantity) for code, quantity in further.items()}
        if random.random() < 0.6:
            purchase_unit = next(iter(further))
    # A few vendors have most items, as it goes; some items have none.
    vendor = vendors[int(len(vendors) * random.random() ** 1.6)]
    has_vendor = values["type"] == "Inventory" and random.random() < 0.93
    return {
        "#units": units,
        "#purchaseUnit": purchase_unit,
        "#vendorNumber": vendor["number"] if has_vendor else "",
        "#vendorItemNumber": f"{vendor['number'][-3:]}/{place}" if random.random() < 0.6 else "",
        "#leadTime": random.choice(LEAD_TIMES),
        "#minimumOrderQuantity": Decimal(random.choice(("0", "0", "1", "10", "24", "2.5"))),
        "#orderMultiple": Decimal(random.choice(("0", "0", "6", "12", "0.5"))),
        "#lotSize": Decimal(random.choice((0, 0, 100))),
        "#purchasingBlocked": False,
        "#lastDirectCost": values["unitCost"] if random.random() < 0.8 else Decimal(0),
    }


def _add_variants(company: Company, words: Words, random: Random, items: list[Row]) -> None:
    for place, item in enumerate(items):
        if item["type"] != "Inventory" or place % 25 != 6:
            continue
        for number, look in enumerate(random.sample(words["looks"], random.randint(2, 4)), start=1):
            company.insert(
                "itemVariants",
                {
                    "itemId": item["id"],
                    "itemNumber": item["number"],
                    "code": f"{look[:3].upper().strip()}{number}",
                    "description": look if number > 1 else "",
                },
            )


def _add_bills(company: Company, random: Random, items: list[Row]) -> None:
    """Bills of materials of sets: parts in another unit, a part twice, work, a fraction,
    a variant."""
    stocked = [row for row in items if row["type"] == "Inventory" and not row["#neverUsed"]]
    parents = stocked[5::33]
    parts = [row for row in stocked if row not in parents]
    for number, parent in enumerate(parents):
        chosen = random.sample(parts, min(len(parts), random.randint(1, 4)))
        lines = [(part, Decimal(random.randint(1, 5))) for part in chosen]
        if number % 4 == 1 and chosen:
            lines.append((chosen[0], Decimal(1)))
        if number % 4 == 2 and chosen:
            lines[-1] = (chosen[-1], Decimal("0.5"))
        bill = [
            _bill_line(company, part["number"], quantity, random.choice(sorted(part["#units"])))
            | {"description": part["displayName"]}
            for part, quantity in lines
        ]
        if number == 0:
            bill += _variant_lines(company, parts)
        if number % 4 == 3:
            work = {"componentType": "Resource", "description": "Montage"}
            bill.append(_bill_line(company, "MONTAGE", Decimal(1), "HOUR") | work)
        company.modify("items", parent["id"], touch=False, **{"#bom": bill})


def _bill_line(company: Company, number: str, quantity: Decimal, unit: str) -> Row:
    return {
        "id": company.new_id(),
        "componentType": "Item",
        "no": number,
        "quantityPer": quantity,
        "unitOfMeasureCode": unit,
        "stamp": stamp_text(company.clock()),
    }


def _variant_lines(company: Company, parts: list[Row]) -> list[Row]:
    """A part built in as one of its variants, so that companies of every size have one."""
    for part in parts:
        if variant := _first_variant(company, part):
            line = _bill_line(company, part["number"], Decimal(1), part["baseUnitOfMeasureCode"])
            return [line | {"description": part["displayName"], "variantCode": variant}]
    return []


def _first_variant(company: Company, item: Row) -> str:
    """A part that comes in variants is built in as its first one."""
    variants = company.find("itemVariants", itemId=item["id"])
    return str(variants[0]["code"]) if variants else ""
