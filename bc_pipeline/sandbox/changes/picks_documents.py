"""Picks for changes of sales and purchase documents."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from bc_pipeline.sandbox.bookkeeping.documents import lines_of, today
from bc_pipeline.sandbox.bookkeeping.kinds import (
    PURCHASE_ORDER,
    PURCHASE_RECEIPT,
    SALES_ORDER,
    Kind,
)
from bc_pipeline.sandbox.changes.picks import (
    Params,
    by_name,
    day,
    document_line,
    items,
    line_spec,
    line_specs,
    one,
    vendor_numbers,
)
from bc_pipeline.sandbox.changes.purchases import STATUSES
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import ZERO_DATE

CANCELLABLE_DAYS = 60


# -- sales ----------------------------------------------------------------------------------------


def new_sales_order(company: Company, random: Random) -> Params | None:
    params = _sale(company, random)
    return params and params | {"order_date": day(company, random, -10, 0)}


def change_sales_order_line(company: Company, random: Random) -> Params | None:
    found = document_line(
        company, random, SALES_ORDER, lambda header, line: header["status"] == "Draft"
    )
    if found is None:
        return None
    header, line = found
    least = max(line["shippedQuantity"], Decimal(1))
    return {
        "order": header["number"],
        "sequence": line["sequence"],
        "quantity": str(least + random.randint(0, 10)),
        "touch_header": random.random() < 0.5,
    }


def ship_sales_order(company: Company, random: Random) -> Params | None:
    return _partly(company, random, SALES_ORDER, "shippedQuantity")


def post_sales_order(company: Company, random: Random) -> Params | None:
    return _document(random, list(company.tables["salesOrders"].values()), "order")


def delete_sales_order(company: Company, random: Random) -> Params | None:
    untouched = [
        header
        for header in company.tables["salesOrders"].values()
        if not any(r["shippedQuantity"] for r in lines_of(company, SALES_ORDER, header["id"]))
    ]
    return _document(random, untouched, "order")


def new_sales_invoice(company: Company, random: Random) -> Params | None:
    params = _sale(company, random)
    if params is None:
        return None
    params["discount"] = str(random.choice((0, 0, 0, 2)))
    if random.random() < 0.1:
        return params | {"draft": True}
    return params | {"status": random.choice(("Open", "Paid"))}


def pay_sales_invoice(company: Company, random: Random) -> Params | None:
    unpaid = [r for r in company.tables["salesInvoices"].values() if r["status"] == "Open"]
    return _document(random, unpaid, "invoice")


def cancel_sales_invoice(company: Company, random: Random) -> Params | None:
    since = (today(company) - timedelta(days=CANCELLABLE_DAYS)).isoformat()
    recent = [
        row
        for row in company.tables["salesInvoices"].values()
        if row["status"] in ("Open", "Paid") and row["postingDate"] >= since
    ]
    return _document(random, recent, "invoice")


# -- purchases ------------------------------------------------------------------------------------


def new_purchase_order(company: Company, random: Random) -> Params | None:
    params = _purchase(company, random)
    if params is None:
        return None
    requested = day(company, random, 3, 40) if random.random() < 0.6 else ZERO_DATE
    return params | {"requested": requested, "order_date": day(company, random, -5, 0)}


def add_purchase_line(company: Company, random: Random) -> Params | None:
    header = one(random, _orders(company, "Draft"))
    item = one(random, _buyable(company))
    if header is None or item is None:
        return None
    return {
        "order": header["number"],
        "line": line_spec(company, random, item, purchase=True),
        "touch_header": random.random() < 0.7,
    }


def change_purchase_line(company: Company, random: Random) -> Params | None:
    what = random.choice(("quantity", "cost", "date", "discount"))
    found = document_line(
        company,
        random,
        PURCHASE_ORDER,
        lambda header, line: what == "date" or header["status"] == "Draft",
    )
    if found is None:
        return None
    header, line = found
    least = max(line["receivedQuantity"], Decimal(1))
    values = {
        "quantity": str(least + random.randint(0, 20)),
        "cost": f"{random.uniform(0.5, 90):.5f}",
        "date": day(company, random, 1, 60),
        "discount": str(random.choice((0, 5, 7.5))),
    }
    return {
        "order": header["number"],
        "sequence": line["sequence"],
        what: values[what],
        # A date or quantity may change without the header noticing (behaviour.md 3.2).
        "touch_header": random.random() < 0.5,
    }


def remove_purchase_line(company: Company, random: Random) -> Params | None:
    found = document_line(
        company,
        random,
        PURCHASE_ORDER,
        lambda header, line: header["status"] == "Draft" and not line["receivedQuantity"],
    )
    if found is None:
        return None
    touch = random.random() < 0.7
    return {"order": found[0]["number"], "sequence": found[1]["sequence"], "touch_header": touch}


def change_vendor_of_purchase_order(company: Company, random: Random) -> Params | None:
    params = _document(random, _orders(company, "Draft", received=False), "order")
    return params and params | {"vendor": random.choice(vendor_numbers(company))}


def change_purchase_order_status(company: Company, random: Random) -> Params | None:
    params = _document(random, list(company.tables["purchaseOrders"].values()), "order")
    return params and params | {"status": random.choice(STATUSES)}


def change_requested_date(company: Company, random: Random) -> Params | None:
    params = _document(random, list(company.tables["purchaseOrders"].values()), "order")
    return params and params | {"date": day(company, random, 2, 50)}


def delete_purchase_order(company: Company, random: Random) -> Params | None:
    return _document(random, _orders(company, received=False), "order")


def receive_purchase_order(company: Company, random: Random) -> Params | None:
    return _partly(company, random, PURCHASE_ORDER, "receivedQuantity")


def undo_receipt(company: Company, random: Random) -> Params | None:
    open_orders = {row["number"] for row in company.tables["purchaseOrders"].values()}
    found = document_line(
        company,
        random,
        PURCHASE_RECEIPT,
        lambda header, line: (
            header["orderNumber"] in open_orders
            and line["quantity"] > 0
            and not line.get("#undone")
        ),
    )
    return found and {"receipt": found[0]["number"], "sequence": found[1]["sequence"]}


def invoice_purchase_order(company: Company, random: Random) -> Params | None:
    received = [row for row in company.tables["purchaseOrders"].values() if row["fullyReceived"]]
    return _document(random, received, "order")


def new_purchase_invoice(company: Company, random: Random) -> Params | None:
    return _purchase(company, random)


# -- pieces ---------------------------------------------------------------------------------------


def _document(random: Random, rows: list[Row], name: str) -> Params | None:
    chosen = one(random, rows)
    return {name: chosen["number"]} if chosen else None


def _sale(company: Company, random: Random) -> Params | None:
    sellable = [row for row in items(company) if not row["blocked"]]
    open_ones = (c for c in company.tables["customers"].values() if c["blocked"] == "_x0020_")
    customer = one(random, open_ones)
    if customer is None or not sellable:
        return None
    lines = line_specs(company, random, sellable, purchase=False)
    return {"customer": customer["number"], "lines": lines}


def _buyable(company: Company, vendor: str | None = None) -> list[Row]:
    rows = [
        row
        for row in items(company)
        if not row["blocked"] and not row.get("#purchasingBlocked") and row["type"] == "Inventory"
    ]
    return [row for row in rows if row.get("#vendorNumber") == vendor] if vendor else rows


def _purchase(company: Company, random: Random) -> Params | None:
    vendors = vendor_numbers(company)
    if not vendors:
        return None
    vendor = random.choice(vendors)
    buyable = _buyable(company, vendor) or _buyable(company)
    if not buyable:
        return None
    return {"vendor": vendor, "lines": line_specs(company, random, buyable, purchase=True)}


def _orders(company: Company, status: str | None = None, *, received: bool = True) -> list[Row]:
    return [
        row
        for row in company.tables["purchaseOrders"].values()
        if status in (None, row["status"])
        and (
            received
            or not any(r["receivedQuantity"] for r in lines_of(company, PURCHASE_ORDER, row["id"]))
        )
    ]


def _partly(company: Company, random: Random, kind: Kind, done: str) -> Params | None:
    """Some or all of what is left of an order."""
    found = document_line(company, random, kind, lambda header, line: line["quantity"] > line[done])
    if found is None:
        return None
    header = found[0]
    if random.random() < 0.4:
        return {"order": header["number"]}
    quantities = {}
    for line in lines_of(company, kind, header["id"]):
        left = line["quantity"] - line[done]
        if left > 0 and (line is found[1] or random.random() < 0.5):
            part = Decimal(random.randint(1, max(1, int(left))))
            quantities[str(line["sequence"])] = str(min(part, left))
    return {"order": header["number"], "quantities": quantities}


PICKS = by_name(
    new_sales_order,
    change_sales_order_line,
    ship_sales_order,
    post_sales_order,
    delete_sales_order,
    new_sales_invoice,
    pay_sales_invoice,
    cancel_sales_invoice,
    new_purchase_order,
    add_purchase_line,
    change_purchase_line,
    remove_purchase_line,
    change_vendor_of_purchase_order,
    change_purchase_order_status,
    change_requested_date,
    delete_purchase_order,
    receive_purchase_order,
    undo_receipt,
    invoice_purchase_order,
    new_purchase_invoice,
)
