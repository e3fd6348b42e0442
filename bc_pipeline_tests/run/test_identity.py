"""Whose state a snapshot holds, and which company is whose (decisions 1, 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bc_pipeline.errors import ConfigError
from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run import operator_actions
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import cronus
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant


@dataclass
class House:
    """The tenant cronus in a directory; runs synchronise its suppliers only."""

    sandbox: Sandbox
    home: Path
    other: Shop | None = None

    def change(self, tenant: str, section: str, **values: Any) -> None:
        path = self.home / "tenants.yaml"
        document = yaml.safe_load(path.read_text())
        document["tenants"][tenant][section] |= values
        path.write_text(yaml.safe_dump(document))

    def twin(self, **business_central: Any) -> None:
        """A tenant of the same company, with an account of its own."""
        self.other = shop = self.sandbox.optiply.add_shop(f"twin-{self.home.name}")
        path = self.home / "tenants.yaml"
        document = yaml.safe_load(path.read_text())
        own = yaml.safe_load(yaml.safe_dump(document["tenants"]["cronus"]))
        own["business_central"] |= business_central
        own["optiply"] |= {
            name: getattr(shop, name)
            for name in (
                "client_id",
                "client_secret",
                "username",
                "password",
                "account_id",
                "coupling_id",
            )
        }
        document["tenants"]["twin"] = own
        path.write_text(yaml.safe_dump(document))

    def tenant(self, name: str = "cronus") -> Tenant:
        return registry.load(self.home).get(name)

    def run(self, name: str = "cronus", **launch: Any) -> RunSummary:
        launch.setdefault("entities", ("suppliers",))
        return run_tenant(self.tenant(name), Launch(**launch))

    def refused(self, **launch: Any) -> str:
        """The reason why a run ended before anything was asked or written."""
        self.sandbox.requests.clear()
        summary = self.run(**launch)
        assert summary.status == "failed"
        assert [problem.kind for problem in summary.problems] == ["config"]
        assert list(self.sandbox.requests) == []
        assert summary.reason is not None
        return summary.reason


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path) -> Iterator[House]:
    shop, company = sandbox.optiply.shops["cronus"], sandbox.business_central.companies[cronus.NAME]
    shop.clear()
    sandbox.business_central.environments.copy_to("Trial")
    sandbox.write_tenants(tmp_path)
    yield House(sandbox, tmp_path)
    del sandbox.business_central.environments["Trial"]
    company.display_name = company.name


def other_address(house: House) -> dict[str, Any]:
    """Settings that name something else than those of the house."""
    elsewhere = house.sandbox.base_url.replace("127.0.0.1", "localhost")
    return {
        "environment_name": ("business_central", "Trial"),
        "entra_tenant": ("business_central", "cronus.example"),
        "api_url": ("business_central", f"{elsewhere}/bc"),
        "optiply": ("optiply", f"{elsewhere}/optiply/v1"),
    }


@pytest.mark.covers("decision 2")
@pytest.mark.parametrize("setting", ["environment_name", "entra_tenant", "api_url", "optiply"])
def test_given_state_of_another_place_then_the_run_ends_before_anything_is_asked(
    house: House, setting: str
) -> None:
    house.run()
    before = house.tenant()
    section, value = other_address(house)[setting]
    key = "api_url" if setting == "optiply" else setting
    house.change("cronus", section, **{key: value})

    reason = house.refused()

    assert f"{section}.{key} is now '{value}'" in reason
    belongs = reason.partition("this state belongs to ")[2]
    assert f"of {section} {getattr(getattr(before, section), key)!r}" in belongs
    assert "use another snapshot_dir, or `bc-pipeline rebind cronus`" in reason


@pytest.mark.covers("decision 2")
@pytest.mark.parametrize("launch", [{"dry_run": True}, {"entities": ()}, {"full": True}])
def test_given_another_environment_then_no_kind_of_run_starts(
    house: House, launch: dict[str, Any]
) -> None:
    house.run()
    house.change("cronus", "business_central", environment_name="Trial")

    house.refused(**launch)


@pytest.mark.covers("decision 2")
def test_given_the_same_place_in_other_letters_then_the_run_goes_on(house: House) -> None:
    house.run()
    url = house.sandbox.base_url.replace("http://", "HTTP://")
    house.change("cronus", "business_central", environment_name="PRODUCTION", api_url=f"{url}/bc/")
    house.change("cronus", "optiply", api_url=f"{url}/optiply/v1/")

    assert house.run().status == "success"


@pytest.mark.covers("decision 2")
def test_given_another_snapshot_dir_then_a_trial_moves_to_production(house: House) -> None:
    house.change("cronus", "business_central", environment_name="Trial")
    house.run()
    path = house.home / "tenants.yaml"
    document = yaml.safe_load(path.read_text())
    document["tenants"]["cronus"]["snapshot_dir"] = "snapshots/production"
    path.write_text(yaml.safe_dump(document))
    house.change("cronus", "business_central", environment_name="Production")

    assert house.run().status == "success"


@pytest.mark.covers("decision 2")
def test_given_a_renamed_environment_then_after_rebind_the_run_goes_on_with_its_state(
    house: House,
) -> None:
    house.run()
    house.change("cronus", "business_central", environment_name="Trial")

    (change,) = operator_actions.rebind(house.tenant())
    writes = house.sandbox.optiply.shops["cronus"].writes
    summary = house.run()

    assert (change.key, change.before, change.now) == (
        "business_central.environment_name",
        "Production",
        "Trial",
    )
    assert summary.status == "success"
    assert house.sandbox.optiply.shops["cronus"].writes == writes
    assert operator_actions.rebind(house.tenant()) == []


@pytest.mark.covers("decision 2")
def test_given_another_account_then_rebind_refuses_too(house: House) -> None:
    house.run()
    house.change("cronus", "optiply", account_id=9, api_url="https://api.optiply.com/v1")

    reason = house.refused()
    assert "optiply.account_id is now '9'" in reason
    assert "rebind" not in reason
    with pytest.raises(ConfigError, match=r"optiply\.account_id was 101 and is now 9"):
        operator_actions.rebind(house.tenant())


@pytest.mark.covers("decision 2")
def test_given_no_state_yet_then_settings_are_corrected_freely(house: House) -> None:
    shop = house.sandbox.optiply.shops["cronus"]
    house.change("cronus", "optiply", password="wrong", account_id=9)
    house.change("cronus", "business_central", environment_name="Trial")
    assert house.run().problems[0].kind == "auth"

    house.change("cronus", "optiply", password=shop.password, account_id=shop.account_id)
    house.change("cronus", "business_central", environment_name="Production")

    assert house.run().status == "success"


@pytest.mark.covers("decision 2")
@pytest.mark.covers("installations")
def test_given_a_snapshot_that_knows_its_company_and_account_only_then_the_rest_is_learned(
    house: House,
) -> None:
    house.run()
    with Snapshot.open(house.tenant().snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ops.meta WHERE key LIKE 'identity.%' AND key NOT IN "
            "('identity.business_central.company', 'identity.optiply.account_id')"
        )

    assert house.run().status == "success"
    house.change("cronus", "business_central", environment_name="Trial")
    house.refused()


@pytest.mark.covers("decision 2")
def test_given_another_company_of_the_environment_then_the_run_ends_as_config(
    house: House,
) -> None:
    house.run()
    house.change("cronus", "business_central", company="Noordzee Groothandel B.V.")
    house.change("wholesale", "business_central", company=cronus.NAME)

    summary = house.run()

    assert [problem.kind for problem in summary.problems] == ["config"]
    assert "business_central.company now means 'Noordzee Groothandel B.V.'" in summary.reason


@pytest.mark.covers("decision 1")
def test_given_a_company_by_name_and_by_id_then_the_first_run_of_the_second_is_refused(
    house: House,
) -> None:
    house.run()
    house.twin(company=house.sandbox.business_central.companies[cronus.NAME].id.upper())

    summary = house.run("twin")

    assert [problem.kind for problem in summary.problems] == ["config"]
    assert "tenants.twin.business_central.company: cronus, twin mean one company" in summary.reason
    assert house.other is not None
    assert house.other.writes == 0
    found = registry.load(house.home)
    assert {"cronus", "twin"} == set(found.errors)
    assert "tenants.cronus.business_central.company" in str(found.errors["cronus"])


@pytest.mark.covers("decision 1")
def test_given_a_company_by_name_and_by_display_name_then_a_dry_run_finds_it_too(
    house: House,
) -> None:
    house.sandbox.business_central.companies[cronus.NAME].display_name = "Our shop"
    house.run()
    house.twin(company="our shop")

    summary = house.run("twin", dry_run=True)

    assert [problem.kind for problem in summary.problems] == ["config"]


@pytest.mark.covers("decision 1")
def test_given_the_other_one_was_disabled_then_the_tenant_runs(house: House) -> None:
    house.run()
    path = house.home / "tenants.yaml"
    house.twin(company=house.sandbox.business_central.companies[cronus.NAME].id)
    document = yaml.safe_load(path.read_text())
    document["tenants"]["cronus"]["enabled"] = False
    path.write_text(yaml.safe_dump(document))

    assert house.run("twin").status == "success"
