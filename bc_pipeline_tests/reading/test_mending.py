"""Texts of Business Central that cannot be stored never stop anything, in any column."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bc_pipeline.business_central.mending import MOST_NAMED, WARNING
from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.catalogue.tables import TEXT, WHOLE
from bc_pipeline.reading.entity import read_entity
from bc_pipeline_tests.business_central.fake import Reply, make_bc, page
from bc_pipeline_tests.reading.reads import invoice, read, vendor

SPOILED = "half \ud83d nul \x00 bell \x07"
MENDED = "half � nul  bell "
READ = [entity for entity in ENTITIES.values() if entity.route != "companies"]
PAGES = {"item_page_name": "Artikel", "item_units_page_name": "Eenheden"}


def spoiled_row(entity: Any) -> dict[str, Any]:
    """Every text of a row and of its line is spoiled, ids excepted."""

    def row(table: Any) -> dict[str, Any]:
        texts = [name for name, kind in table.columns.items() if kind == TEXT]
        return {name: name if name == "id" else SPOILED for name in texts}

    number = dict.fromkeys(
        (name for name in entity.table.key if entity.table.columns[name] == WHOLE), 1
    )
    inner = {entity.expand: [{**row(entity.lines), "id": "line"}]} if entity.lines else {}
    return {**row(entity.table), **number, **inner}


@pytest.mark.covers("decision 16")
@pytest.mark.parametrize("entity", READ, ids=lambda entity: entity.name)
def test_given_spoiled_texts_in_every_column_then_the_entity_is_read_with_one_warning(
    fake, tmp_path, world, entity
):
    name = PAGES.get(entity.path, entity.path)
    rows = [spoiled_row(entity)]
    fake.on_set(name, page(rows))
    with make_bc(fake, tmp_path, **PAGES) as bc:
        result = read_entity(bc, world.snapshot, entity, run_no=1)

    assert (result.complete, result.rows, result.retried) == (True, 1, 0)
    assert result.warning_counts == {WARNING: 1}
    for table in (entity.table, entity.lines):
        found = world.snapshot.frame(f"bc.{table.name}") if table else None
        for column in found.columns if found is not None and table else ():
            if table.columns.get(column) == TEXT and column not in ("id", table.parent):
                assert found[column].iloc[0] in (MENDED, None) or column in table.absent


@pytest.mark.covers("decision 16")
def test_given_one_spoiled_vendor_then_it_is_named_with_what_was_mended(world):
    rows = [
        vendor("a", number="10000", displayName="Zonnebloem \ud83d"),
        vendor("b", displayName="Fleurs 🌻"),
    ]
    world.fake.on_set("vendors", Reply(body=json.dumps({"value": rows}).encode()))

    result = read(world, "bc/vendors", run_no=3)

    assert result.warning_counts == {WARNING: 1}
    assert world.rows("SELECT id, displayName FROM bc.vendors ORDER BY id") == [
        ("a", "Zonnebloem �"),
        ("b", "Fleurs 🌻"),
    ]
    ((run_no, entity, id, kind, message),) = world.rows("SELECT * FROM ops.warnings")
    assert (run_no, entity, id, kind) == (3, "bc/vendors", "a", WARNING)
    assert message.startswith("10000 Zonnebloem �: half a character or a control character in ")
    assert "displayName" in message


@pytest.mark.covers("decision 16")
def test_given_a_spoiled_line_then_its_document_is_named(world):
    lines = [
        {"id": "1", "sequence": 10000, "lineObjectNumber": "good"},
        {"id": "2", "sequence": 20000, "lineObjectNumber": "bad\x00"},
    ]
    world.fake.on_set("salesInvoices", page([invoice("103001", lines=lines)]))

    read(world)

    ((message,),) = world.rows("SELECT message FROM ops.warnings")
    assert message.startswith("103001: ")
    assert "lineObjectNumber of line 2" in message


@pytest.mark.covers("decision 16")
def test_given_a_later_read_with_bytes_that_are_no_text_then_only_these_are_replaced(world, source):
    source.sets["items"] = [vendor("a")]
    read(world, "bc/items")
    body = b'{"value": [{"id": "a", "displayName": "cut \xf0\x9f\x8c"}, {"id": "b"}]}'
    world.fake.on_set("items", Reply(body=body))

    assert read(world, "bc/items").complete
    assert world.rows("SELECT displayName FROM bc.items ORDER BY id") == [("cut �",), (None,)]


@pytest.mark.covers("decision 16")
def test_given_hundreds_of_spoiled_records_then_most_are_told_as_a_number(world):
    rows = [vendor(f"{n:03d}", displayName="\x01") for n in range(200)]
    world.fake.on_set("vendors", page(rows))

    assert read(world, "bc/vendors").warning_counts == {WARNING: 200}
    told = world.rows("SELECT message FROM ops.warnings WHERE remote_id IS NULL")
    assert told == [
        (f"{200 - MOST_NAMED} more records had half a character or a control character in them",)
    ]
    assert len(world.rows("SELECT * FROM ops.warnings")) == MOST_NAMED + 1


@pytest.mark.covers("decision 16")
def test_given_a_single_record_or_a_small_list_then_texts_are_mended_too(world):
    world.fake.on_set("items(a)", Reply(body=json.dumps({"id": "a", "n": SPOILED}).encode()))
    world.fake.on_set("things", page([{"id": "a", "n": SPOILED}]))

    assert world.bc.get("items", "a") == {"id": "a", "n": MENDED}
    assert list(world.bc.rows(world.fake.url_of("things"))) == [{"id": "a", "n": MENDED}]


@pytest.mark.covers("decision 16")
def test_given_a_spoiled_company_name_then_the_company_is_found_all_the_same(world):
    company = {"id": "c", "name": "CRONUS", "displayName": SPOILED}
    world.fake.on_set("companies", page([company]))

    assert world.bc.preflight().display_name == MENDED
    assert read(world, "bc/companies").complete
