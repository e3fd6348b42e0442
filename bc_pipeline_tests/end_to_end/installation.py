"""An installation in a directory, synced against a sandbox without Dagster in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.optiply.store import Shop
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant


@dataclass
class Installation:
    """BC_PIPELINE_HOME with the sandbox's two tenants."""

    sandbox: Sandbox
    home: Path

    @classmethod
    def create(cls, sandbox: Sandbox, home: Path) -> Installation:
        sandbox.write_tenants(home)
        return cls(sandbox, home)

    def change_settings(self, tenant: str, section: str, **settings: Any) -> None:
        """Writes settings of one tenant into tenants.yaml."""
        path = self.home / "tenants.yaml"
        document = yaml.safe_load(path.read_text("utf-8"))
        document["tenants"][tenant].setdefault(section, {}).update(settings)
        path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")

    def point_to(self, tenant: str, shop: Shop) -> None:
        """Lets a tenant write to another shop of the sandbox."""
        self.change_settings(
            tenant,
            "optiply",
            client_id=shop.client_id,
            client_secret=shop.client_secret,
            username=shop.username,
            password=shop.password,
            account_id=shop.account_id,
            coupling_id=shop.coupling_id,
        )

    def tenant(self, name: str) -> Tenant:
        return registry.load(self.home).get(name)

    def sync(self, name: str, **launch: Any) -> RunSummary:
        return run_tenant(self.tenant(name), Launch(**launch))


def counts(summary: RunSummary, kind: str) -> Mapping[str, int]:
    """How many records of each written entity ended as ``kind``, entities without any left out."""
    return {
        name: getattr(result, kind)
        for name, result in summary.optiply_entities()
        if getattr(result, kind)
    }
