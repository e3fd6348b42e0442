"""A tenant whose runs are looked at as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import cronus
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant

MASTERS = ("products", "suppliers")


@dataclass
class House:
    """The sandbox's cronus tenant at home in a directory."""

    sandbox: Sandbox
    home: Path

    @property
    def shop(self) -> Shop:
        return self.sandbox.optiply.shops["cronus"]

    @property
    def company(self) -> Company:
        return self.sandbox.business_central.companies[cronus.NAME]

    def tenant(self, **sync: Any) -> Tenant:
        if sync:
            path = self.home / "tenants.yaml"
            document = yaml.safe_load(path.read_text())
            document["tenants"]["cronus"]["sync"] |= sync
            path.write_text(yaml.safe_dump(document))
        return registry.load(self.home).get("cronus")

    def run(self, **launch: Any) -> RunSummary:
        return run_tenant(self.tenant(), Launch(**launch))

    def requests(self, system: str) -> list[str]:
        return [f"{e.method} {e.path}" for e in self.sandbox.requests if e.system == system]


def fetched(snapshot: Snapshot, query: str) -> list[dict[str, Any]]:
    with snapshot.cursor() as cursor:
        cursor.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def runs_of(house: House) -> list[dict[str, Any]]:
    with Snapshot.open(house.tenant().snapshot_dir, read_only=True) as snapshot:
        return fetched(snapshot, "FROM ops.runs ORDER BY run_no")
