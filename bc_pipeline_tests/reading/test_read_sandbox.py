"""Reading both companies of the sandbox, which plays Business Central as it should be."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.catalogue.entities import ENTITIES, selected_entities
from bc_pipeline.errors import ReadFailed
from bc_pipeline.reading.entity import ReadResult, read_entity
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import apply_to, random_changes
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.business_central.fake import QUICK


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=60) as running:
        yield running


@dataclass
class Shop:
    """A tenant of the sandbox with its snapshot; each read is a run of its own."""

    sandbox: Sandbox
    tenant: Tenant
    snapshot: Snapshot
    runs: int = 0
    requests: int = 0

    def read(self, *names: str, full: bool = False) -> dict[str, ReadResult]:
        self.runs += 1
        wanted = [
            entity for entity in selected_entities(self.tenant) if not names or entity.name in names
        ]
        tokens = TokenStore(self.tenant.home)
        with (
            BusinessCentral(self.tenant, tokens, backoff=QUICK) as bc,
            ThreadPoolExecutor(8) as pool,
        ):
            bc.preflight()
            results = pool.map(
                lambda entity: read_entity(bc, self.snapshot, entity, run_no=self.runs, full=full),
                wanted,
            )
            found = {result.entity: result for result in results}
        self.requests = bc.counter.total
        return found

    def contents(self) -> dict[str, list[Any]]:
        with self.snapshot.cursor() as cursor:
            return {
                table.name: cursor.execute(
                    "SELECT * EXCLUDE (_row_hash, _seen_run, _read_at) "
                    f"FROM bc.{table.name} ORDER BY ALL"
                ).fetchall()
                for entity in selected_entities(self.tenant)
                for table in (entity.table, entity.lines)
                if table
            }


def open_shop(sandbox: Sandbox, home: Path, name: str) -> Shop:
    sandbox.reset()
    sandbox.write_tenants(home)
    tenant = registry.load(home).tenants[name]
    return Shop(sandbox, tenant, Snapshot.open(tenant.snapshot_dir))


@pytest.fixture(params=["cronus", "wholesale"])
def shop(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Shop]:
    shop = open_shop(sandbox, tmp_path, request.param)
    with shop.snapshot:
        yield shop


@pytest.fixture
def cronus(sandbox: Sandbox, tmp_path: Path) -> Iterator[Shop]:
    shop = open_shop(sandbox, tmp_path, "cronus")
    with shop.snapshot:
        yield shop


def test_given_a_company_then_every_entity_is_read_and_a_second_run_brings_nothing_new(shop: Shop):
    first = shop.read()

    assert all(result.complete for result in first.values())
    assert all(result.rows for name, result in first.items() if name not in EMPTY)
    before = shop.contents()

    second = shop.read()

    assert all(result.complete for result in second.values())
    assert (
        sum(result.changed + result.deleted + result.lines_changed for result in second.values())
        == 0
    )
    assert shop.contents() == before
    assert not any(result.warnings for result in (*first.values(), *second.values()))


EMPTY = {"bc/bom_components"}
"""May hold nothing in a small company."""


def test_given_nothing_new_then_a_run_takes_at_most_14_requests(cronus: Shop):
    cronus.read()
    cronus.read()

    assert cronus.requests <= 14


def test_given_a_whole_run_then_each_request_says_what_bc_asks_for(cronus: Shop):
    cronus.read()

    asked = [each for each in cronus.sandbox.requests.of("bc") if each.method == "GET"]
    assert asked
    for each in asked:
        assert each.status == 200
        assert each.headers["data-access-intent"] == "ReadOnly"
        assert each.headers["accept-language"] == "en-US"
        assert "gzip" in each.headers["accept-encoding"]
        assert "$select" in each.query or "optiply" in each.path or "ODataV4" in each.path


@pytest.mark.parametrize(
    "action",
    [
        *("status", "throttled", "unavailable", "deadlock", "try_again", "expired_token"),
        *("drop", "truncate", "cut", "not_json", "no_value"),
    ],
)
def test_given_passing_trouble_then_the_mirror_is_what_it_would_have_been(
    cronus: Shop, action: Any
):
    cronus.read("bc/sales_invoices")
    expected = cronus.contents()
    fault = cronus.sandbox.faults.add(
        "bc", action=action, path="salesInvoices", times=1 if action == "expired_token" else 2
    )

    result = cronus.read("bc/sales_invoices", full=True)["bc/sales_invoices"]

    assert fault.hits
    assert result.complete
    assert result.retried >= 1
    assert cronus.contents() == expected


@pytest.mark.covers("decision 26")
def test_given_next_links_without_host_then_everything_is_read(cronus: Shop):
    cronus.read("bc/sales_invoices")
    expected = cronus.contents()
    cronus.sandbox.faults.add("bc", action="path_next_link", path="salesInvoices", times=None)
    small = replace(ENTITIES["bc/sales_invoices"], page_size=50)

    tokens = TokenStore(cronus.tenant.home)
    with BusinessCentral(cronus.tenant, tokens, backoff=QUICK) as bc:
        result = read_entity(bc, cronus.snapshot, small, run_no=2, full=True)

    assert result.pages > 2
    assert cronus.contents() == expected


@pytest.mark.parametrize("action", ["repeat_next_link", "foreign_next_link", "cut", "unavailable"])
def test_given_trouble_that_stays_then_the_read_failed_and_nothing_changed(
    cronus: Shop, action: Any
):
    cronus.read("bc/sales_invoices")
    expected = cronus.contents()
    cronus.sandbox.faults.add("bc", action=action, path="salesInvoices", times=None)

    with pytest.raises(ReadFailed):
        cronus.read("bc/sales_invoices", full=True)

    assert cronus.contents() == expected


def test_given_random_changes_with_incremental_reads_between_then_it_equals_a_full_read(
    shop: Shop, tmp_path: Path
):
    company = _company(shop)
    chance = random.Random(7)
    shop.read()
    for _ in range(4):
        random_changes(company, chance.randrange(10**6), 15)
        shop.read()
    followed = shop.contents()

    shop.read(full=True)

    assert followed == shop.contents()


@pytest.mark.covers("decision 21", "sandbox: phantoms")
def test_given_vendors_committed_hours_late_then_the_next_read_brings_them(cronus: Shop):
    company = _company(cronus)
    late = [
        cronus.sandbox.postings.begin(company, "new_vendor", {"name": f"Late {n}"}, hours_ago=5)
        for n in range(3)
    ]
    apply_to(company, "new_vendor", {"name": "In time"})
    cronus.read("bc/vendors")
    for posting in late:
        cronus.sandbox.postings.end(posting).commit()

    result = cronus.read("bc/vendors")["bc/vendors"]

    assert (result.mode, result.changed, result.requests) == ("incremental", 3, 3)
    followed = cronus.contents()
    cronus.read("bc/vendors", full=True)
    assert followed == cronus.contents()


@pytest.mark.covers("decision 20", "sandbox: replica lag")
def test_given_replicas_that_lag_then_one_read_after_the_last_change_shows_everything(
    cronus: Shop,
):
    company = _company(cronus)
    cronus.sandbox.business_central.set_replica_lag(seconds=30)
    cronus.read()
    for seed in range(4):
        random_changes(company, seed, 12)
        cronus.sandbox.clock.advance(10)
        cronus.read()
    cronus.sandbox.clock.advance(30)

    results = cronus.read()
    followed = cronus.contents()
    cronus.sandbox.business_central.set_replica_lag(seconds=0)
    cronus.read(full=True)

    assert followed == cronus.contents()
    assert not any(result.warnings for result in results.values())


def _company(shop: Shop) -> Any:
    companies = shop.sandbox.business_central.companies.values()
    wanted = shop.tenant.business_central.company
    return next(each for each in companies if wanted in (each.id, each.name, each.display_name))
