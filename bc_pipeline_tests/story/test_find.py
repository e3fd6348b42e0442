"""A record is found by whatever one has of it, with the command to go on with."""

from __future__ import annotations

import gzip
import json
import shlex

import pytest

from bc_pipeline import clock
from bc_pipeline.cli.main import run
from bc_pipeline.errors import ConfigError
from bc_pipeline.story.hits import Found, Hit
from bc_pipeline.story.search import find
from bc_pipeline_tests.story.world import DESK, TENANT, World


def found(world: World, text: str) -> Found:
    return find(world.tenant, text)


def only(world: World, text: str, what: str) -> Hit:
    """The one exact hit of a kind."""
    (hit,) = (hit for hit in found(world, text).hits if hit.what == what and hit.exact)
    return hit


@pytest.mark.parametrize(
    ("column", "by"),
    [
        ("upper(remote_id)", "Business Central's id"),
        ("CAST(optiply_id AS VARCHAR)", "Optiply's id"),
        ("upper(optiply_uuid)", "Optiply's uuid"),
        ("lower(last_sent->>'$.skuCode')", "number"),
        ("upper(last_sent->>'$.name')", "name"),
    ],
)
def test_given_anything_of_a_product_then_it_is_an_exact_hit_whatever_the_capitals(
    world: World, column: str, by: str
) -> None:
    (text,) = world.one(
        f"SELECT {column} FROM sync.products WHERE last_sent->>'$.skuCode' = ?", DESK
    )

    hit = only(world, f" {text} ", "optiply/products")

    assert (hit.number, hit.by, hit.state) == (DESK, by, "active")
    assert hit.command == f"bc-pipeline show {TENANT} products {DESK}"


def test_exact_hits_come_before_parts_and_short_texts_have_no_parts(world: World) -> None:
    exact = [hit.exact for hit in found(world, DESK).hits]

    assert exact == sorted(exact, reverse=True)
    assert {True, False} == set(exact)
    assert found(world, "18").hits == ()


def test_given_a_part_of_a_name_then_those_that_have_it(world: World) -> None:
    hits = [hit for hit in found(world, "athens d").hits if hit.what == "optiply/products"]

    assert [(hit.number, hit.exact) for hit in hits] == [(DESK, False)]


def test_every_command_that_is_named_leads_somewhere(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(world.home))
    (order,) = world.one("SELECT number FROM bc.purchase_orders ORDER BY number LIMIT 1")
    (vendor,) = world.one("SELECT displayName FROM bc.vendors LIMIT 1")
    commands = {
        hit.command
        for text in (DESK, order, vendor)
        for hit in found(world, text).hits
        if hit.command
    }

    assert len(commands) > 5
    for command in commands:
        assert run(shlex.split(command)[1:]) == 0, command
    capsys.readouterr()


def test_given_a_sales_order_then_it_tells_whose_stock_it_is_taken_off(world: World) -> None:
    number, item = world.one(
        "SELECT o.number, i.number FROM bc.sales_orders o "
        "JOIN bc.sales_order_lines l ON l.documentId = o.id JOIN bc.items i ON i.id = l.itemId "
        "ORDER BY ALL LIMIT 1"
    )

    hit = only(world, number, "bc/sales_orders")

    assert item in (hit.note or "")
    assert (hit.command or "").startswith(f"bc-pipeline show {TENANT} products ")


def test_given_a_receipt_then_it_leads_to_its_order(world: World) -> None:
    world.change(
        "INSERT INTO bc.purchase_receipts (id, number, orderNumber) VALUES ('r', 'R-77', '106001')"
    )

    hit = only(world, "r-77", "bc/purchase_receipts")

    assert hit.command == f"bc-pipeline show {TENANT} buy_orders 106001"


def test_given_a_product_that_is_gone_then_it_is_found_as_it_was_sent(world: World) -> None:
    world.change("DELETE FROM bc.items WHERE number = ?", DESK)
    world.change("DELETE FROM optiply.products WHERE reference = ?", DESK)
    world.change(
        "UPDATE sync.products SET state = 'disabled' WHERE last_sent->>'$.skuCode' = ?", DESK
    )

    assert only(world, DESK, "optiply/products").state == "disabled"


def test_given_an_item_that_was_read_and_never_mapped_then_the_mirror_has_it(world: World) -> None:
    world.change(
        "INSERT INTO bc.items (id, number, displayName, gtin) VALUES ('x', 'NEW-1', 'New', '871')"
    )

    hit = only(world, "871", "bc/items")

    assert (hit.number, hit.by) == ("NEW-1", "gtin")
    assert world.story("products", "NEW-1").standing.state == "read"


@pytest.mark.parametrize(
    ("text", "by"),
    [("CRM-18", "externalId"), ("c00018", "number"), ("bad ltd.", "name"), ("BC-ID", None)],
)
def test_given_a_record_of_a_file_then_the_ledger_has_it(
    world: World, text: str, by: str | None
) -> None:
    world.change(
        "INSERT INTO outbound.ledger (entity, key, external_id, state, bc_number, bc_id, record) "
        "VALUES ('customers', 'crm-18', 'crm-18', 'failed', 'C00018', 'bc-id', ?)",
        json.dumps({"companyName": "Bad Ltd."}),
    )

    hit = only(world, text, "outbound/customers")

    assert hit.by == (by or "Business Central's id")
    assert hit.command == f"bc-pipeline show {TENANT} outbound/customers crm-18"
    assert hit.state == "failed"


