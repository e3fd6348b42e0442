"""A generated company that looks like a web shop's wholesaler, of any size, repeatable by seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from random import Random

from bc_pipeline.sandbox.changes import masters, receiving
from bc_pipeline.sandbox.companies import wholesale_pages
from bc_pipeline.sandbox.companies.dimension_pages import publish_dimensions
from bc_pipeline.sandbox.companies.wholesale_books import add_books
from bc_pipeline.sandbox.companies.wholesale_history import HistoryClock, Trader
from bc_pipeline.sandbox.companies.wholesale_items import add_items, block_items
from bc_pipeline.sandbox.companies.wholesale_masters import (
    ZERO_STAMP,
    Words,
    add_customers,
    add_vendors,
    block_vendors,
    set_up,
)
from bc_pipeline.sandbox.companies.wholesale_transfers import add_transfers_and_returns
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import stamp_text

NAME = "Noordzee Groothandel B.V."
DISPLAY_NAME = "Noordzee – Home & Garden"
CURRENCY = "EUR"
ITEM_PAGE = wholesale_pages.ITEM_PAGE
ITEM_UNITS_PAGE = wholesale_pages.ITEM_UNITS_PAGE

# Purchase orders made in these last days are still open.
OPEN_DAYS = 25
FEWEST_ITEMS = 20
# Small companies are made once a day and copied.
_MOST_KEPT = 300


def build(
    *,
    clock: Callable[[], datetime],
    seed: int,
    items: int,
    vendors: int | None = None,
    months: int = 12,
) -> Company:
    """A new company, filled (see :func:`fill`)."""
    if items > _MOST_KEPT:
        return _first(clock, seed, items, vendors, months)
    company = _kept(clock().date(), seed, items, vendors, months).copy(f"wholesale/{seed}")
    company.clock = clock
    company.created_at = stamp_text(clock())
    _publish(company)
    return company


@lru_cache(maxsize=4)
def _kept(day: date, seed: int, items: int, vendors: int | None, months: int) -> Company:
    """The company that all others of these arguments are copies of: nobody changes it."""
    morning = datetime.combine(day, time(), UTC)
    return _first(lambda: morning, seed, items, vendors, months)


def _first(
    clock: Callable[[], datetime], seed: int, items: int, vendors: int | None, months: int
) -> Company:
    company = Company(
        NAME, display_name=DISPLAY_NAME, currency_code=CURRENCY, clock=clock, seed=seed
    )
    fill(company, seed=seed, items=items, vendors=vendors, months=months)
    return company


def fill(
    company: Company, *, seed: int, items: int, vendors: int | None = None, months: int = 12
) -> None:
    """Fills an empty company with masters, history up to yesterday and open documents.

    The same arguments on the same day give the same content.

    Args:
        items: number of items, at least 20.
        vendors: number of vendors, at least 18; one per 40 items when None.
        months: months of history.

    Raises:
        ValueError: too few items.
    """
    if items < FEWEST_ITEMS:
        raise ValueError(f"a wholesaler has {FEWEST_ITEMS} items at least")
    random = Random(f"{seed}/{items}/{months}")
    present = company.clock
    today = present().date()
    first_day = today - timedelta(days=30 * months)
    words = _words()
    past = HistoryClock(random)
    past.start(first_day)
    company.clock = past
    try:
        _make(company, words, random, past, items, max(18, vendors or items // 40), today)
    finally:
        company.clock = present
    _publish(company)


def _publish(company: Company) -> None:
    wholesale_pages.publish(company)
    publish_dimensions(company)


def _make(
    company: Company,
    words: Words,
    random: Random,
    past: HistoryClock,
    items: int,
    vendors: int,
    today: date,
) -> None:
    first_day = past.now.date()
    set_up(company, words, first_day, today)
    customers = add_customers(company, words, random, max(12, items // 50))
    supply = add_vendors(company, words, random, vendors)
    goods = add_items(company, words, random, items, supply)
    # The last vendors never delivered anything.
    trader = Trader(company, random, past, goods, customers, supply[: -max(2, vendors // 15)])
    trader.open_stock()
    for days in range((today - first_day).days):
        day = first_day + timedelta(days=days)
        trader.trade(day, last=(today - day).days <= OPEN_DAYS)
    trader.order_more_goods(max(12, items // 40))
    trader.take_sales_orders(max(12, items // 40))
    _add_oddities(company, random, goods, supply)
    block_items(company, random, goods)
    block_vendors(company, supply)
    add_books(company)
    add_transfers_and_returns(company, goods, today)


def _add_oddities(company: Company, random: Random, goods: list[Row], supply: list[Row]) -> None:
    """What grew over the years: negative stock, zero dates and stamps, goods without order."""
    stocked = [row for row in goods if row["type"] == "Inventory" and not row["#neverUsed"]]
    for item in stocked[3::40]:
        missing = company.inventory(item["id"], item["#home"]) + random.randint(1, 9)
        if missing > 0:
            masters.move_stock(
                company, item=item["number"], quantity=-missing, location=item["#home"]
            )
    for vendor in supply[:3]:
        line = {"item": stocked[0]["number"], "quantity": Decimal(3)}
        receiving.new_purchase_invoice(company, vendor=vendor["number"], lines=[line])
    posted = [r for r in company.tables["salesInvoices"].values() if r["status"] != "Draft"]
    for invoice in posted[5::90]:
        company.modify("salesInvoices", invoice["id"], touch=False, invoiceDate="0001-01-01")
    for invoice in posted[7::120]:
        company.modify("salesInvoices", invoice["id"], lastModifiedDateTime=ZERO_STAMP)
    company.modify("salesInvoices", posted[2]["id"], status="Corrective")
    drafts = [r for r in company.tables["salesInvoices"].values() if r["status"] == "Draft"]
    if drafts:
        company.modify("salesInvoices", drafts[0]["id"], status="In_x0020_Review")
    for order in list(company.tables["purchaseOrders"].values())[1::9]:
        company.modify("purchaseOrders", order["id"], touch=False, orderDate="0001-01-01")
    for receipt in list(company.tables["purchaseReceipts"].values())[4::60]:
        company.modify("purchaseReceipts", receipt["id"], lastModifiedDateTime=ZERO_STAMP)


def _words() -> Words:
    text = resources.files(__package__).joinpath("wholesale_words.json").read_text("utf-8")
    words: Words = json.loads(text)
    return words
