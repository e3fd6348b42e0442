"""Why is my stock wrong, where is my order: one command tells, in a support person's words."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bc_pipeline import clock
from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot import schema
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.story import printed
from bc_pipeline.story.opening import looking
from bc_pipeline_tests.story.world import DESK, TENANT, World


def test_given_a_synced_product_then_its_stock_is_told_as_a_sum_with_when_and_by_which_run(
    world: World,
) -> None:
    (run_id,) = world.one("SELECT run_id FROM ops.runs")
    order = world.one(
        "SELECT o.number FROM bc.sales_orders o JOIN bc.sales_order_lines l ON l.documentId = o.id "
        "JOIN bc.items i ON i.id = l.itemId WHERE i.number = ? AND l.quantity > l.shippedQuantity",
        DESK,
    )[0]

    text = world.text("products", DESK)

    level, inventory, sold = _figures(world)
    assert f"Stock: {level} = {inventory} in inventory - {sold} on sales order {order}" in text
    assert "all locations; from the items themselves; read 20" in text
    assert f"{level} sent 20" in text
    assert f"by run {run_id}" in text
    assert "State: active. It stands in Optiply as it was last sent." in text
    assert "the item's number; of a variant with its code (items.number" in text
    assert "items of the API v2.0: read 20" in text
    assert "created as row " in text


def _figures(world: World) -> tuple[Any, ...]:
    level, inventory = world.one(
        "SELECT CAST(s.last_sent->>'$.stockLevel' AS BIGINT), CAST(i.inventory AS BIGINT) "
        "FROM sync.products s JOIN bc.items i ON lower(i.id) = s.remote_id WHERE i.number = ?",
        DESK,
    )
    return level, inventory, inventory - level


@pytest.mark.parametrize("by", ["number", "small letters", "id", "optiply id", "uuid", "name"])
def test_a_product_is_meant_by_whatever_people_have_of_it(world: World, by: str) -> None:
    row = world.one(
        "SELECT s.remote_id, s.optiply_id, s.optiply_uuid, s.last_sent->>'$.name' "
        "FROM sync.products s WHERE s.last_sent->>'$.skuCode' = ?",
        DESK,
    )
    given = {
        "number": DESK,
        "small letters": DESK.lower(),
        "id": row[0].upper(),
        "optiply id": str(row[1]),
        "uuid": row[2].upper(),
        "name": row[3].lower(),
    }[by]

    assert world.story("products", given).key == row[0]


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        (
            "quarantined",
            "Optiply says no",
            "Why: Optiply says no Tried 3 times in vain. Next attempt: in 4 runs, at once when it "
            "changes. What to do: Correct it where the reason says; a change is tried at once. "
            f"Without one: bc-pipeline retry {TENANT} products {DESK}",
        ),
        (
            "deferred",
            "waits for its unit",
            "waits for its unit Tried 3 times in vain. Next attempt",
        ),
        ("guard", "gone", f"bc-pipeline approve-deletions {TENANT} products"),
        ("intent", "may have been created", "nothing is sent before the next run has looked"),
        ("disabled", None, "gone from Business Central, so it was taken out of use in Optiply"),
    ],
)
def test_given_a_record_that_is_held_then_why_what_to_do_and_when_it_is_tried(
    world: World, state: str, reason: str | None, told: str
) -> None:
    (newest,) = world.one("SELECT max(run_no) FROM ops.runs")
    world.change(
        "UPDATE sync.products SET state = ?, reason = ?, attempts = 3, next_attempt_run = ? "
        "WHERE last_sent->>'$.skuCode' = ?",
        state,
        reason,
        newest + 4,
        DESK,
    )

    text = world.text("products", DESK)

    assert f"State: {state}." in text
    assert told in text


def test_given_a_product_that_left_both_lists_then_what_was_sent_of_it_is_still_told(
    world: World,
) -> None:
    world.change("DELETE FROM bc.items WHERE number = ?", DESK)
    world.change("DELETE FROM optiply.products WHERE reference = ?", DESK)
    world.change(
        "UPDATE sync.products SET state = 'disabled' WHERE last_sent->>'$.skuCode' = ?", DESK
    )

    story = world.story("products", DESK)

    assert (story.standing.state, story.number) == ("disabled", DESK)
    assert {each.name: each.sent for each in story.values}["skuCode"] == DESK
    assert story.stock is not None
    assert story.stock.level is None


def test_given_figures_that_moved_since_then_what_optiply_has_stands_beside_them(
    world: World,
) -> None:
    level, _, _ = _figures(world)
    world.change(
        "UPDATE sync.products SET last_sent = json_merge_patch(last_sent, '{\"stockLevel\": 7}') "
        "WHERE last_sent->>'$.skuCode' = ?",
        DESK,
    )

    assert f"Optiply has 7; {level} goes out next." in world.text("products", DESK)


def test_given_records_that_wait_for_it_then_they_are_counted(world: World) -> None:
    world.change(
        "UPDATE sync.sell_orders SET state = 'deferred', reason = ? WHERE remote_id IN "
        "(SELECT remote_id FROM sync.sell_orders LIMIT 2)",
        f"item {DESK} is not in Optiply yet",
    )

    assert world.story("products", DESK).waits == (
        "2 of optiply/sell_orders wait until it is in Optiply",
    )


def test_given_a_number_with_a_percent_sign_then_only_what_waits_for_it_is_counted(
    world: World,
) -> None:
    world.change("UPDATE optiply.products SET reference = '1%S' WHERE reference = ?", DESK)
    world.change(
        "UPDATE sync.sell_orders SET state = 'deferred', "
        "reason = 'item 1896-S is not in Optiply yet'"
    )

    assert world.story("products", "1%S").waits == ()


def test_given_later_changes_then_the_history_has_each_with_its_run_newest_first(
    world: World,
) -> None:
    (remote_id,) = world.one("SELECT remote_id FROM optiply.products WHERE reference = ?", DESK)
    world.change(
        "INSERT INTO ops.sent VALUES (1, ?, 'optiply/products', ?, 'updated', 5, ?)",
        clock.now() + timedelta(minutes=5),
        remote_id,
        json.dumps({"stockLevel": 3, "price": "1.00"}),
    )

    story = world.story("products", DESK)

    assert [each.action for each in story.history] == ["updated", "created"]
    assert story.stock is not None
    assert story.stock.sent_at == story.history[0].at
    assert "updated: stockLevel = 3, price = 1.00 by run" in world.text("products", DESK)


def test_given_a_snapshot_from_before_the_history_then_it_says_so_and_tells_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.change("DROP TABLE ops.sent")
    world.change("UPDATE ops.meta SET value = '4' WHERE key = 'schema_version'")

    story = world.story("products", DESK)

    assert story.history == ()
    assert "nothing was sent of it in the time that is remembered" in (story.history_note or "")
    assert story.stock is not None
    assert story.stock.sent is not None
    assert story.stock.sent_at is None
    assert schema.SCHEMA_VERSION > 4


def test_given_a_run_that_holds_the_snapshot_then_it_is_said_what_to_do(world: World) -> None:
    with (
        Snapshot.open(world.directory),
        pytest.raises(TenantBusy, match="a run holds its snapshot"),
        looking(world.tenant, wait_seconds=0.1),
    ):
        pass


def test_given_problems_of_the_whole_entity_then_they_stand_on_each_record(world: World) -> None:
    summary = {
        "problems": [
            {
                "entity": "optiply/products",
                "remote_id": None,
                "kind": "config",
                "reason": "sync.locations: Business Central has no location 'AMX'",
            }
        ]
    }
    world.change("UPDATE ops.runs SET summary = ?", json.dumps(summary))

    assert "no location 'AMX'" in world.text("products", DESK)


def test_given_a_buy_order_then_its_lines_tell_what_was_received(world: World) -> None:
    (number, remote_id) = world.one(
        "SELECT b.extra->>'$.po_number', b.remote_id FROM sync.buy_orders b "
        "JOIN sync.buy_order_lines l ON l.extra->>'$.document_id' = b.remote_id "
        "WHERE b.optiply_id IS NOT NULL AND l.optiply_id IS NOT NULL LIMIT 1"
    )
    (line_id,) = world.one(
        "SELECT optiply_id FROM sync.buy_order_lines WHERE extra->>'$.document_id' = ? "
        "AND optiply_id IS NOT NULL ORDER BY remote_id LIMIT 1",
        remote_id,
    )
    world.change(
        "INSERT INTO sync.receipt_lines (remote_id, optiply_id, state, last_sent) "
        "VALUES ('r-1', 900001, 'active', ?)",
        json.dumps({"buyOrderLineId": line_id, "quantity": 4, "occurred": "2026-11-30T00:00:00Z"}),
    )

    world.change(
        "INSERT INTO sync.receipt_lines (remote_id, state, reason, extra) "
        "VALUES ('r-2', 'deferred', 'no line fits', ?)",
        json.dumps({"order_number": number}),
    )

    story = world.story("buy_orders", number)

    assert story.facts["Receipts"] == ["1 receipt lines are deferred: no line fits"]
    assert any("4 received, last on 2026-11-30" in fact for fact in story.facts["Lines"])
    assert f"optiply/buy_orders {number}" in world.text("buy_orders", number)


def test_given_json_then_the_story_and_the_rows_it_is_told_from(world: World) -> None:
    document = world.story("products", DESK).as_json()

    assert document["wanted"]["skuCode"] == document["last_sent"]["skuCode"] == DESK
    assert document["state"]["state"] == document["standing"]["state"] == "active"
    assert document["stock"]["text"].startswith(f"{document['last_sent']['stockLevel']} = ")
    by_name = {each["name"]: each for each in document["attributes"]}
    assert by_name["price"]["sources"][0] == "items.unitPrice"


def test_given_a_tenant_online_then_the_record_has_an_address_in_the_web_client(
    world: World,
) -> None:
    settings = world.home / "tenants.yaml"
    api_url = world.tenant.business_central.api_url
    settings.write_text(
        settings.read_text().replace(api_url, "https://api.businesscentral.dynamics.com")
    )

    (address,) = world.story("products", DESK).links.values()

    assert address.startswith("https://businesscentral.dynamics.com/")
    assert "page=30" in address
    assert DESK in address


def test_no_secret_of_the_tenant_is_in_anything_that_is_told(world: World) -> None:
    """What was sent, read and booked is shown as it is: none of it may carry credentials."""
    settings = world.tenant
    secrets = {
        secret.get_secret_value()
        for system in (settings.business_central, settings.optiply)
        for secret in vars(system).values()
        if isinstance(secret, SecretStr)
    }
    stories = [
        *world.stories("products", DESK),
        *world.stories("buy_orders", "106001"),
    ]

    told = "".join(
        json.dumps(story.as_json(), default=str) + "".join(printed.lines(TENANT, story))
        for story in stories
    )

    assert secrets
    assert stories
    assert not {secret for secret in secrets if secret in told}