def test_given_a_line_that_never_became_a_record_then_its_outcome_is_found(world: World) -> None:
    world.change(
        "INSERT INTO outbound.outcomes (name, generation, line, entity, external_id, success, "
        "action, error_message, settled_at) VALUES ('Bills.csv', 1, 3, 'purchase_invoices', "
        "'b-9', false, 'failed', 'no date', ?)",
        clock.now(),
    )

    hit = only(world, "B-9", "outbound/purchase_invoices")

    assert hit.note == "Bills.csv: no date"
    assert hit.command == f"bc-pipeline records {TENANT} purchase_invoices"


@pytest.mark.parametrize("name", ["Bills.jsonl", "Bills.csv", "Bills.jsonl.gz", "Bills.tmp"])
def test_given_a_file_that_waits_then_file_and_line_are_told(world: World, name: str) -> None:
    text = "externalId,billNumber\nb-1,F1\nb-17,F17\n"
    if "jsonl" in name:
        text = '{"externalId": "b-1"}\n{"externalId": "b-17", "billNumber": "F17"}\n'
    path = world.directory / "outbound" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())

    hits = found(world, "f17").hits

    if name.endswith(".tmp"):  # its producer is still writing it
        assert hits == ()
    else:
        (hit,) = hits
        assert (hit.what, hit.number, hit.exact) == ("outbound/purchase_invoices", "b-17", True)
        assert f"waits in {name}, line 2" in (hit.note or "")


def test_given_a_file_nobody_can_read_then_its_name_is_found_all_the_same(world: World) -> None:
    path = world.directory / "outbound" / "Bills.xlsx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"PK")

    (hit,) = found(world, "bills").hits

    assert (hit.key, hit.by) == ("Bills.xlsx", "its name")


def test_given_nothing_then_where_it_looked_and_why_it_may_be_missing(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(world.home))
    world.change("UPDATE ops.reads SET complete = false, reason = '403' WHERE entity = 'bc/items'")

    assert run(["find", TENANT, "no-such-thing"]) == 0

    told = " ".join(capsys.readouterr().out.split())
    assert "'no-such-thing' was not found" in told
    assert "Not read: bc/items was never read: 403." in told
    assert "the files that wait" in told
    assert "sales are taken from sales_invoices" in told
    assert "company CRONUS International Ltd. of environment Production" in told
    assert "buy orders made in Optiply are not exported" in told


def test_what_people_read_fits_80_columns_and_json_has_the_same_hits(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(world.home))

    run(["find", TENANT, DESK])
    plain = capsys.readouterr().out
    run(["find", TENANT, DESK, "--json"])
    document = json.loads(capsys.readouterr().out)

    assert max(map(len, plain.splitlines())) <= 80
    assert f"bc-pipeline show {TENANT} products {DESK}" in plain
    assert document["hits"][0]["what"] == "optiply/products"
    assert document["tenant"] == TENANT


@pytest.mark.parametrize("text", ["", "  ", "\x1b", "\x00"])
def test_given_no_text_then_it_is_asked_for_one(world: World, text: str) -> None:
    with pytest.raises(ConfigError, match="there is nothing to look for"):
        found(world, text)


@pytest.mark.parametrize("text", ["%", "_", "%%%%", ".*", "'", '"', "\\", "\udcff", "x" * 100_000])
def test_wildcards_quotes_and_broken_characters_are_looked_for_as_they_stand(
    world: World, text: str
) -> None:
    assert found(world, text).hits == ()


def test_given_an_item_without_number_then_its_id_leads_to_it(world: World) -> None:
    (item,) = world.one("SELECT min(id) FROM bc.items")
    world.change("UPDATE bc.items SET number = NULL WHERE id = ?", item)
    for schema in ("sync", "optiply"):
        world.change(f"DELETE FROM {schema}.products WHERE remote_id = ?", item.lower())

    hit = only(world, item, "bc/items")

    assert hit.command == f"bc-pipeline show {TENANT} products {item.lower()}"


def test_short_texts_have_no_parts_in_files_either(world: World) -> None:
    path = world.directory / "outbound" / "Bills.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"externalId": "12"}\n{"externalId": "1"}\n')

    assert [hit.number for hit in found(world, "1").hits if hit.state == "waiting"] == ["1"]


def test_what_is_found_cannot_steer_a_terminal(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(world.home))
    path = world.directory / "outbound" / "Bills.\x1b[2J.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"externalId": "b-77\\u001b[2J"}\n')
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *given: False)

    run(["find", TENANT, "b-77"])
    run(["status", TENANT])

    told = capsys.readouterr().out
    assert "b-77" in told
    assert "\x1b" not in told
