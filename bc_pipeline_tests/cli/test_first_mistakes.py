"""What a first-time user gets wrong: each is stopped with words that say what to do, and nothing is
written wrongly. Everything is read from the output of the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bc_pipeline.cli import demo_exports
from bc_pipeline.sandbox import Sandbox, ordering
from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline.sandbox.companies import cronus, wholesale
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline_tests.cli.conftest import CommandLine, Outcome

Settings = dict[str, Any]
Edit = Callable[[Callable[[Settings], None]], None]


@pytest.fixture
def home(sandbox: Sandbox, empty_home: Path) -> Iterator[Path]:
    """BC_PIPELINE_HOME of a new user: the sandbox's two tenants, nothing has run yet."""
    for shop in sandbox.optiply.shops.values():
        shop.clear()
    sandbox.write_tenants(empty_home)
    sandbox.requests.clear()
    yield empty_home


@pytest.fixture
def edit(home: Path) -> Edit:
    """Change the tenants of tenants.yaml, as a person would."""

    def change(how: Callable[[Settings], None]) -> None:
        path = home / "tenants.yaml"
        document = yaml.safe_load(path.read_text("utf-8"))
        how(document["tenants"])
        path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")

    return change


def words(outcome: Outcome) -> str:
    """All that a command has shown, however its tables break lines."""
    return re.sub(r"\s+", " ", outcome.stdout + outcome.stderr)


def writes(sandbox: Sandbox) -> list[str]:
    """What was changed in Optiply or Business Central."""
    found = [*sandbox.requests.of("optiply", writes=True), *sandbox.requests.of("bc", writes=True)]
    return [f"{each.method} {each.path}" for each in found if not each.path.endswith("/token")]


def stock(shop: Shop) -> dict[str, int]:
    return {row["skuCode"]: row["stockLevel"] for row in shop.rows("products")}


# --- two tenants on one account ------------------------------------------------------------------


@pytest.mark.covers("new user: two tenants on one account")
@pytest.mark.covers("decision 1")
def test_two_tenants_on_one_account_are_refused_and_the_third_one_runs(
    command: CommandLine, sandbox: Sandbox, edit: Edit
) -> None:
    def copy_the_entry(tenants: Settings) -> None:
        tenants["webshop"] = yaml.safe_load(yaml.safe_dump(tenants["wholesale"]))
        tenants["webshop"]["business_central"]["company"] = "Webshop B.V."

    edit(copy_the_entry)

    for arguments in (("check",), ("sync", "--all", "--entity", "suppliers")):
        outcome = command(*arguments)
        told = words(outcome)
        assert outcome.code == 1
        assert "wholesale, webshop write to one Optiply account, 102" in told
        assert "optiply.account_id" in told
        assert "correct account_id, or set enabled: false" in told
    assert sandbox.optiply.shops["wholesale"].writes == 0
    assert sandbox.optiply.shops["cronus"].rows("suppliers")
    alone = command("sync", "webshop")
    assert (alone.code, sandbox.optiply.shops["wholesale"].writes) == (2, 0)
    assert "tenants.webshop.optiply.account_id" in words(alone)


@pytest.mark.covers("new user: two tenants on one account")
@pytest.mark.covers("decision 1")
def test_two_tenants_on_one_company_by_name_and_by_id_are_found_at_the_first_sync(
    command: CommandLine, sandbox: Sandbox, edit: Edit
) -> None:
    other = sandbox.optiply.shops.get("second") or sandbox.optiply.add_shop("second")
    company_id = sandbox.business_central.companies[wholesale.NAME].id

    def second_shop(tenants: Settings) -> None:
        tenants["second"] = yaml.safe_load(yaml.safe_dump(tenants["wholesale"]))
        tenants["second"]["business_central"]["company"] = company_id
        for name in ("client_id", "client_secret", "username", "password"):
            tenants["second"]["optiply"][name] = getattr(other, name)
        tenants["second"]["optiply"]["account_id"] = other.account_id
        tenants["second"]["optiply"]["coupling_id"] = other.coupling_id

    edit(second_shop)
    command("sync", "wholesale", "--entity", "suppliers")

    outcome = command("sync", "second", "--entity", "suppliers")

    assert outcome.code == 1
    assert "wholesale, second mean one company" in words(outcome)
    assert other.writes == 0
    assert "wholesale, second mean one company" in words(command("status"))


# --- a trial moved to production -----------------------------------------------------------------


@pytest.fixture
def trial(
    command: CommandLine, sandbox: Sandbox, home: Path, edit: Edit
) -> Iterator[ordering.Ordered]:
    """A trial on a copy of the environment; one buy order of Optiply went there."""
    environments = sandbox.business_central.environments
    copied = environments.copy_to("Trial")

    def start_on_the_copy(tenants: Settings) -> None:
        del tenants["wholesale"]
        tenants["cronus"]["business_central"]["environment_name"] = "Trial"
        tenants["cronus"]["exports"] = {"buy_orders": True}
        tenants["cronus"]["sync"]["buy_order_statuses"] = ["Draft", "In Review", "Open"]

    edit(start_on_the_copy)
    assert command("sync", "cronus").code == 0
    company = copied.companies[cronus.NAME]
    order = ordering.order_in_optiply(sandbox.optiply.shops["cronus"], company)
    assert command("export", "cronus").code == 0
    assert demo_exports.standing(company, order.id)
    sandbox.requests.clear()
    yield order
    del environments["Trial"]


