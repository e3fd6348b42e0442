"""Documents that were rolled back, and what a replica lacks."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.business_central.fake import error, make_bc, page
from bc_pipeline_tests.reading.reads import (
    BEFORE,
    DOCUMENTS,
    NOW,
    document,
    everything,
    ids,
    invoice,
    looked_up,
    read,
)

# --- documents that were rolled back -------------------------------------------------------------


@pytest.mark.covers("decision 23")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_given_a_document_that_was_read_and_rolled_back_then_it_is_looked_up_and_removed(
    world, source, name: str
):
    entity_set, _ = DOCUMENTS[name]
    source.sets[entity_set] = [document(name, "a", BEFORE), document(name, "phantom")]
    read(world, name)
    source.sets[entity_set] = [document(name, "a", BEFORE)]

    result = read(world, name)

    assert (result.deleted, result.warnings) == (1, {})
    assert looked_up(world, entity_set) == [f"{entity_set}(phantom)"]
    assert everything(world, name) == (["a"], ["a-1"])
    assert read(world, name).requests == 1, "and the next read starts from what is there"


@pytest.mark.covers("decision 23")
def test_given_a_rolled_back_document_then_others_of_the_overlap_stay(world, source):
    older = invoice("older", "2026-03-01T11:55:00Z")
    source.sets["salesInvoices"] = [older, invoice("phantom", NOW), invoice("b", BEFORE)]
    read(world)
    source.sets["salesInvoices"] = [older, invoice("b", BEFORE)]

    read(world)

    assert ids(world) == ["b", "older"]


@pytest.mark.covers("decision 23")
@pytest.mark.parametrize("answer", [error(503, "Busy"), error(404, "Internal_CompanyNotFound")])
def test_given_a_look_up_without_an_answer_then_the_document_stays(world, source, answer):
    source.sets["salesInvoices"] = [invoice("a", NOW)]
    read(world)
    source.sets["salesInvoices"] = []
    world.fake.on(lambda seen: answer if seen.entity_set == "salesInvoices(a)" else None)

    assert read(world).deleted == 0
    assert ids(world) == ["a"]


@pytest.mark.covers("decision 23")
def test_given_more_missing_documents_than_are_worth_a_look_up_each_then_all_ids_are_read(
    world, source
):
    source.sets["salesInvoices"] = [invoice(f"{n:03d}", NOW) for n in range(50)]
    read(world)
    source.sets["salesInvoices"] = source.sets["salesInvoices"][:5]
    world.fake.on(lambda seen: page([]) if "ge" in seen.query.get("$filter", "") else None)

    result = read(world)

    assert result.deleted == 45
    assert len(looked_up(world, "salesInvoices")) <= 1
    assert len(ids(world)) == 5


# --- replicas ------------------------------------------------------------------------------------


@pytest.mark.covers("decision 23")
@pytest.mark.parametrize(
    ("name", "entity_set", "table"),
    [("bc/sales_invoices", "salesInvoices", "sales_invoices"), ("bc/items", "items", "items")],
)
def test_given_a_replica_that_lacks_what_another_one_had_then_nothing_is_taken_for_gone(
    world, source, name: str, entity_set: str, table: str
):
    rows = [invoice("a", BEFORE), invoice("new", NOW)]
    source.sets[entity_set] = rows
    read(world, name)
    world.fake.on(
        lambda seen: (
            page(rows[:1])
            if seen.entity_set == entity_set
            and seen.headers.get("data-access-intent") == "ReadOnly"
            else None
        )
    )

    result = read(world, name)

    assert (result.deleted, result.warnings) == (0, {})
    assert ids(world, table) == ["a", "new"]


def test_given_no_overlap_configured_then_a_lag_is_covered_all_the_same(fake, tmp_path, world):
    from bc_pipeline.reading.mode import LONGEST_LAG, overlap_of

    with make_bc(fake, tmp_path, sync={"read_overlap_seconds": 0}) as bc:
        assert overlap_of(bc.tenant.sync) == LONGEST_LAG
