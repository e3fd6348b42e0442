"""The wholesaler's business, day by day, made with the same changes people make later: so stock,
ledger, receipts and orders agree with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_UP, Decimal
from itertools import accumulate
from random import Random

from bc_pipeline.sandbox.bookkeeping.documents import Refused, factor
from bc_pipeline.sandbox.changes import masters, purchases, receiving, sales
from bc_pipeline.sandbox.changes.picks import Params, line_spec, quantity_of
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import ZERO_DATE

INVOICES_PER_DAY_AND_ITEM = 1 / 450
ORDERS_PER_DAY_AND_ITEM = 1 / 2400
# Monday first: a web shop sells at the weekend, the wholesaler posts it on Monday.
WEEKDAYS = (1.9, 1.1, 1.0, 1.0, 1.2, 0.5, 0.3)


class HistoryClock:
    """Office hours of past days: every reading is a little later than the one before."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.now = datetime(2000, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def start(self, day: date) -> None:
        """To the morning of a day."""
        self.now = datetime.combine(day, time(7, 30), UTC)

    def tick(self) -> None:
        """Some minutes and odd milliseconds later, the same day."""
        later = self.now + timedelta(
            seconds=self._random.randint(1, 240), milliseconds=self._random.randrange(1000)
        )
        if later.date() == self.now.date():
            self.now = later


