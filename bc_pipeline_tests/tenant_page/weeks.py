"""Tenants with a past: real runs over real changes, and books that say that days lie between."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bc_pipeline import clock
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import apply_to, random_changes
from bc_pipeline.sandbox.companies import cronus, wholesale
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.ordering import order_in_optiply
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenant_page.facts import gather
from bc_pipeline.tenant_page.page import render
from bc_pipeline.tenants import registry
from bc_pipeline_tests.end_to_end.installation import Installation

CHANGES = ("move_stock", "new_sales_order", "change_price", "rename_item", "new_purchase_order")
SPOILT_NAME = 'Chair <script>alert("1")</script> & "co"'
"""What may stand in a name, and must not be read as HTML."""


@dataclass
class Weeks:
    """The sandbox's two tenants at home in a directory."""

    sandbox: Sandbox
    installation: Installation

    @classmethod
    def begin(cls, sandbox: Sandbox, home: Path) -> Weeks:
        sandbox.write_tenants(home, exports=True)
        return cls(sandbox, Installation(sandbox, home))

    @property
    def home(self) -> Path:
        return self.installation.home

    def company(self, tenant: str) -> Company:
        name = {"cronus": cronus.NAME, "wholesale": wholesale.NAME}[tenant]
        return self.sandbox.business_central.companies[name]

    def work(self, tenant: str, changes: Iterable[int], every: timedelta) -> None:
        """Runs with as many changes before each, and as much time after it."""
        for seed, count in enumerate(changes):
            if count:
                random_changes(self.company(tenant), seed=seed, count=count, kinds=list(CHANGES))
            self.installation.sync(tenant)
            self.let_pass(tenant, every)

    def let_pass(self, tenant: str, time: timedelta) -> None:
        """Everything that stands in the books happened so much longer ago."""
        directory = self.installation.tenant(tenant).snapshot_dir
        with Snapshot.open(directory) as snapshot, snapshot.transaction() as cursor:
            for statement in (
                "UPDATE ops.runs SET started_at = started_at - $t, ended_at = ended_at - $t",
                "UPDATE outbound.ledger SET updated_at = updated_at - $t",
            ):
                cursor.execute(statement, {"t": time})

    def order(self, tenant: str) -> None:
        """Somebody orders in Optiply."""
        order_in_optiply(self.sandbox.optiply.shops[tenant], self.company(tenant))

    def lose_items(self, tenant: str, count: int) -> None:
        """Items vanish from Business Central, more than anybody deletes at once."""
        company = self.company(tenant)
        for row in company.find("items")[-count:]:
            company.delete("items", row["id"])

    def rename_first(self, tenant: str, name: str) -> None:
        """Somebody gives the first item another name."""
        company = self.company(tenant)
        first = company.find("items")[0]["number"]
        apply_to(company, "rename_item", {"item": first, "name": name})

    def page(self, tenant: str) -> Path:
        """The tenant's page as it is now, in a file."""
        path = self.home / f"{tenant}.html"
        facts = gather(registry.load(self.home), tenant, clock.now())
        path.write_text(render(facts), "utf-8")
        return path

    def drop_file(self, tenant: str, name: str, *records: dict[str, object]) -> None:
        """A producer leaves a file."""
        place = self.installation.tenant(tenant).snapshot_dir / "outbound" / name
        place.parent.mkdir(exist_ok=True)
        place.write_text("".join(json.dumps(each) + "\n" for each in records), "utf-8")
