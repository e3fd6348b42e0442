"""What holds for any company: order of rows does not matter, totals are sums, receipts add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import guid, line
from bc_pipeline_tests.mapping.mirror import ALL_SOURCES, Company, new_company
from bc_pipeline_tests.slow import examples

few = settings(
    max_examples=examples(2, 20),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # The examples are whole companies: shrinking one takes longer than looking at it.
    phases=settings.default.phases[:3],
)
seeds = st.integers(0, 2**32)
ITEMS = [f"I{n}" for n in range(8)]
VENDORS = [f"V{n}" for n in range(3)]
PCS_AND_BOX = ("PCS", "BOX", "")
Step = Callable[[Company], Any]


def quantity(random: Random) -> Decimal:
    return Decimal(random.choice([1, 2, 3, 12])) + Decimal(
        random.choice(["0", "0", "0.5", "0.12345"])
    )


def day(random: Random) -> date:
    return date(2026, 8, 20) - timedelta(days=random.randrange(60))


def amount(random: Random) -> Decimal:
    return Decimal(random.randrange(-500, 500_000)).scaleb(-2)


def steps(random: Random) -> Iterator[Step]:
    """A company as independent steps, which may be done in any order."""
    for place, number in enumerate(ITEMS):
        kind = random.choice(["Inventory"] * 4 + ["Service"])
        gtin = random.choice(["", "1", "2"])
        stock = quantity(random) - 2
        yield lambda c, n=number, k=kind, g=gtin, s=stock: c.item(n, type=k, gtin=g, inventory=s)
        if kind == "Inventory":
            yield lambda c, n=number, p=place: c.stands("products", guid(n), p + 1)
        yield lambda c, n=number: c.unit(n, "BOX", "12.5")
        vendor = random.choice([*VENDORS, ""])
        yield lambda c, n=number, v=vendor: c.page(n, Vendor_No=v, Last_Direct_Cost="1.005")
    for place, number in enumerate(VENDORS):
        yield lambda c, n=number, p=place: c.supplier(n, 100 + p, email="b@x.nl;a@x.nl;bad")
    for since in (1, 5):
        rate = Decimal(random.randrange(1, 2_000_000)).scaleb(-4)
        yield lambda c, s=since, r=rate: c.rate("USD", date(2026, s, 1), 100, r)
    for number in range(12):
        yield invoice(random, number)
        yield purchase(random, number)


def some_lines(random: Random, most: int = 5) -> list[dict[str, Any]]:
    return [
        line(
            random.choice(ITEMS),
            quantity(random) * random.choice([1, 1, 1, -1]),
            netAmount=amount(random),
            unitOfMeasureCode=random.choice(PCS_AND_BOX),
        )
        for _ in range(random.randrange(1, most))
    ]


def invoice(random: Random, number: int) -> Step:
    lines, placed = some_lines(random), day(random)
    code = random.choice(["EUR", "", "USD", "XXX"])
    status = random.choice(["Open", "Paid", "Canceled"])
    return lambda c: c.invoice(
        f"INV{number}", *map(dict, lines), invoiceDate=placed, currencyCode=code, status=status
    )


def purchase(random: Random, number: int) -> Step:
    """An order whose lines are received in up to three parts, or not at all."""
    lines = some_lines(random)
    vendor, placed = random.choice(VENDORS), day(random)
    code = random.choice(["EUR", "USD"])
    full = random.random() < 0.6
    receipts: list[dict[str, Any]] = []
    for place, ordered in enumerate(lines, start=1):
        ordered["receivedQuantity"] = ordered["quantity"] if full else 0
        ordered["directUnitCost"] = amount(random)
        left = ordered["quantity"] if full and ordered["quantity"] > 0 else Decimal(0)
        while left > 0:
            part = min(left, random.choice([Decimal("0.3"), Decimal(1), left]))
            left -= part
            receipts.append({**ordered, "quantity": part, "sequence": place * 10000})
    for receipt in receipts:
        for name in ("netAmount", "receivedQuantity", "directUnitCost"):
            receipt.pop(name)
        receipt["unitCost"] = amount(random)
    posted = [day(random) for _ in receipts]

    def step(c: Company) -> None:
        c.purchase_order(
            f"PO{number}", *map(dict, lines), vendor=vendor, orderDate=placed, currencyCode=code
        )
        for n, (receipt, when) in enumerate(zip(receipts, posted, strict=True)):
            c.receipt(
                f"REC{number}-{n}",
                dict(receipt),
                order=f"PO{number}",
                postingDate=when,
                vendorNumber=vendor,
                currencyCode=code,
            )

    return step


def mapped(
    work: list[Step], options: SyncOptions | None = None, sources: frozenset[str] = ALL_SOURCES
) -> tuple[dict[str, Any], list[Any]]:
    """(wanted rows of every resource, warnings) after a run that wrote what it could."""
    company = new_company()
    company.company_currency("EUR")
    for step in work:
        step(company)
    wanted: dict[str, Any] = {}
    for resource in RESOURCES:
        wanted[resource] = company.build(resource, options, sources=sources, bom=True)
        if resource in ("buy_orders", "buy_order_lines"):
            # Optiply gives ids in the order of the remote ids, whatever order they came in.
            company.written(resource, 10_000)
    warnings = company.rows("SELECT remote_id, kind, message FROM ops.warnings")
    company.cursor.close()
    return wanted, sorted(map(str, warnings))


def _stable_ids(company_rows: dict[str, Any]) -> dict[str, Any]:
    """Without the ids Optiply gave, which depend on the order of writing."""
    hidden = {"buyOrderId", "buyOrderLineId"}
    return {
        resource: {
            key: {name: value for name, value in row.items() if name not in hidden}
            for key, row in rows.items()
        }
        for resource, rows in company_rows.items()
    }


@few
@given(seed=seeds, page=st.booleans())
def test_given_rows_in_any_order_then_the_result_is_the_same(seed: int, page: bool) -> None:
    sources = ALL_SOURCES if page else ALL_SOURCES - {"bc.item_page"}
    work = list(steps(Random(seed)))
    straight, warnings = mapped(work, sources=sources)
    Random(seed + 1).shuffle(work)
    shuffled, same_warnings = mapped(work, sources=sources)
    assert _stable_ids(shuffled) == _stable_ids(straight)
    assert same_warnings == warnings


@few
@given(seed=seeds)
def test_given_any_documents_then_totals_are_sums_and_receipts_add_up_to_what_was_ordered(
    seed: int,
) -> None:
    wanted, _ = mapped(list(steps(Random(seed))))
    check_sell_orders(written(wanted["sell_orders"]))
    lines, orders = written(wanted["buy_order_lines"]), written(wanted["buy_orders"])
    totals: dict[str, Decimal] = dict.fromkeys(orders, Decimal(0))
    for row in lines.values():
        totals[row["extra"]["document_id"]] += row["subtotalValue"]
    assert {key: row["totalValue"] for key, row in orders.items()} == totals
    received: dict[str, int] = dict.fromkeys(lines, 0)
    for row in written(wanted["receipt_lines"]).values():
        assert row["quantity"] >= 1
        sequence = row["reference"].rsplit(" ", 1)[1]
        received[guid(f"purchase_orders {row['extra']['order_number']} {sequence}")] += row[
            "quantity"
        ]
    for key, row in lines.items():
        completed = orders[row["extra"]["document_id"]]["completed"] is not None
        assert received[key] == (row["quantity"] if completed else 0)


def check_sell_orders(orders: dict[str, Any]) -> None:
    """The total is the sum of the lines, each product occurs once, in order, at least one of it."""
    for row in orders.values():
        assert row["totalValue"] == sum(line["subtotalValue"] for line in row["orderLines"])
        products = [line["productId"] for line in row["orderLines"]]
        assert products == sorted(set(products))
        assert all(line["quantity"] >= 1 for line in row["orderLines"])


def written(rows: dict[str, Any]) -> dict[str, Any]:
    """The rows that are to be written."""
    return {key: row for key, row in rows.items() if row["decision"] == "write"}
