"""A tenant whose buy orders go to the sandbox's Business Central: everything speaks HTTP."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from bc_pipeline.report import EntityResult, RunSummary
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.company.settings import CompanySettings
from bc_pipeline.sandbox.optiply.store import Shop
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central import ledger_rows as rows
from bc_pipeline.to_business_central.buy_orders.buy_order import ENTITY, TASK
from bc_pipeline.to_business_central.export_types import LedgerEntry
from bc_pipeline_tests.end_to_end.installation import Installation
from bc_pipeline_tests.to_optiply.shop import put_back, rows_of

TENANT = "wholesale"
CREATION = r"/purchaseOrders\?$"
"""Where purchase orders are made, as faults see it."""
ABOUT_ORDERS = (
    "optiply/buy_orders",
    "optiply/buy_order_lines",
    "optiply/receipt_lines",
    TASK,
)
Row = dict[str, Any]


class Killed(BaseException):
    """The process is gone: nothing is sent and nothing is written any more."""


@dataclass
class OrdersWorld:
    """The tenant ``wholesale``, synced once; every test makes buy orders of its own."""

    sandbox: Sandbox
    installation: Installation

    @classmethod
    def create(cls, sandbox: Sandbox, home: Path) -> OrdersWorld:
        world = cls(sandbox, Installation.create(sandbox, home))
        world.configure(buy_orders=True)
        assert world.sync(entities=()).status == "success"
        return world

    def kept(self) -> Kept:
        """What ``Kept.again`` goes back to."""
        tables, settings = rows_of(self.shop), deepcopy(self.company.settings)
        return Kept(self, self.company.twin(), settings, tables)

    @property
    def shop(self) -> Shop:
        return self.sandbox.optiply.shops[TENANT]

    @property
    def company(self) -> Company:
        name = self.installation.tenant(TENANT).business_central.company
        return self.sandbox.business_central.companies[name]

    def configure(self, **exports: Any) -> None:
        """Changes settings under ``exports``; None takes one away."""
        self.installation.change_settings(TENANT, "exports", **exports)

    # --- Optiply ---------------------------------------------------------------------------------

    @property
    def suppliers(self) -> list[Row]:
        """Suppliers whose vendor is paid in the company's currency and may be ordered from."""
        vendors = self.company.tables["vendors"]
        return [
            row
            for row in self.shop.rows("suppliers")
            if row["remoteId"] in vendors
            and vendors[row["remoteId"]]["blocked"] != "All"
            and vendors[row["remoteId"]]["currencyCode"] in ("", "EUR")
        ]

    @property
    def products(self) -> list[Row]:
        """Products whose item may be ordered."""
        items = self.company.tables["items"]
        return [
            row
            for row in self.shop.rows("products")
            if row["remoteId"] in items
            and not items[row["remoteId"]]["blocked"]
            and not row["notBeingBought"]
        ]

    def order(self, *lines: tuple[int, int, str], supplier: int = 0, **attributes: Any) -> int:
        """A buy order made by a user; lines are (place in ``products``, quantity, subtotal)."""
        products = self.products
        given = lines or ((0, 10, "25.00"), (1, 4, "8.00"))
        row = self.shop.add_by_user(
            "buyOrders",
            {
                "placed": self.now(),
                "totalValue": "33.00",
                "supplierId": self.suppliers[supplier]["id"],
                "orderLines": [
                    {"productId": products[p]["id"], "quantity": q, "subtotalValue": s}
                    for p, q, s in given
                ],
                **attributes,
            },
        )
        return int(row["id"])

    def now(self, **later: float) -> str:
        moment = datetime.now(UTC) + timedelta(**later)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def buy_order(self, order_id: int) -> Row:
        (row,) = [row for row in self.shop.rows("buyOrders") if row["id"] == order_id]
        return row

    def buy_order_lines(self, order_id: int) -> list[Row]:
        return [row for row in self.shop.rows("buyOrderLines") if row["buyOrderId"] == order_id]

    def receipt_lines(self, line_id: int) -> list[Row]:
        return [r for r in self.shop.rows("receiptLines") if r["buyOrderLineId"] == line_id]

    # --- Business Central --------------------------------------------------------------------

    def purchase_orders(self, order_id: int) -> list[Row]:
        """Those that carry the marker of a buy order."""
        tables = self.company.tables
        ids = {
            line["documentId"]
            for line in tables["purchaseOrderLines"].values()
            if line["lineType"] == "Comment" and line["description"] == f"OP-{order_id}"
        }
        numbered = [o for o in tables["purchaseOrders"].values() if o["number"] == f"OP-{order_id}"]
        return [tables["purchaseOrders"][id_] for id_ in sorted(ids)] + numbered

    def purchase_order(self, order_id: int) -> Row:
        (row,) = self.purchase_orders(order_id)
        return row

    def lines(self, purchase_order: Row) -> list[Row]:
        """Its lines about items, by number."""
        return [x for x in self.all_lines(purchase_order) if x["lineType"] == "Item"]

    def all_lines(self, purchase_order: Row) -> list[Row]:
        rows = self.company.find("purchaseOrderLines", documentId=purchase_order["id"])
        return sorted(rows, key=lambda row: int(row["sequence"]))

    def dimensions(self, parent_id: str) -> dict[str, str]:
        """Value code by dimension code of an order or line."""
        found = self.company.find("dimensionSetLines", parentId=parent_id)
        return {row["code"]: row["valueCode"] for row in found}

    # --- runs ----------------------------------------------------------------------------------

    def export(self, **launch: Any) -> EntityResult:
        """An export on its own; its part of the result."""
        self.sandbox.requests.clear()
        summary = self.installation.sync(TENANT, entities=(TASK,), **launch)
        assert summary.entities, summary.reason
        return summary.entities[TASK]

    def sync(self, **launch: Any) -> RunSummary:
        """Import and export of what has to do with buy orders."""
        launch.setdefault("entities", ABOUT_ORDERS)
        self.sandbox.requests.clear()
        return self.installation.sync(TENANT, **launch)

    def sent(self, method: str, path: str, system: str = "bc") -> list[Any]:
        """The requests of the last run to a path."""
        return [
            entry
            for entry in self.sandbox.requests
            if entry.system == system and entry.method == method and path in entry.path
        ]

    def posted(self) -> list[Row]:
        """The bodies of the purchase orders the last run has sent."""
        return [orjson.loads(e.body) for e in self.sent("POST", "/purchaseOrders")]

    def entry(self, order_id: int) -> LedgerEntry | None:
        tenant = self.installation.tenant(TENANT)
        with Snapshot.open(tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
            return rows.entries(cursor, ENTITY, [str(order_id)]).get(str(order_id))

    def forget(self, *statements: str) -> None:
        """Change the snapshot by hand."""
        tenant = self.installation.tenant(TENANT)
        with Snapshot.open(tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def dying(self, at: int, *, answered: bool, path: str = "/bc/") -> Iterator[Callable[[], bool]]:
        """The block is run by a process that ends at its request number ``at`` to ``path``,
        before it is sent or before its answer is seen. Yields whether it did."""
        death = _Death(at, answered=answered, path=path)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(threading, "excepthook", lambda _: None)
            patch.setattr(requests.Session, "request", death.lookups(requests.Session.request))
            patch.setattr(Snapshot, "writing", death.writing(Snapshot.writing))
            patch.setattr(Snapshot, "transaction", death.writing(Snapshot.transaction))
            yield lambda: death.struck


@dataclass(frozen=True)
class Kept:
    """The world as it was left, with what Business Central and Optiply held: a first sync takes
    longer than a module's tests of what comes afterwards."""

    left: OrdersWorld
    company: Company
    settings: CompanySettings
    rows: dict[str, Any]

    def again(self, home: Path) -> OrdersWorld:
        """Both systems as they were, and the installation in another, not yet existing home."""
        sandbox = self.left.sandbox
        sandbox.faults.clear()
        self.left.company.become(self.company)
        self.left.company.settings = deepcopy(self.settings)
        put_back(self.left.shop, self.rows)
        shutil.copytree(self.left.installation.home, home)
        return OrdersWorld(sandbox, Installation(sandbox, home))


class _Death:
    def __init__(self, at: int, *, answered: bool, path: str) -> None:
        self._at = at
        self._answered = answered
        self._path = path
        self._requests = 0
        self._lock = threading.Lock()
        self.struck = False

    def check(self) -> None:
        if self.struck:
            raise Killed

    def lookups(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def sending(session: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
            with self._lock:
                self.check()
                self._requests += self._path in url
                last = self._path in url and self._requests == self._at
                if last and not self._answered:
                    self.struck = True
            self.check()
            answer = send(session, method, url, *args, **options)
            if last:
                self.struck = True
            self.check()
            return answer

        return sending

    def writing(self, begin: Callable[..., Any]) -> Callable[..., Any]:
        def beginning(*args: Any) -> Any:
            self.check()
            return begin(*args)

        return beginning
