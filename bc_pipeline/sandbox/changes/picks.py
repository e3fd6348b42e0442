"""Parameters for random changes: for each change a function that picks some, or None when the
company has nothing to do it with. All values are plain, so a description can be applied again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from bc_pipeline.sandbox.bookkeeping.documents import lines_of, today
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.company.company import Company, Row

Params = dict[str, Any]
Pick = Callable[[Company, Random], Params | None]

NAMES = (
    "Desk lamp 'Amsterdam'",
    "O'Neill Beach Towel",
    "Straßenlaterne groß",
    "日本 Tea Set",
    "Café Crème 250 g",
    "Plant pot 🌱 large",
    'Screen 24" matt',
    "Rope & hook; 5 m",
)
VENDOR_NAMES = ("Gebr. Jansen & Zn.", "Müller GmbH", "D'Arcy Supplies", "東京商事", "Ekström AB")
EMAILS = (
    "sales@example.com",
    "orders@example.com; backup@example.com",
    "Orders@Example.com, orders@example.com",
    "not an address",
    "",
)
DIGITS = "0123456789"


def by_name(*picks: Pick) -> dict[str, Pick]:
    """Each by the name of its change, which is its own."""
    return {pick.__name__: pick for pick in picks}


# -- pieces ---------------------------------------------------------------------------------------


def one(random: Random, rows: Iterable[Row]) -> Row | None:
    """Any of the rows; None when there is none."""
    chosen = list(rows)
    return random.choice(chosen) if chosen else None


def quantity_of(item: Row, random: Random, low: int, high: int) -> str:
    """A quantity in the base unit: whole, or with decimals for goods sold by weight."""
    whole = random.randint(low, high)
    if item["baseUnitOfMeasureCode"] == "KG":
        return str(Decimal(whole) + Decimal(random.randint(0, 999)) / 1000)
    return str(whole)


def day(company: Company, random: Random, low: int, high: int) -> str:
    """A date between ``low`` and ``high`` days from today."""
    return (today(company) + timedelta(days=random.randint(low, high))).isoformat()


def items(company: Company) -> list[Row]:
    """All items in order of insertion."""
    return list(company.tables["items"].values())


def vendor_numbers(company: Company) -> list[str]:
    """Numbers of the vendors documents may be made for."""
    return [v["number"] for v in company.tables["vendors"].values() if v["blocked"] != "All"]


def line_spec(company: Company, random: Random, item: Row, *, purchase: bool) -> Params:
    """A line for an item: sometimes in another unit, for a variant, with a discount."""
    spec: Params = {"item": item["number"], "quantity": quantity_of(item, random, 1, 12)}
    units = sorted(item.get("#units", ()))
    if len(units) > 1 and random.random() < 0.3:
        spec["unit"] = random.choice(units)
        spec["quantity"] = str(random.randint(1, 4))
    variants = company.find("itemVariants", itemId=item["id"])
    if variants and random.random() < 0.7:
        spec["variant"] = random.choice(variants)["code"]
    if random.random() < 0.2:
        spec["discount"] = str(random.choice((5, 10, 12.5)))
    places = sorted({code for code, _ in company.stock(item["id"]) if code})
    if places and random.random() < 0.5:
        spec["location"] = random.choice(places)
    if purchase and random.random() < 0.8:
        spec["date"] = day(company, random, 2, 40)
    return spec


def line_specs(
    company: Company, random: Random, chosen: list[Row], *, purchase: bool
) -> list[Params]:
    """Lines for 1 to 4 of the items; sometimes one twice, sometimes a comment."""
    taken = random.sample(chosen, min(len(chosen), random.randint(1, 4)))
    specs = [line_spec(company, random, item, purchase=purchase) for item in taken]
    if random.random() < 0.15:
        specs.append(line_spec(company, random, taken[0], purchase=purchase))
    if random.random() < 0.1:
        specs.append({"comment": "Call before delivery"})
    return specs


def document_line(
    company: Company, random: Random, kind: Kind, wanted: Callable[[Row, Row], bool]
) -> tuple[Row, Row] | None:
    """A header with one of its item lines, of those that ``wanted(header, line)`` accepts."""
    headers = list(company.tables[kind.headers].values())
    for header in random.sample(headers, len(headers)):
        fitting = [
            line
            for line in lines_of(company, kind, header["id"])
            if line["lineType"] == "Item" and wanted(header, line)
        ]
        if fitting:
            return header, random.choice(fitting)
    return None
