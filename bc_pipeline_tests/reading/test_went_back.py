"""Sources that went back in time: an environment was restored to an earlier point."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.reading.went_back import WARNING, noted
from bc_pipeline_tests.business_central.fake import page
from bc_pipeline_tests.reading.reads import (
    BEFORE,
    DOCUMENTS,
    NOW,
    bookmark,
    document,
    everything,
    invoice,
    read,
    vendor,
)


@pytest.mark.covers("decision 3")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_given_posted_documents_of_a_day_that_are_all_gone_then_the_source_went_back(
    world, source, name: str
):
    entity_set, _ = DOCUMENTS[name]
    day = [document(name, f"n{hour}", f"2026-03-01T{hour:02d}:00:00Z") for hour in range(8, 17)]
    source.sets[entity_set] = [document(name, "a", BEFORE), *day]
    read(world, name)
    source.sets[entity_set] = [document(name, "a", BEFORE)]

    result = read(world, name, run_no=7)

    assert result.mode == "full"
    assert "earlier point" in result.warnings[WARNING]
    assert "approve-deletions acme" in result.warnings[WARNING]
    assert everything(world, name) == (["a"], ["a-1"])
    with world.snapshot.cursor() as cursor:
        assert noted(cursor) == {name: 7}


@pytest.mark.covers("decision 3")
def test_given_a_restore_then_what_changes_afterwards_is_read_and_told_only_once(world, source):
    source.sets["vendors"] = [vendor("a", BEFORE), vendor("b", NOW)]
    read(world, "bc/vendors")
    source.sets["vendors"] = [vendor("a", BEFORE), vendor("b", BEFORE, displayName="as it was")]

    result = read(world, "bc/vendors")

    assert (result.mode, list(result.warnings)) == ("full", [WARNING])
    assert ("as it was",) in world.rows("SELECT displayName FROM bc.vendors")
    source.sets["vendors"] += [vendor("c", "2026-01-02T00:00:00Z")]
    source.sets["vendors"][0] = vendor("a", "2026-01-02T00:00:00Z", displayName="new")
    again = read(world, "bc/vendors")
    assert (again.mode, again.changed, again.warnings) == ("incremental", 2, {})


@pytest.mark.covers("decision 3")
def test_given_a_restore_and_work_since_then_then_a_row_that_went_back_tells(world, source):
    source.sets["vendors"] = [vendor("a", BEFORE), vendor("b", NOW)]
    read(world, "bc/vendors")
    later = "2026-03-02T09:00:00Z"
    source.sets["vendors"] = [vendor("a", later), vendor("b", BEFORE)]

    assert list(read(world, "bc/vendors").warnings) == [WARNING]
    assert bookmark(world, "bc/vendors")


@pytest.mark.covers("decision 3")
def test_given_an_entity_that_is_always_read_in_full_then_a_stamp_that_went_back_tells(
    world, source
):
    source.sets["items"] = [vendor("a", BEFORE), vendor("b", NOW)]
    read(world, "bc/items")
    source.sets["items"] = [vendor("a", BEFORE), vendor("b", BEFORE)]

    assert list(read(world, "bc/items").warnings) == [WARNING]
    assert read(world, "bc/items").warnings == {}


def row(name: str, id: str, stamp: str, **more: Any) -> dict[str, Any]:
    """A record of an entity, without lines where it has some."""
    expand = ENTITIES[name].expand
    return vendor(id, stamp, **more, **({expand: []} if expand else {}))


@pytest.mark.covers("decision 3", "decision 23")
@pytest.mark.parametrize(
    ("name", "entity_set"),
    [("bc/purchase_orders", "purchaseOrders"), ("bc/sales_invoices", "salesInvoices")],
)
def test_given_a_document_whose_change_was_rolled_back_then_it_is_as_it_was_and_that_is_all(
    world, source, name: str, entity_set: str
):
    source.sets[entity_set] = [row(name, "a", BEFORE), row(name, "b", NOW, status="Paid")]
    read(world, name)
    source.sets[entity_set] = [row(name, "a", BEFORE), row(name, "b", BEFORE, status="Open")]

    result = read(world, name)

    assert result.warnings == {}
    table = name.removeprefix("bc/")
    assert world.rows(f"SELECT status FROM bc.{table} WHERE id = 'b'") == [("Open",)]


@pytest.mark.covers("decision 3")
@pytest.mark.parametrize(
    ("name", "entity_set"),
    [("bc/vendors", "vendors"), ("bc/items", "items"), ("bc/sales_orders", "salesOrders")],
)
def test_given_the_newest_row_is_deleted_then_the_source_did_not_go_back(
    world, source, name: str, entity_set: str
):
    source.sets[entity_set] = [row(name, "a", BEFORE), row(name, "b", NOW)]
    read(world, name)
    source.sets[entity_set] = [row(name, "a", BEFORE)]

    result = read(world, name)

    assert (result.deleted, result.warnings) == (1, {})


@pytest.mark.covers("decision 3")
def test_given_a_replica_with_an_older_version_of_a_row_then_the_source_did_not_go_back(
    world, source
):
    source.sets["items"] = [invoice("a", BEFORE), invoice("b", NOW)]
    read(world, "bc/items")
    old = [invoice("a", BEFORE), invoice("b", BEFORE)]
    world.fake.on(lambda seen: page(old) if seen.entity_set == "items" else None)

    assert read(world, "bc/items").warnings == {}