class Trader:
    """Makes the documents of one day after another."""

    def __init__(
        self,
        company: Company,
        random: Random,
        clock: HistoryClock,
        items: list[Row],
        customers: list[Row],
        vendors: list[Row],
    ) -> None:
        self.company = company
        self._random = random
        self._clock = clock
        self._items = [item for item in items if not item["#neverUsed"]]
        self._customers = [row["number"] for row in customers if row["blocked"] == "_x0020_"]
        self._vendors = vendors
        self._weights = [
            list(accumulate(i["#popularity"] * (1 + i["#season"][month]) for i in self._items))
            for month in range(12)
        ]
        self._left_open = 0
        self._later: dict[date, list[Callable[[], Row]]] = defaultdict(list)
        self._by_vendor: dict[str, list[Row]] = defaultdict(list)
        for item in self._items:
            if item["type"] == "Inventory":
                self._by_vendor[item["#vendorNumber"]].append(item)

    def open_stock(self) -> None:
        """What lies in the warehouses on the first day, by variant where there are variants."""
        for item in self._items:
            if item["type"] != "Inventory":
                continue
            variants = [row["code"] for row in self.company.find("itemVariants", itemId=item["id"])]
            for variant in ["", *variants[1:]] if variants else [""]:
                masters.move_stock(
                    self.company,
                    item=item["number"],
                    quantity=quantity_of(item, self._random, 20, 400),
                    location=item["#home"],
                    variant=variant,
                )
            if self._random.random() < 0.2:
                masters.move_stock(
                    self.company, item=item["number"], quantity=15, location="WINKEL"
                )

    def trade(self, day: date, *, last: bool) -> None:
        """One day of business; on the ``last`` days orders are left as they are."""
        self._clock.start(day)
        for action in self._later.pop(day, ()):
            self._clock.tick()
            _if_allowed(action)
        for _ in range(self._how_many(INVOICES_PER_DAY_AND_ITEM, day)):
            self._clock.tick()
            self._sell(day)
        for _ in range(self._how_many(ORDERS_PER_DAY_AND_ITEM, day)):
            self._clock.tick()
            self._order_goods(day, leave_open=last)

    def take_sales_orders(self, count: int) -> None:
        """Sales orders that are still open today; some shipped in part."""
        for number in range(count):
            self._clock.tick()
            order = sales.new_sales_order(
                self.company,
                customer=self._random.choice(self._customers),
                lines=self._sales_lines(self._clock.now.date()),
                status=("Draft", "Open", "Draft", "In_x0020_Review")[number % 4],
            )
            if number % 3 == 0:
                self._ship_some(order)

    def order_more_goods(self, count: int) -> None:
        """Purchase orders until ``count`` are open."""
        for _ in range(50 * count):
            if len(self.company.tables["purchaseOrders"]) >= count:
                return
            self._clock.tick()
            self._order_goods(self._clock.now.date(), leave_open=True)

    # -- inside -------------------------------------------------------------------------------

    def _how_many(self, rate: float, day: date) -> int:
        expected = max(rate * len(self._items), 0.3) * WEEKDAYS[day.weekday()]
        whole = int(expected)
        return whole + (self._random.random() < expected - whole)

    def _sales_lines(self, day: date) -> list[Params]:
        random = self._random
        count = random.choice((1, 1, 2, 2, 3, 4, 6))
        chosen = random.choices(self._items, cum_weights=self._weights[day.month - 1], k=count)
        specs = [line_spec(self.company, random, item, purchase=False) for item in chosen]
        if random.random() < 0.05:
            specs.append({"comment": "Deliver after 10:00\r\nring twice"})
        if random.random() < 0.04:
            specs.append({"account": "8000", "quantity": 1, "price": "7.50"})
        if random.random() < 0.02:
            specs.append({"resource": "MONTAGE", "quantity": "0.5", "price": 60})
        return specs

    def _sell(self, day: date) -> None:
        random = self._random
        # Half of what is sold comes in through the web shop.
        customer = self._customers[0] if random.random() < 0.5 else random.choice(self._customers)
        invoice = sales.new_sales_invoice(
            self.company,
            customer=customer,
            lines=self._sales_lines(day),
            discount=random.choice((0, 0, 0, 0, 2, "3.5")),
            status="Paid" if random.random() < 0.75 else "Open",
            draft=random.random() < 0.01,
        )
        if random.random() < 0.02:
            when = day + timedelta(days=random.randint(1, 20))
            number = invoice["number"]
            self._later[when].append(
                lambda: sales.cancel_sales_invoice(self.company, invoice=number)
            )

    def _order_goods(self, day: date, *, leave_open: bool) -> None:
        random = self._random
        vendor = self._vendors[int(len(self._vendors) * random.random() ** 1.6)]
        own = self._by_vendor[vendor["number"]] or self._items[:5]
        chosen = random.sample(own, min(len(own), random.randint(1, 6)))
        lines = [self._purchase_line(item, day) for item in chosen if item["type"] == "Inventory"]
        if not lines:
            return
        if random.random() < 0.15:
            lines.append(self._purchase_line(chosen[0], day))
        if random.random() < 0.15:
            lines.append({"comment": "Prices as agreed by telephone"})
        if random.random() < 0.1:
            lines.append({"account": "7000", "quantity": 1, "price": "45"})
        order = purchases.new_purchase_order(
            self.company,
            vendor=vendor["number"],
            lines=lines,
            requested=str(day + timedelta(days=14)) if random.random() < 0.5 else ZERO_DATE,
            discount=random.choice((0, 0, 0, "1.5")),
        )
        if leave_open:
            self._leave_open(order)
        else:
            self._receive_later(order, day)

    def _purchase_line(self, item: Row, day: date) -> Params:
        random = self._random
        unit = item["#purchaseUnit"]
        pack = factor(item, unit)
        cost = item["unitCost"] * pack * Decimal(random.randint(95, 105)) / 100
        spec: Params = {
            "item": item["number"],
            "unit": unit,
            "quantity": str(random.randint(1, 20) if pack > 1 else random.randint(5, 150)),
            "price": str(cost.quantize(Decimal("0.00001"))),
            "location": item["#home"],
        }
        variants = self.company.find("itemVariants", itemId=item["id"])
        if variants and random.random() < 0.8:
            spec["variant"] = random.choice(variants)["code"]
        if random.random() < 0.8:
            spec["date"] = str(day + timedelta(days=random.randint(2, 30)))
        if random.random() < 0.2:
            spec["discount"] = random.choice(("5", "12.5"))
        return spec

    def _receive_later(self, order: Row, day: date) -> None:
        """Received in one or two parts, then invoiced: the order is gone, as in real life."""
        number = order["number"]
        arrival = day + timedelta(days=self._random.randint(3, 20))
        if self._random.random() < 0.2:
            self._later[arrival].append(lambda: self._receive_some(order))
            arrival += timedelta(days=5)
        self._later[arrival].append(
            lambda: receiving.receive_purchase_order(self.company, order=number)
        )
        self._later[arrival + timedelta(days=4)].append(
            lambda: receiving.invoice_purchase_order(self.company, order=number)
        )

    def _leave_open(self, order: Row) -> None:
        """Every status comes up; two in five were received in part."""
        number = self._left_open
        self._left_open += 1
        if number % 5 in (1, 2):
            _if_allowed(lambda: self._receive_some(order))
        status = ("Draft", "Open", "Draft", "In_x0020_Review")[number % 4]
        if status != "Draft":
            purchases.change_purchase_order_status(
                self.company, order=order["number"], status=status
            )

    def _receive_some(self, order: Row) -> Row:
        lines = self.company.find("purchaseOrderLines", documentId=order["id"])
        quantities: dict[str, object] = {}
        for line in lines:
            if line["lineType"] == "Item" and (not quantities or self._random.random() < 0.5):
                quantities[str(line["sequence"])] = (line["quantity"] / 2).to_integral_value(
                    ROUND_UP
                )
        return receiving.receive_purchase_order(
            self.company, order=order["number"], quantities=quantities
        )

    def _ship_some(self, order: Row) -> None:
        lines = self.company.find("salesOrderLines", documentId=order["id"])
        line = next((row for row in lines if row["lineType"] == "Item"), None)
        if line is not None:
            half = min(line["quantity"], (line["quantity"] / 2).to_integral_value(ROUND_UP))
            sales.ship_sales_order(
                self.company, order=order["number"], quantities={str(line["sequence"]): half}
            )


def _if_allowed(action: Callable[[], Row]) -> None:
    """Business goes on when one document cannot be posted, such as an order that is received."""
    try:
        action()
    except Refused:
        return
