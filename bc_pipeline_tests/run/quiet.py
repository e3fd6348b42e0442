"""A tenant in which nothing has changed since its last tick."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bc_pipeline.report import RunSummary
from bc_pipeline.run.execute import tick_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant

TENANT = "wholesale"


@dataclass
class Quiet:
    """A tenant in which nothing has changed since its last tick."""

    sandbox: Sandbox
    home: Path

    @property
    def tenant(self) -> Tenant:
        return registry.load(self.home).get(TENANT)

    @property
    def company(self) -> Company:
        return self.sandbox.business_central.companies[self.tenant.business_central.company]

    @property
    def shop(self) -> Shop:
        return self.sandbox.optiply.shops[TENANT]

    @property
    def directory(self) -> Path:
        return self.tenant.snapshot_dir

    def change(self, kind: str, /, **params: Any) -> str:
        return apply_to(self.company, kind, params)

    def tick(self, **how: Any) -> RunSummary:
        self.sandbox.requests.clear()
        return tick_tenant(self.tenant, **how)

    def requests(self, system: str) -> list[str]:
        return [
            f"{e.method} {e.path.rsplit('/', 1)[-1]}"
            for e in self.sandbox.requests
            if e.system == system
        ]

    def item(self) -> str:
        rows = self.company.tables["items"].values()
        return str(next(r["number"] for r in rows if not r["blocked"] and r["type"] == "Inventory"))

    def stock_sent(self, number: str) -> int:
        (row,) = [r for r in self.shop.rows("products") if r["skuCode"] == number]
        return int(row["stockLevel"])

    def settings(self, **sync: Any) -> None:
        path = self.home / "tenants.yaml"
        document = yaml.safe_load(path.read_text("utf-8"))
        document["tenants"][TENANT].setdefault("sync", {}).update(sync)
        path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")

    def sql(self, statement: str) -> None:
        with Snapshot.open(self.directory) as snapshot, snapshot.transaction() as cursor:
            cursor.execute(statement)


def ran(summary: RunSummary) -> bool:
    return bool(summary.run_id)
