"""``verify``: Optiply itself, compared with what was sent there, and repaired (decisions 5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline.sandbox.optiply.comparison import snapshot
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.end_to_end.installation import Installation

pytestmark = pytest.mark.covers("decision 5")
SOMEBODY_ELSE = 9000


@pytest.fixture
def shop(command: CommandLine, home: Path, sandbox: Sandbox) -> Shop:
    """Optiply's side of cronus, in step."""
    assert command("sync", "cronus").code == 0
    return sandbox.optiply.shops["cronus"]


def test_given_optiply_has_what_was_sent_then_it_says_so_and_writes_nothing(
    command: CommandLine, shop: Shop
) -> None:
    before, writes = snapshot(shop), shop.writes

    outcome = command("verify", "cronus", "--json")

    assert outcome.code == 0
    assert (outcome.json["tenant"], outcome.json["differences"]) == ("cronus", 0)
    products = outcome.json["entities"]["optiply/products"]
    assert products["compared"] == len(shop.rows("products")) > 0
    assert (shop.writes, snapshot(shop)) == (writes, before)
    assert command("verify", "cronus", "suppliers").code == 0


def test_given_changed_and_missing_rows_then_they_are_told_by_number_and_sent_again(
    command: CommandLine, shop: Shop
) -> None:
    before = snapshot(shop)
    (bicycle,) = [row for row in shop.rows("products") if row["skuCode"] == "1896-S"]
    shop.change("products", bicycle["id"], {"price": "0.01"}, SOMEBODY_ELSE)
    order = shop.rows("buyOrders")[0]
    shop.remove("buyOrders", order["id"])
    writes = shop.writes

    # When it is only looked
    told = command("verify", "cronus")

    # Then both are named, and nothing is written
    assert (told.code, shop.writes) == (1, writes)
    assert f"changed: optiply/products: 1896-S {bicycle['name']}: was changed in Optiply" in (
        told.stdout
    )
    assert "price is 0.01, sent was" in told.stdout
    assert "missing: optiply/buy_orders: " in told.stdout
    assert "bc-pipeline verify cronus --repair" in told.stdout
    assert command("verify", "cronus", "suppliers").code == 0
    details = command("verify", "cronus", "products", "--json")
    (difference,) = details.json["entities"]["optiply/products"]["differences"]
    assert (details.code, difference["kind"], difference["number"]) == (1, "changed", "1896-S")
    assert difference["values"]["price"]["optiply"] == "0.01"

    # And when it is repaired, Optiply is as before
    repaired = command("verify", "cronus", "--repair", "--json")
    assert repaired.code == 0, repaired.stdout
    assert repaired.json["repair"]["status"] in ("success", "partial")
    assert snapshot(shop) == before
    assert command("verify", "cronus").code == 0


@pytest.mark.covers("decision 2")
def test_given_another_account_is_configured_then_nothing_counts_as_missing(
    command: CommandLine, shop: Shop, home: Path, sandbox: Sandbox
) -> None:
    settings = (home / "tenants.yaml").read_text("utf-8")
    installation = Installation(sandbox, home)
    installation.change_settings("wholesale", "optiply", account_id=999)

    # When the account of another shop is written into the settings by mistake
    installation.point_to("cronus", sandbox.optiply.shops["wholesale"])
    outcome = command("verify", "cronus", "--repair", "--yes")
    (home / "tenants.yaml").write_text(settings, "utf-8")

    # Then it is refused, and all that was known of the right one still is
    assert outcome.code == 2, outcome.stdout
    assert "account id" in outcome.stderr
    assert "Nothing was read or written" in outcome.stderr
    assert command("verify", "cronus").code == 0
    again = command("sync", "cronus", "--json").json["tenants"]["cronus"]["entities"]
    assert not any(each["created"] for each in again.values())


def test_given_a_tenant_that_has_not_run_then_it_says_what_to_do(
    command: CommandLine, home: Path
) -> None:
    outcome = command("verify", "wholesale")
    assert outcome.code == 2
    assert "wholesale has not run yet: bc-pipeline sync wholesale" in outcome.stderr
