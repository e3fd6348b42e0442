"""Makes a frozen installation: the state of one tenant, and of the Business Central company and
Optiply account it was synced with, as the version of the program at hand leaves it.

    PYTHONPATH=<checkout of a release> python bc_pipeline_tests/installations/freeze.py DIRECTORY

``frozen.py`` brings it back. Frozen once per release and never changed afterwards.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from bc_pipeline.cli import demo_exports
from bc_pipeline.cli.demo_scenes import a_day_at_work
from bc_pipeline.report import Launch
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox import Sandbox, ordering
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.company import ETAG, Company
from bc_pipeline.sandbox.optiply.schema import RESOURCES
from bc_pipeline.sandbox.optiply.store import Shop
from bc_pipeline.sandbox.tenants import WHOLESALE, switch_exports_on
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline.tenants import registry

BASE_URL = "http://127.0.0.1:8410"
"""Stands in the frozen tenants.yaml for the address of the sandbox."""


def freeze(directory: Path) -> None:
    """Sync, change, export, sync; then write down what every system holds."""
    with Sandbox(wholesale_items=20) as sandbox, tempfile.TemporaryDirectory() as home:
        service, clock = sandbox.business_central, sandbox.clock
        company = service.add(wholesale.build(clock=clock, seed=1, items=20, months=1))
        shop = sandbox.optiply.shops[WHOLESALE]
        path = sandbox.write_tenants(Path(home))
        _run(Path(home))
        list(a_day_at_work(company))
        _run(Path(home))
        switch_exports_on(path)
        order = ordering.order_in_optiply(shop, company)
        snapshot_dir = registry.load(Path(home)).get(WHOLESALE).snapshot_dir
        demo_exports.drop_files(company, snapshot_dir, clock().date())
        _run(Path(home))
        demo_exports.receive(company, order.id)
        _run(Path(home))
        directory.mkdir(parents=True)
        _write(directory / "business_central.json.gz", _company(company))
        _write(directory / "optiply.json.gz", _shop(shop))
        with Snapshot.open(snapshot_dir) as snapshot, snapshot.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        content = (snapshot_dir / FILE_NAME).read_bytes()
        (directory / f"{FILE_NAME}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        settings = path.read_text("utf-8").replace(sandbox.base_url, BASE_URL)
        (directory / "tenants.yaml").write_text(settings, "utf-8")


def _run(home: Path) -> None:
    summary = run_tenant(registry.load(home).get(WHOLESALE), Launch())
    print(summary.as_json(), file=sys.stderr)  # noqa: T201


def _company(company: Company) -> dict[str, Any]:
    return {
        "name": company.name,
        "display_name": company.display_name,
        "currency_code": company.currency_code,
        "id": company.id,
        "tables": {
            name: [
                {key: value for key, value in row.items() if key != ETAG}
                for row in company.find(name)
            ]
            for name in sorted(company.tables)
        },
    }


def _shop(shop: Shop) -> dict[str, Any]:
    return {
        "account_id": shop.account_id,
        "coupling_id": shop.coupling_id,
        "rows": {name: shop.rows(name) for name in RESOURCES},
    }


def _write(path: Path, document: object) -> None:
    text = json.dumps(document, default=_tagged, ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _tagged(value: object) -> object:
    """A decimal, which JSON has no exact form for."""
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    raise TypeError(type(value).__name__)


if __name__ == "__main__":
    freeze(Path(sys.argv[1]))
