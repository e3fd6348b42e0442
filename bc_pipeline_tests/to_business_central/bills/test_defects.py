"""Defects B and C of the reference that touch bills, one test each (target_behaviour.md 10)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline_tests.to_business_central.bills.records import line, record, told
from bc_pipeline_tests.to_business_central.documents_world import ITEMS, DocumentsWorld

ENTITY = "purchase_invoices"


def test_B1_items_by_number_and_by_id_in_one_bill(world: DocumentsWorld) -> None:
    by_id = line("b")
    del by_id["itemNumber"]
    by_id["itemId"] = world.rows("items", number=ITEMS[1])[0]["id"].upper()

    result = world.run(ENTITY, record("B1", line("a"), by_id))

    assert result.counts == {"created": 1}
    assert told(world, "B1", "lineObjectNumber") == [(ITEMS[0],), (ITEMS[1],)]


def test_B3_a_record_without_dimension_values_needs_no_dimension(world: DocumentsWorld) -> None:
    world.run(ENTITY, record("B3"))

    assert world.sent("GET", "dimensions") == 0


def test_B7_amounts_are_exact_decimals(world: DocumentsWorld) -> None:
    third = line("b", quantity=3, unitPrice=1.1 + 2.2)
    result = world.run(ENTITY, record("B7", line("a", unitPrice=0.1), third))

    assert result.counts == {"created": 1}
    assert [str(cost) for (cost,) in told(world, "B7", "unitCost")] == ["0.10000", "3.30000"]


def test_B7_a_discount_finer_than_the_currency_is_refused(world: DocumentsWorld) -> None:
    result = world.run(ENTITY, record("B7d", line("a", discount="0.005")))

    assert result.ends["B7d"]["error"] == "InvalidFieldValue"


@pytest.mark.parametrize("deep_insert", [True, False])
def test_B8_more_lines_than_a_batch_holds(world: DocumentsWorld, deep_insert: bool) -> None:
    world.company.settings.deep_insert = deep_insert
    lines = [line(str(n), groupNumber="LARGE") for n in range(1, 121)]
    name = f"B8-{deep_insert}"

    result = world.run(ENTITY, record(name, *lines, departmentNumber="SALES"))

    assert result.counts == {"created": 1}
    found = world.lines(world.bill(name)["id"])
    assert [row["sequence"] for row in found] == [*range(1, 121)]
    assert {world.dimensions(row["id"])["CUSTOMERGROUP"] for row in found} == {"LARGE"}


def test_B12_numbers_are_the_same_in_small_letters(world: DocumentsWorld) -> None:
    bill = record("B12-x", line("a", item=ITEMS[0].lower()))
    world.run(ENTITY, bill)
    world.forget(ENTITY)

    result = world.run(ENTITY, bill | {"externalId": "again", "billNumber": "b12-X"})

    assert result.counts == {"unchanged": 1}
    assert world.bill("B12-x")["id"] == result.ends["again"]["id"]


@pytest.mark.parametrize("name", ["itemName", "itemExternalName"])
def test_B14_an_item_is_found_by_either_of_its_two_names(world: DocumentsWorld, name: str) -> None:
    by_name = line("a")
    del by_name["itemNumber"]
    by_name[name] = world.rows("items", number=ITEMS[2])[0]["displayName"]

    world.run(ENTITY, record(f"B14-{name}", by_name))

    assert told(world, f"B14-{name}", "lineObjectNumber") == [(ITEMS[2],)]


def test_B14_an_item_that_does_not_exist_fails_the_bill(world: DocumentsWorld) -> None:
    result = world.run(ENTITY, record("B14", line("a", item="NO SUCH")))

    assert result.ends["B14"]["error"] == "RecordNotFound"
    assert not world.rows("purchaseInvoices", vendorInvoiceNumber="B14")


def test_B14_a_line_with_an_amount_but_without_item_is_refused(world: DocumentsWorld) -> None:
    amount_only = {"externalId": "a", "quantity": 1, "unitPrice": 10}

    result = world.run(ENTITY, record("B14a", amount_only))

    assert result.ends["B14a"]["error"] == "MissingField"


def test_B15_only_an_integer_external_id_becomes_the_line_number(world: DocumentsWorld) -> None:
    lines = [line("7"), line("line-x"), line("99999999999")]

    world.run(ENTITY, record("B15", *lines))

    assert told(world, "B15", "sequence") == [(7,), (10_000,), (20_000,)]


@pytest.mark.covers("decision 6")
def test_C7_and_C16_two_records_of_one_bill_in_one_file_are_one_bill_and_the_second_is_refused(
    world: DocumentsWorld,
) -> None:
    first = record("C16", line("a"))
    second = record("C16", line("a", quantity=5), externalId="C16-second")

    result = world.run(ENTITY, first, second)

    assert result.counts == {"created": 1, "quarantined": 1}
    assert told(world, "C16", "quantity") == [(1,)]


def test_C9_a_dimension_given_twice_alike_is_sent_once(world: DocumentsWorld) -> None:
    listed = [{"number": "DEPARTMENT", "valueNumber": "sales"}]

    world.run(ENTITY, record("C9", departmentNumber="SALES", dimensions=listed))

    assert world.dimensions(world.bill("C9")["id"])["DEPARTMENT"] == "SALES"


def test_C9_a_dimension_given_twice_differently_is_refused(world: DocumentsWorld) -> None:
    listed = [{"number": "DEPARTMENT", "valueNumber": "ADM"}]

    result = world.run(ENTITY, record("C9x", departmentNumber="SALES", dimensions=listed))

    assert result.ends["C9x"]["error"] == "InvalidDimensionValue"


@pytest.mark.parametrize(
    ("post_documents", "more"),
    [(False, {"isDraft": False}), (True, {}), (True, {"isDraft": True})],
)
def test_C19_a_bill_stays_a_draft_unless_tenant_and_record_say_otherwise(
    world: DocumentsWorld, post_documents: bool, more: dict[str, Any]
) -> None:
    world.configure(post_documents=post_documents)
    name = f"C19-{post_documents}-{more.get('isDraft')}"

    world.run(ENTITY, record(name, **more))

    assert world.bill(name)["status"] == "Draft"


def test_C20_lines_removed_upstream_are_reported(world: DocumentsWorld) -> None:
    world.run(ENTITY, record("C20", line("a"), line("b")))

    result = world.run(ENTITY, record("C20", line("a")))

    assert told(world, "C20", "sequence") == [(10_000,), (20_000,)]
    assert ["20000" in problem.reason for problem in result.problems] == [True]


def test_C20_lines_removed_upstream_are_deleted_where_the_tenant_wants_it(
    world: DocumentsWorld,
) -> None:
    world.run(ENTITY, record("C20d", line("a"), line("b")))
    world.configure(delete_missing_lines=True)

    result = world.run(ENTITY, record("C20d", line("a")))

    assert result.counts == {"updated": 1}
    assert not result.problems
    assert told(world, "C20d", "sequence") == [(10_000,)]
