"""Brings a frozen installation back: the tenant's files as a release left them, and in the sandbox
the Business Central company and the Optiply account it was synced with, as they were then."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale_pages
from bc_pipeline.sandbox.companies.dimension_pages import publish_dimensions
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.optiply.store import Shop
from bc_pipeline.sandbox.tenants import WHOLESALE
from bc_pipeline.snapshot.store import FILE_NAME
from bc_pipeline_tests.installations.freeze import BASE_URL

TENANT = WHOLESALE
# Items and units first: what others are counted for; ledger entries name both.
_FIRST = ("items",)


def thaw(sandbox: Sandbox, release: str, home: Path) -> None:
    """Puts the tenant ``wholesale`` of a release below ``home`` and into the sandbox.

    Args:
        sandbox: running; what it has under that name is replaced.
        release: ``0.1.0``.
        home: BC_PIPELINE_HOME to be.
    """
    frozen = Path(__file__).parent / release
    snapshot_dir = home / "snapshots" / TENANT
    snapshot_dir.mkdir(parents=True)
    content = gzip.decompress((frozen / f"{FILE_NAME}.gz").read_bytes())
    (snapshot_dir / FILE_NAME).write_bytes(content)
    settings = (frozen / "tenants.yaml").read_text("utf-8").replace(BASE_URL, sandbox.base_url)
    (home / "tenants.yaml").write_text(settings, "utf-8")
    _company(sandbox, _read(frozen / "business_central.json.gz"))
    _account(sandbox, _read(frozen / "optiply.json.gz"))


def _company(sandbox: Sandbox, document: dict[str, Any]) -> None:
    company = Company(
        document["name"],
        display_name=document["display_name"],
        currency_code=document["currency_code"],
        clock=sandbox.clock,
        seed=-1,  # ids of its own, should anything be added
        id=document["id"],
    )
    tables = document["tables"]
    for name in sorted(tables, key=lambda name: name not in _FIRST):
        for row in tables[name]:
            company.insert(name, row)
    wholesale_pages.publish(company)
    publish_dimensions(company)
    sandbox.business_central.add(company)


def _account(sandbox: Sandbox, document: dict[str, Any]) -> None:
    """The shop with every row under the id it had."""
    shop = sandbox.optiply.shops[TENANT]
    assert (shop.account_id, shop.coupling_id) == (document["account_id"], document["coupling_id"])
    shop.clear()
    usual = shop.next_id
    for name, rows in document["rows"].items():
        if name != "accounts":
            _rows(shop, name, rows)
    shop.next_id = usual
    shop.write_log.clear()


def _rows(shop: Shop, name: str, rows: list[dict[str, Any]]) -> None:
    ids: Iterator[int] = iter([row["id"] for row in rows])
    shop.next_id = lambda: next(ids)
    for row in rows:
        by_user = not row["createdFromPublicApi"]
        shop.create(name, row, shop.coupling_id, by_user=by_user)
        shop.get(name, row["id"]).update(
            {key: row[key] for key in ("uuid", "createdAt", "updatedAt")}
        )


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()), object_hook=_plain)
    return document


def _plain(value: dict[str, Any]) -> Any:
    return Decimal(value["decimal"]) if value.keys() == {"decimal"} else value
