"""Two tenants never share an account, a company or a directory (decisions 1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from bc_pipeline.tenants import companies
from bc_pipeline.tenants.registry import Registry, load

pytestmark = pytest.mark.covers("decision 1")

ACME = "3f1f1c0a-0000-4000-8000-00000000000a"
GLOBEX = "3f1f1c0a-0000-4000-8000-00000000000b"


def settings(number: int) -> dict[str, Any]:
    return {
        "business_central": {
            "environment_name": "Production",
            "entra_tenant": "acme.example",
            "company": f"Company {number}",
            "client_id": "app",
            "client_secret": "s",
        },
        "optiply": {
            "client_id": "app",
            "client_secret": "s",
            "username": "user",
            "password": "p",
            "account_id": number,
            "coupling_id": number,
        },
    }


class Installation:
    """tenants.yaml with the tenants one, two and three, which share nothing."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.tenants = {name: settings(n) for n, name in enumerate(("one", "two", "three"), 1)}

    def change(self, tenant: str, section: str, **values: Any) -> None:
        self.tenants[tenant][section] |= values

    def load(self) -> Registry:
        (self.home / "tenants.yaml").write_text(
            yaml.safe_dump({"tenants": self.tenants}, sort_keys=False)
        )
        return load(self.home)

    def find(self, tenant: str, company_id: str, entra: str | None = None) -> None:
        """A run of the tenant has found out which company it is."""
        companies.remember(self.load().tenants[tenant], company_id, entra)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)
    return Installation(tmp_path)


def refused(found: Registry, key: str) -> None:
    """Tenants one, two are refused, in words that name both and the key; three runs."""
    assert list(found.tenants) == ["three"]
    for name in ("one", "two"):
        told = str(found.errors[name])
        assert f"{found.path}: tenants.{name}.{key}: one, two " in told
        assert "Neither runs" in told


def test_given_tenants_that_share_nothing_then_all_run(installation: Installation) -> None:
    assert installation.load().errors == {}


@pytest.mark.parametrize(
    "api_url",
    ["https://api.optiply.com/v1", "https://api.optiply.com/v1/", "HTTPS://API.Optiply.COM:443/v1"],
)
def test_given_two_on_one_account_then_neither_runs(
    installation: Installation, api_url: str
) -> None:
    installation.change("two", "optiply", account_id=1, api_url=api_url)

    refused(installation.load(), "optiply.account_id")


def test_given_the_same_account_number_of_another_optiply_then_both_run(
    installation: Installation,
) -> None:
    installation.change("two", "optiply", account_id=1, api_url="https://test.optiply.example/v1")

    assert installation.load().errors == {}


@pytest.mark.parametrize(
    "same",
    [
        {},
        {"company": "  COMPANY 1"},
        {"environment_name": "production"},
        {"entra_tenant": "ACME.example"},
        {"api_url": "https://API.businesscentral.dynamics.com:443/"},
    ],
)
def test_given_two_on_one_company_then_neither_runs(
    installation: Installation, same: dict[str, str]
) -> None:
    installation.change("two", "business_central", **{"company": "Company 1", **same})

    refused(installation.load(), "business_central.company")


def test_given_one_company_by_id_written_in_two_ways_then_neither_runs(
    installation: Installation,
) -> None:
    installation.change("one", "business_central", company=ACME)
    installation.change("two", "business_central", company=f"{{{ACME.upper()}}}")

    refused(installation.load(), "business_central.company")


@pytest.mark.parametrize(
    "other",
    [
        {"environment_name": "Sandbox"},
        {"entra_tenant": "globex.example"},
        {"api_url": "https://bc.acme.example"},
    ],
)
def test_given_the_same_company_name_elsewhere_then_both_run(
    installation: Installation, other: dict[str, str]
) -> None:
    installation.change("two", "business_central", company="Company 1", **other)

    assert installation.load().errors == {}


def test_given_one_of_them_is_disabled_then_the_other_runs(installation: Installation) -> None:
    installation.change("two", "optiply", account_id=1)
    installation.change("two", "business_central", company="Company 1")
    installation.tenants["two"]["enabled"] = False

    assert installation.load().errors == {}


def test_given_three_on_one_account_then_the_error_names_all(installation: Installation) -> None:
    for name in ("two", "three"):
        installation.change(name, "optiply", account_id=1)

    assert "one, two, three write to one" in str(installation.load().errors["two"])


def test_given_a_company_known_by_name_and_by_id_then_neither_runs(
    installation: Installation,
) -> None:
    installation.change("two", "business_central", company=ACME)
    installation.find("one", ACME.upper())
    installation.find("two", ACME)

    refused(installation.load(), "business_central.company")


def test_given_an_entra_tenant_by_domain_and_by_id_then_it_is_one(
    installation: Installation,
) -> None:
    installation.change("two", "business_central", company="Company 1", entra_tenant=GLOBEX)
    installation.find("one", ACME, entra=GLOBEX)
    installation.find("two", ACME)

    refused(installation.load(), "business_central.company")


def test_given_an_entra_tenant_that_is_not_known_then_one_company_is_taken_for_one(
    installation: Installation,
) -> None:
    installation.change("two", "business_central", company="Company 1", entra_tenant="common")
    installation.find("one", ACME)
    installation.find("two", ACME)

    refused(installation.load(), "business_central.company")


def test_given_copies_of_one_company_in_two_entra_tenants_then_both_run(
    installation: Installation,
) -> None:
    """Microsoft's demonstration companies may have one id everywhere."""
    for name in ("one", "two"):
        installation.change(name, "business_central", company="CRONUS", entra_tenant=name)
    installation.find("one", ACME, entra=ACME)
    installation.find("two", ACME, entra=GLOBEX)

    assert installation.load().errors == {}


def test_given_the_settings_changed_since_then_what_was_found_no_longer_counts(
    installation: Installation,
) -> None:
    installation.find("one", ACME)
    installation.find("two", ACME)
    installation.change("two", "business_central", company="Company 4")

    assert installation.load().errors == {}


def test_given_a_file_of_companies_that_is_not_ours_then_it_counts_as_none(
    installation: Installation,
) -> None:
    (installation.home / companies.FILE_NAME).write_text('{"one": 1}')

    assert installation.load().errors == {}
    installation.find("one", ACME)
    assert companies.known(installation.home)["one"].company_id == ACME


def test_given_runs_of_many_tenants_at_once_then_nothing_that_was_found_is_lost(
    installation: Installation,
) -> None:
    tenants = [
        installation.load().tenants["one"].model_copy(update={"name": f"tenant-{number}"})
        for number in range(20)
    ]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda tenant: companies.remember(tenant, ACME, None), tenants))

    assert set(companies.known(installation.home)) == {tenant.name for tenant in tenants}
