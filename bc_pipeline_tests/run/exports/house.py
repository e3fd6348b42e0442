"""The sandbox's cronus tenant with exports switched on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.run.tenant_run import TenantRun
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.to_business_central.writers import FakeWriter

CUSTOMERS = "outbound/customers"
BILLS = "outbound/purchase_invoices"
ORDERS = "outbound/purchase_orders"
FILES = (
    CUSTOMERS,
    "outbound/vendors",
    BILLS,
    "outbound/vendor_payments",
    "outbound/general_journal_lines",
)


@dataclass
class House:
    """The sandbox's cronus tenant with exports switched on and writers that are dictionaries."""

    sandbox: Sandbox
    home: Path
    writers: dict[str, FakeWriter]

    def tenant(self, **exports: Any) -> Tenant:
        path = self.home / "tenants.yaml"
        document = yaml.safe_load(path.read_text())
        document["tenants"]["cronus"]["exports"] = {"accounting": True, **exports}
        path.write_text(yaml.safe_dump(document))
        return registry.load(self.home).get("cronus")

    @property
    def directory(self) -> Path:
        return self.home / "snapshots" / "cronus"

    def run(self, *entities: str, **launch: Any) -> RunSummary:
        return run_tenant(self.tenant(), Launch(entities=entities or FILES, **launch))

    def requests(self, system: str) -> list[str]:
        return [f"{e.method} {e.path}" for e in self.sandbox.requests if e.system == system]

    def map_dimensions(self, **codes: str) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        document = {"dynamics-bc": {"dimension_mappings": codes}}
        (self.directory / "tenant-config.json").write_text(json.dumps(document))

    def held(self, *selected: str, **exports: Any) -> TenantRun:
        tenant = self.tenant(**exports)
        run = TenantRun(tenant, Launch(), run_id="x", selected=selected, hold_outbound=True)
        run.start()
        return run
