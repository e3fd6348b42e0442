"""The store of one company: what generators and tests change it with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.sandbox.company.company import ETAG, Company, encode_enum
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.json_text import decimal_text, dumps

NOW = datetime(2030, 1, 1, 8, 30, 15, 120_000, tzinfo=UTC)


@pytest.fixture
def company() -> Company:
    return Company("Test", currency_code="EUR", clock=lambda: NOW)


def test_insert_fills_id_stamp_tag_and_empty_values(company: Company) -> None:
    row = company.insert("items", {"number": "A", "unitPrice": "1.25"})
    assert row["lastModifiedDateTime"] == "2030-01-01T08:30:15.12Z"
    assert row["unitPrice"] == Decimal("1.25")
    assert row["type"] == "Inventory"
    assert row[ETAG].startswith('W/"')
    assert company.tables["items"][row["id"]] is row
    assert "inventory" not in row


def test_ids_are_repeatable(company: Company) -> None:
    again = Company("Test", currency_code="EUR", clock=lambda: NOW)
    assert company.insert("items", {})["id"] == again.insert("items", {})["id"]
    other = Company("Test", currency_code="EUR", clock=lambda: NOW, seed=2)
    assert company.new_id() != other.new_id()


def test_unknown_properties_and_known_ids_are_refused(company: Company) -> None:
    with pytest.raises(ValueError, match="no property colour"):
        company.insert("items", {"colour": "red"})
    row = company.insert("items", {})
    with pytest.raises(ValueError, match="exists already"):
        company.insert("items", {"id": row["id"]})
    with pytest.raises(ValueError, match="no property colour"):
        company.modify("items", row["id"], colour="red")


def test_dates_stamps_and_hidden_facts(company: Company) -> None:
    order = {"number": "1", "orderDate": date(2030, 1, 2), "#note": "kept"}
    row = company.insert("purchaseOrders", order, stamp="0001-01-01T00:00:00Z")
    assert row["orderDate"] == "2030-01-02"
    assert row["lastModifiedDateTime"] == "0001-01-01T00:00:00Z"
    assert row["#note"] == "kept"


def test_modify_changes_the_tag_always_and_the_stamp_when_touched(company: Company) -> None:
    row = company.insert("items", {"number": "A"}, stamp=datetime(2029, 1, 1, tzinfo=UTC))
    first = row[ETAG]
    company.modify("items", row["id"], touch=False, displayName="x")
    assert (row["lastModifiedDateTime"], row[ETAG] != first) == ("2029-01-01T00:00:00Z", True)
    company.modify("items", row["id"], displayName="y")
    assert row["lastModifiedDateTime"] == "2030-01-01T08:30:15.12Z"


def test_find_follows_every_change(company: Company) -> None:
    row = company.insert("items", {"number": "A"})
    assert company.find("items", number="A") == [row]
    company.modify("items", row["id"], number="B")
    assert company.find("items", number="A") == []
    assert company.find("items", number="B", blocked=False) == [row]
    assert company.find("items", number="B", blocked=True) == []
    company.delete("items", row["id"])
    assert company.find("items", number="B") == []


def test_deleting_a_document_deletes_its_lines(company: Company) -> None:
    order = company.insert("purchaseOrders", {"number": "1"})
    other = company.insert("purchaseOrders", {"number": "2"})
    for document in (order, other):
        company.insert("purchaseOrderLines", {"documentId": document["id"], "sequence": 10000})
    company.delete("purchaseOrders", order["id"])
    assert {line["documentId"] for line in company.find("purchaseOrderLines")} == {other["id"]}


@given(st.lists(st.tuples(st.sampled_from(["", "MAIN", "EAST"]), st.integers(-50, 50))))
def test_inventory_is_the_sum_of_what_was_posted(moves: list[tuple[str, int]]) -> None:
    company = Company("Test", currency_code="EUR", clock=lambda: NOW)
    item = company.insert("items", {"number": "A"})["id"]
    for location, quantity in moves:
        company.post_ledger(
            item,
            quantity,
            entry_type="Positive Adjmt.",
            document_number="D",
            posting_date=date(2030, 1, 1),
            location_code=location,
        )
    assert company.inventory(item) == sum(quantity for _, quantity in moves)
    assert company.inventory(item, "MAIN") == sum(q for code, q in moves if code == "MAIN")
    entries = company.find("itemLedgerEntries")
    assert [entry["entryNumber"] for entry in entries] == list(range(1, len(moves) + 1))
    assert {entry["entryType"] for entry in entries} <= {"Positive_x0020_Adjmt_x002E_"}


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_are_written_exactly(value: Decimal) -> None:
    text = decimal_text(value)
    assert Decimal(text) == value
    assert "E" not in text
    assert text == "0" or not ("." in text and text.endswith("0"))
    assert dumps({"a": value}) == f'{{"a":{text}}}'.encode()


def test_enums_are_encoded_as_odata_does() -> None:
    assert encode_enum("Positive Adjmt.") == "Positive_x0020_Adjmt_x002E_"
    assert encode_enum("Non-Inventory") == "Non_x002D_Inventory"
    assert encode_enum(" ") == "_x0020_"
    assert "Non_x002D_Inventory" in entities()["items"].fields["type"].enum


def test_the_entity_list_is_whole() -> None:
    assert len(entities()) == 146
    shipping = [entity for entity in entities().values() if entity.shipping]
    assert len(shipping) == 90
    for entity in shipping:
        for navigation in entity.navigations.values():
            assert navigation.entity_set in entities()
            assert set(navigation.link) <= set(entities()[navigation.entity_set].fields)
            assert set(navigation.link.values()) <= set(entity.fields)
