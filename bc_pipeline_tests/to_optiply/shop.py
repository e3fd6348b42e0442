"""A tenant with an empty snapshot and an empty Optiply shop, and hand-filled wanted rows."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bc_pipeline.catalogue.columns import ensure_tables
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.report import EntityResult
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.faults import Fault
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_optiply.resource_sync import Rules, SyncContext, sync_resource

_numbers = itertools.count(1)


def make_tenant(sandbox: Sandbox, shop: Shop, home: Path, **optiply: Any) -> Tenant:
    """A tenant of the given shop, with its snapshot below ``home``."""
    return Tenant.model_validate(
        {
            "name": "acme",
            "snapshot_dir": home / "snapshots" / "acme",
            "home": home,
            "business_central": {
                "environment_name": "Production",
                "company": "CRONUS",
                "client_id": "unused",
                "client_secret": "unused",
            },
            "optiply": {
                "api_url": f"{sandbox.base_url}/optiply/v1",
                "login_url": f"{sandbox.base_url}/optiply-login/api",
                "client_id": shop.client_id,
                "client_secret": shop.client_secret,
                "username": shop.username,
                "password": shop.password,
                "account_id": shop.account_id,
                "coupling_id": shop.coupling_id,
                "requests_per_second": 1000,
                "read_timeout_seconds": 5,
                **optiply,
            },
        }
    )


@dataclass
class Bench:
    """One tenant under test; ``sync`` is one run of one resource."""

    sandbox: Sandbox
    shop: Shop
    tenant: Tenant
    snapshot: Snapshot
    optiply: Optiply
    cancel: threading.Event
    run_no: int = 0

    def want(self, resource: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make ``rows`` the wanted rows; ``decision`` is ``write`` unless given."""
        with self.snapshot.cursor() as cursor:
            ensure_tables(cursor)
            cursor.execute(f"DELETE FROM optiply.{resource}")
            for row in rows:
                values = {"decision": "write", "reference": row["remote_id"], **row}
                names = ", ".join(f'"{name}"' for name in values)
                marks = ", ".join("?" for _ in values)
                cursor.execute(
                    f"INSERT INTO optiply.{resource} ({names}) VALUES ({marks})",
                    list(values.values()),
                )

    def sync(self, resource: str, **rules: Any) -> EntityResult:
        """One run of one resource; raises what the engine raises."""
        result = EntityResult(name=f"optiply/{resource}")
        self.try_sync(resource, result, **rules)
        return result

    def try_sync(self, resource: str, result: EntityResult, **rules: Any) -> None:
        """As ``sync``, with a result that can be looked at after a failure."""
        self.run_no += 1
        with ThreadPoolExecutor(self.optiply.concurrency) as pool:
            context = SyncContext(
                self.tenant, self.snapshot, self.optiply, pool, self.run_no, self.cancel
            )
            sync_resource(context, RESOURCES[resource], Rules(**rules), result)

    def link(self, item: int, vendor: int, **changes: Any) -> dict[str, Any]:
        """A wanted supplier product of records that stand in Optiply."""
        return {
            "remote_id": f"item-{item}_vendor-{vendor}",
            "name": f"Item {item}",
            "productId": self.optiply_id("products", f"item-{item}"),
            "supplierId": self.optiply_id("suppliers", f"vendor-{vendor}"),
            "price": "8.00",
            "preferred": True,
            "status": "enabled",
            **changes,
        }

    def cancel_after(self, method: str, number: int) -> None:
        """Cancel the run once Optiply has received ``number`` such writes."""

        def watch() -> None:
            while sum(w.method == method for w in self.shop.write_log) < number:
                time.sleep(0.002)
            self.cancel.set()

        threading.Thread(target=watch, daemon=True).start()

    def state(self, resource: str, remote_id: str) -> dict[str, Any]:
        """The row of the id map."""
        with self.snapshot.cursor() as cursor:
            cursor.execute(f"SELECT * FROM sync.{resource} WHERE remote_id = ?", [remote_id])
            names = [column[0] for column in cursor.description]
            row = cursor.fetchone()
        assert row is not None, f"{remote_id} is not in the id map"
        return dict(zip(names, row, strict=True))

    def writes(self, resource: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """(method, attributes) of the writes Optiply received, without the sender's clock."""
        return [
            (
                write.method,
                {n: v for n, v in write.attributes.items() if n != "remoteDataSyncedToDate"},
            )
            for write in self.shop.write_log
            if resource in (None, write.resource)
        ]

    def rows(self, resource: str) -> dict[str, dict[str, Any]]:
        """Optiply's rows by remote id; fails when two carry the same."""
        rows = self.shop.rows(resource)
        found = {row["remoteId"]: row for row in rows}
        assert len(found) == len(rows), f"duplicates in {resource}"
        return found

    def optiply_id(self, resource: str, remote_id: str) -> int:
        return int(self.state(resource, remote_id)["optiply_id"])

    def fault(self, action: Any, **options: Any) -> Fault:
        """A fault of Optiply's API; its token endpoint goes on working."""
        options.setdefault("path", "/optiply/v1/")
        return self.sandbox.faults.add("optiply", action=action, **options)

    def refuse(self, status: int, message: str, **options: Any) -> Fault:
        """Answer requests with an error."""
        body = {"errors": [{"meta": {"message": message}}]}
        return self.fault("status", status=status, body=body, **options)

    def forget_writes(self) -> None:
        self.shop.write_log.clear()

    def forget_map(self, *resources: str) -> None:
        """What is left when the snapshot is lost."""
        with self.snapshot.cursor() as cursor:
            for resource in resources or tuple(RESOURCES):
                cursor.execute(f"DELETE FROM sync.{resource}")


@contextmanager
def bench(
    sandbox: Sandbox, home: Path, *, of: Shop | None = None, **optiply: Any
) -> Iterator[Bench]:
    """A tenant and no faults; its shop is empty unless given, its snapshot unless ``home`` has
    one."""
    sandbox.faults.clear()
    shop = of or sandbox.optiply.add_shop(f"shop-{next(_numbers)}")
    tenant = make_tenant(sandbox, shop, home, **optiply)
    cancel = threading.Event()
    client = Optiply(tenant, TokenStore(home), cancel=cancel)
    with Snapshot.open(tenant.snapshot_dir) as snapshot:
        yield Bench(sandbox, shop, tenant, snapshot, client, cancel)
    client.close()


class Kept:
    """A tenant and its shop as they were left, to go on from more than once: sending takes longer
    than most tests of what comes afterwards.

    Args:
        left: closed; nobody goes on with it but through this.
    """

    def __init__(self, left: Bench) -> None:
        self._left = left
        self._snapshot = left.snapshot.path.read_bytes()
        self._rows = rows_of(left.shop)

    @contextmanager
    def again(self, home: Path) -> Iterator[Bench]:
        """As it was left, in another home; nothing written yet."""
        shop = self._left.shop
        put_back(shop, self._rows)
        path = make_tenant(self._left.sandbox, shop, home).snapshot_dir / FILE_NAME
        path.parent.mkdir(parents=True)
        path.write_bytes(self._snapshot)
        with bench(self._left.sandbox, home, of=shop) as running:
            running.run_no = self._left.run_no
            yield running


def rows_of(shop: Shop) -> dict[str, Any]:
    """A copy of all that a shop holds, for ``put_back``."""
    tables = vars(shop._tables).items()
    return deepcopy({name: value for name, value in tables if name != "lock"})


def put_back(shop: Shop, rows: dict[str, Any]) -> None:
    """A shop as it was, and nothing written yet."""
    vars(shop._tables).update(deepcopy(rows))
    shop.write_log.clear()


def product(number: int, **changes: Any) -> dict[str, Any]:
    """A wanted product."""
    return {
        "remote_id": f"item-{number}",
        "name": f"Item {number}",
        "skuCode": f"SKU{number}",
        "price": "12.50",
        "stockLevel": number,
        "unlimitedStock": False,
        "status": "enabled",
        **changes,
    }


def supplier(number: int, **changes: Any) -> dict[str, Any]:
    """A wanted supplier."""
    return {
        "remote_id": f"vendor-{number}",
        "name": f"Vendor {number}",
        "emails": [f"orders@vendor{number}.example"],
        "ignored": False,
        "type": "vendor",
        **changes,
    }


def sell_order(
    number: int, lines: Sequence[tuple[int, int, str]], **changes: Any
) -> dict[str, Any]:
    """A wanted sell order; lines are (productId, quantity, subtotalValue)."""
    total = sum((Decimal(subtotal) for _, _, subtotal in lines), Decimal(0))
    return {
        "remote_id": f"invoice-{number}",
        "placed": f"2026-01-{number % 28 + 1:02}T00:00:00Z",
        "completed": f"2026-01-{number % 28 + 1:02}T00:00:00Z",
        "totalValue": str(total),
        "orderLines": [
            {"productId": product_id, "quantity": quantity, "subtotalValue": Decimal(subtotal)}
            for product_id, quantity, subtotal in lines
        ],
        **changes,
    }


def buy_order(number: int, supplier_id: int, **changes: Any) -> dict[str, Any]:
    """A wanted buy order."""
    return {
        "remote_id": f"order-{number}",
        "placed": "2026-02-01T00:00:00Z",
        "totalValue": "100.00",
        "supplierId": supplier_id,
        "assembly": False,
        "extra": f'{{"po_number":"PO{number}","vendor_id":"vendor-1"}}',
        **changes,
    }


def order_line(
    number: int, order: int, order_id: int | None, product_id: int, **changes: Any
) -> dict[str, Any]:
    """A wanted line of a buy order."""
    return {
        "remote_id": f"line-{number}",
        "buyOrderId": order_id,
        "productId": product_id,
        "quantity": 5,
        "subtotalValue": "50.00",
        "decision": "defer" if order_id is None else "write",
        "extra": f'{{"po_number":"PO{order}","sequence":{number},"document_id":"order-{order}"}}',
        **changes,
    }


def receipt_line(number: int, line_id: int, **changes: Any) -> dict[str, Any]:
    """A wanted receipt line."""
    return {
        "remote_id": f"receipt-{number}",
        "buyOrderLineId": line_id,
        "quantity": 2,
        "occurred": "2026-02-03T00:00:00Z",
        **changes,
    }