@pytest.mark.covers("new user: a trial moved to production")
@pytest.mark.covers("decision 2")
def test_a_trial_moved_to_production_is_stopped_and_its_buy_order_is_still_there(
    command: CommandLine, sandbox: Sandbox, edit: Edit, trial: ordering.Ordered
) -> None:
    shop = sandbox.optiply.shops["cronus"]
    before = shop.snapshot()

    def move(tenants: Settings) -> None:
        tenants["cronus"]["business_central"]["environment_name"] = "Production"

    edit(move)

    for arguments in (("sync", "cronus"), ("export", "cronus")):
        outcome = command(*arguments)
        told = words(outcome)
        assert outcome.code == 1
        assert "business_central.environment_name is now 'Production'" in told
        assert "this state belongs to" in told
        assert "'Trial'" in told
        assert "use another snapshot_dir" in told
        assert "`bc-pipeline rebind cronus`" in told
        assert list(sandbox.requests) == []
    assert shop.snapshot() == before
    assert "this state belongs to" in words(command("check", "cronus"))
    assert writes(sandbox) == []


# --- a misspelt location -------------------------------------------------------------------------


@pytest.mark.covers("new user: a misspelt location")
@pytest.mark.covers("decision 18")
def test_a_misspelt_location_sends_no_stock_and_lists_the_locations_there_are(
    command: CommandLine, sandbox: Sandbox, edit: Edit
) -> None:
    shop = sandbox.optiply.shops["wholesale"]
    edit(lambda tenants: tenants["wholesale"]["sync"].update(locations=["AMS", "RTM"]))
    assert command("sync", "wholesale", "--entity", "products").code == 0
    before = stock(shop)
    assert any(before.values())
    edit(lambda tenants: tenants["wholesale"]["sync"].update(locations=["AMSTERDAM"]))
    company = sandbox.business_central.companies[wholesale.NAME]
    item = next(sku for sku, level in before.items() if level > 0)
    apply_to(company, "rename_item", {"item": item, "name": "Renamed"})

    checked = command("check", "wholesale")
    synced = command("sync", "wholesale", "--entity", "products")

    for outcome in (checked, synced):
        told = words(outcome)
        assert "sync.locations" in told
        assert "has no location 'AMSTERDAM'" in told
        assert "AMS, ONDERWEG, RTM, WINKEL" in told
    assert checked.code == 1
    assert stock(shop) == before
    assert {row["name"] for row in shop.rows("products") if row["skuCode"] == item} == {"Renamed"}


# --- a broken tenants.yaml -----------------------------------------------------------------------


@pytest.mark.covers("new user: a broken tenants.yaml")
@pytest.mark.covers("decision 32")
@pytest.mark.parametrize(
    "arguments",
    [("sync", "--all"), ("export", "--all"), ("check",), ("status",), ("tenants", "list")],
)
def test_a_file_that_is_no_yaml_is_refused_with_file_line_and_key(
    command: CommandLine, sandbox: Sandbox, home: Path, arguments: tuple[str, ...]
) -> None:
    path = home / "tenants.yaml"
    lines = path.read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if "password:" in line)
    lines[number] = "      password: 'forgotten quote"
    path.write_text("\n".join(lines), "utf-8")

    outcome = command(*arguments)

    told = words(outcome)
    assert outcome.code == 2
    assert f"{path}: not valid YAML" in told
    assert f"line {number + 1}" in told
    assert "near tenants.cronus.optiply.password" in told
    assert "forgotten" not in told
    assert list(sandbox.requests) == []


@pytest.mark.covers("new user: a broken tenants.yaml")
@pytest.mark.covers("decision 32")
def test_one_broken_tenant_is_named_with_its_lines_and_the_other_one_runs(
    command: CommandLine, sandbox: Sandbox, home: Path
) -> None:
    path = home / "tenants.yaml"
    text = path.read_text("utf-8")
    broken = text.replace("account_id: 101", "account: 101").replace("sync:", "synch:", 1)
    path.write_text(broken, "utf-8")
    numbers = [
        n
        for n, line in enumerate(broken.splitlines(), 1)
        if "account: 101" in line or "synch" in line
    ]

    outcome = command("sync", "--all", "--entity", "suppliers")

    told = words(outcome)
    assert outcome.code == 1
    assert "tenants.cronus.optiply.account: unknown key; did you mean account_id?" in told
    assert "tenants.cronus.synch: unknown key; did you mean sync?" in told
    for number in numbers:
        assert f"(line {number})" in told
    assert sandbox.optiply.shops["wholesale"].rows("suppliers")
    assert sandbox.optiply.shops["cronus"].writes == 0


@pytest.mark.covers("new user: a broken tenants.yaml")
@pytest.mark.covers("decision 36")
def test_an_address_without_scheme_or_encryption_is_refused_with_its_key(
    command: CommandLine, sandbox: Sandbox, home: Path
) -> None:
    path = home / "tenants.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("api_url: http://127.0.0.1", "api_url: http://192.0.2.1"), "utf-8")

    outcome = command("sync", "--all")

    told = words(outcome)
    assert outcome.code == 2
    assert "tenants.cronus.business_central.api_url: is not encrypted" in told
    assert "tenants.wholesale.optiply.api_url: is not encrypted" in told
    assert list(sandbox.requests) == []
