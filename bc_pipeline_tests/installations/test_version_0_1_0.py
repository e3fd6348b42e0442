"""An installation of version 0.1.0 goes on with the program as it is now."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.run.tenant_state import read_state
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.installations.frozen import TENANT, thaw

pytestmark = pytest.mark.covers("installations")

RELEASE = Path(__file__).parent / "0.1.0"
WRITES = ("created", "updated", "deleted")
STATE = (
    "bc.items",
    "optiply.products",
    "sync.products",
    "sync.buy_order_lines",
    "outbound.ledger",
    "outbound.files",
    "outbound.outcomes",
    "ops.runs",
    "ops.bookmarks",
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=20) as running:
        yield running


@pytest.fixture
def home(sandbox: Sandbox, tmp_path: Path) -> Path:
    sandbox.reset()
    thaw(sandbox, "0.1.0", tmp_path)
    return tmp_path


def tenant_of(home: Path) -> Tenant:
    return registry.load(home).get(TENANT)


def written(summary: RunSummary) -> dict[str, list[int]]:
    counts = {
        name: [getattr(result, kind) for kind in WRITES]
        for name, result in summary.entities.items()
    }
    return {name: numbers for name, numbers in counts.items() if any(numbers)}


def test_given_its_snapshot_then_it_opens_with_every_row_it_had(home: Path) -> None:
    with Snapshot.open(tenant_of(home).snapshot_dir) as snapshot:
        rows = {name: len(snapshot.frame(name)) for name in STATE}

    assert all(rows.values()), rows


def test_given_its_snapshot_then_it_can_be_looked_at_before_the_first_run(home: Path) -> None:
    state = read_state(tenant_of(home))

    assert state.last_good_run is not None
    assert state.counts["optiply/products"]


def test_given_the_same_data_then_the_next_sync_and_export_write_nothing(
    home: Path, sandbox: Sandbox
) -> None:
    shop = sandbox.optiply.shops[TENANT]
    before = shop.snapshot()

    summary = run_tenant(tenant_of(home), Launch())

    assert summary.status == "success", summary.as_json()
    assert written(summary) == {}
    assert shop.write_log == []
    assert shop.snapshot() == before
    assert [o.target for o in sandbox.requests.operations(system="bc") if o.is_write] == []


def test_given_everything_is_read_again_then_nothing_is_written_either(
    home: Path, sandbox: Sandbox
) -> None:
    summary = run_tenant(tenant_of(home), Launch(full=True))

    assert summary.status == "success", summary.as_json()
    assert written(summary) == {}
    assert sandbox.optiply.shops[TENANT].write_log == []


@pytest.mark.covers("decision 11")
def test_given_a_bill_whose_id_a_frame_had_spoilt_then_the_same_file_means_the_same_bill(
    home: Path,
) -> None:
    """Version 0.1.0 knew the record 4711 by ``4711.0``, as the file has it."""
    directory = tenant_of(home).snapshot_dir
    with duckdb.connect(directory / FILE_NAME) as connection:
        (record,) = connection.execute(
            "UPDATE outbound.ledger SET key = '4711.0', external_id = '4711.0', "
            "file = 'Bills.1.csv' WHERE key = 'bill-1' RETURNING CAST(record AS VARCHAR)"
        ).fetchone() or ("",)
    bill = {**json.loads(record), "externalId": "4711.0"}
    text = io.StringIO()
    writer = csv.DictWriter(text, bill)
    writer.writeheader()
    lists = {name: json.dumps(bill[name]) for name in ("lineItems", "expenses")}
    writer.writerow({**bill, **lists})
    (directory / "outbound").mkdir(exist_ok=True)
    (directory / "outbound" / "Bills.2.csv").write_text(text.getvalue())

    summary = run_tenant(tenant_of(home), Launch(entities=("outbound/purchase_invoices",)))

    assert summary.problems == []
    assert summary.entities["outbound/purchase_invoices"].unchanged == 1


def test_given_its_tokens_then_they_are_used_and_none_is_asked_for(
    home: Path, sandbox: Sandbox
) -> None:
    """Files of ``secrets/`` as version 0.1.0 wrote them, literally."""
    tenant = tenant_of(home)
    bc, optiply = tenant.business_central, tenant.optiply
    run_tenant(tenant, Launch(entities=("suppliers",)))
    issued = {
        system: json.loads((home / "secrets" / f"{TENANT}.{system}.json").read_text())
        for system in ("business_central", "optiply")
    }
    seeds = {
        "business_central": [bc.login_url, bc.entra_tenant, bc.client_id, None],
        "optiply": [
            optiply.login_url,
            optiply.client_id,
            optiply.client_secret.get_secret_value(),
            optiply.username,
            optiply.password.get_secret_value(),
        ],
    }
    for system, seed in seeds.items():
        kept = {
            "access_token": issued[system]["access_token"],
            "expires_at": (datetime.now(UTC) + timedelta(minutes=50)).isoformat(),
            "refresh_token": None,
            "fingerprint": sha256(json.dumps(seed).encode()).hexdigest(),
            "lifetime_seconds": 3600,
        }
        (home / "secrets" / f"{TENANT}.{system}.json").write_text(json.dumps(kept))
    sandbox.requests.clear()

    summary = run_tenant(tenant_of(home), Launch(entities=("suppliers",)))

    assert summary.status == "success"
    assert [request.path for request in sandbox.requests.of("entra")] == []
    assert [r.path for r in sandbox.requests.of("optiply") if r.path.endswith("/token")] == []


def test_given_its_settings_then_each_of_them_means_what_it_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``all-settings.json`` is what version 0.1.0 made of the file."""
    monkeypatch.setenv("ACME_SECRET", "from the environment")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "acme.refresh_token").write_text("seed\n")
    expected = json.loads((RELEASE / "all-settings.json").read_text("utf-8"))

    found = registry.load(tmp_path, RELEASE / "all-settings.yaml")

    assert found.errors == {}
    for name, settings in expected.items():
        tenant = found.tenants[name]
        assert tenant.enabled is settings.pop("enabled")
        assert tenant.snapshot_dir == tmp_path / settings.pop("snapshot_dir")
        for section, values in settings.items():
            now = {key: plain(getattr(getattr(tenant, section), key)) for key in values}
            assert now == values


def plain(value: object) -> object:
    """A setting as JSON."""
    shown = value.get_secret_value() if isinstance(value, SecretStr) else value
    return json.loads(json.dumps(shown, default=str))
