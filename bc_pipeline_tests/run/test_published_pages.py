"""Published pages before and after Microsoft's own ones end (decisions 19)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bc_pipeline.business_central.published_pages import WARNING, major_version, notice
from bc_pipeline.orchestration.preflight.tenant import check_tenant
from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.settings import CompanySettings
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant

pytestmark = pytest.mark.covers("decision 19")

TENANT = "wholesale"
SUPPLIER_PRODUCTS = ("optiply/products", "optiply/suppliers", "optiply/supplier_products")
"""With what they refer to."""


@dataclass
class House:
    """The tenant wholesale, which has named four published pages."""

    sandbox: Sandbox
    home: Path

    @property
    def company(self) -> CompanySettings:
        return self.sandbox.business_central.companies[wholesale.NAME].settings

    @property
    def tenant(self) -> Tenant:
        return registry.load(self.home).get(TENANT)

    def run(self, *entities: str) -> RunSummary:
        return run_tenant(self.tenant, Launch(entities=entities))

    def warnings(self, kind: str) -> list[str]:
        """Messages of the last run."""
        with (
            Snapshot.open(self.tenant.snapshot_dir, read_only=True) as snapshot,
            snapshot.cursor() as cursor,
        ):
            return [
                message
                for (message,) in cursor.execute(
                    "SELECT message FROM ops.warnings WHERE kind = ? "
                    "AND run_no = (SELECT max(run_no) FROM ops.runs)",
                    [kind],
                ).fetchall()
            ]

    def check(self) -> dict[str, tuple[str, str]]:
        return {each.name: (each.outcome, each.detail) for each in check_tenant(self.tenant)}


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path) -> Iterator[House]:
    sandbox.optiply.shops[TENANT].clear()
    sandbox.write_tenants(tmp_path, exports=True)
    found = House(sandbox, tmp_path)
    before = found.company.system_version, found.company.extension_pages
    yield found
    found.company.system_version, found.company.extension_pages = before


@pytest.mark.parametrize(
    ("text", "version"), [("30.0.1.0", 30), ("29", 29), ("", None), ("on-prem", None)]
)
def test_the_version_is_the_first_number(text: str, version: int | None) -> None:
    assert major_version(text) == version


def test_given_no_page_then_there_is_nothing_to_tell(house: House) -> None:
    cronus = registry.load(house.home).get("cronus")

    assert notice(cronus.business_central, 30) is None


@pytest.mark.parametrize("version", ["28.4.0.0", "29.0.0.0"])
def test_given_pages_before_version_30_then_check_and_run_warn_with_the_date(
    house: House, version: str
) -> None:
    house.company.system_version = version

    summary = house.run("bc/companies", "bc/item_page")

    (told,) = house.warnings(WARNING)
    assert summary.status == "success"
    assert "business_central.item_page_name (Artikel)" in told
    assert "business_central.dimension_values_page_name" in told
    assert "version 30 (2027 release wave 1, about April 2027)" in told
    outcome, detail = house.check()["published_pages"]
    assert (outcome, "April 2027" in detail) == ("warned", True)


def test_given_pages_gone_with_version_30_then_the_run_goes_on_with_the_next_source(
    house: House,
) -> None:
    house.run(*SUPPLIER_PRODUCTS)
    shop = house.sandbox.optiply.shops[TENANT]
    assert shop.rows("supplierProducts")
    house.company.system_version = "30.0.0.0"

    summary = house.run(*SUPPLIER_PRODUCTS)

    assert not summary.failed
    assert not summary.blocked
    assert summary.entities["optiply/supplier_products"].rows > 0
    absent = house.warnings("source_absent")
    assert len(absent) == 2
    assert any("business_central.item_page_name" in each for each in absent)
    assert all("have an extension bring a page" in each for each in absent)
    found = house.check()
    assert found["published_pages"][0] == "warned"
    assert "failed" not in {found[name][0] for name in found if "page" in name}


def test_given_pages_of_dimensions_gone_then_records_with_dimensions_are_written_all_the_same(
    house: House,
) -> None:
    house.company.system_version = "30.0.0.0"
    place = house.tenant.snapshot_dir / "outbound"
    place.mkdir(parents=True)
    record = {"externalId": "c-19", "companyName": "Page B.V.", "departmentNumber": "SALES"}
    (place / "Customers.jsonl").write_text(json.dumps(record))

    summary = house.run("outbound/customers")

    assert summary.entities["outbound/customers"].created == 1


def test_given_a_page_of_an_extension_then_version_30_changes_nothing_for_it(
    house: House,
) -> None:
    house.company.system_version = "30.0.0.0"
    house.company.extension_pages |= {wholesale.ITEM_PAGE}

    summary = house.run("bc/companies", "bc/item_page", "bc/item_units_of_measure")

    assert summary.entities["bc/item_page"].rows > 0
    assert len(house.warnings("source_absent")) == 1


def test_given_a_system_that_does_not_tell_its_version_then_the_company_is_found_all_the_same(
    house: House,
) -> None:
    body = {"error": {"code": "BadRequest", "message": "no property named 'systemVersion'"}}
    house.sandbox.faults.add(
        "bc", path=r"/companies\?.*systemVersion", action="status", status=400, body=body
    )
    try:
        assert house.run("bc/companies").status == "success"
    finally:
        house.sandbox.faults.clear()
