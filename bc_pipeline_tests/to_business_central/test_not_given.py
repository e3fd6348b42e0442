"""What Business Central shows for nothing is not given by a record that carries it, and never sent
(decisions 8, 9)."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.inbox.files import read_file
from bc_pipeline.to_business_central.unified import Bill, as_payload, is_given
from bc_pipeline_tests.to_business_central.bills.conftest import world  # noqa: F401 - fixture
from bc_pipeline_tests.to_business_central.bills.records import record
from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld
from bc_pipeline_tests.to_business_central.journal_entries.records import entry

ZERO = "00000000-0000-0000-0000-000000000000"
NOTHING = (ZERO, f"{{{ZERO}}}", f" {ZERO} ", "0001-01-01", "0001-01-01T00:00:00Z", "_x0020_", " ")


@pytest.mark.covers("decision 8", "decision 9")
@pytest.mark.parametrize("nothing", NOTHING)
def test_given_what_stands_for_nothing_in_any_field_then_it_is_not_given(nothing: str):
    line = {"itemId": nothing, "unitPrice": nothing, "locationId": nothing, "departmentId": nothing}
    bill = {
        "externalId": "b",
        "vendorId": nothing,
        "dueDate": nothing,
        "currencyId": nothing,
        "departmentId": nothing,
        "lineItems": [line],
        "expenses": [{"accountId": nothing, "dimensions": [{"id": nothing}]}],
    }

    (read,) = read_file("Bills.jsonl", json.dumps(bill).encode(), ("department",)).lines

    assert read.record is not None, read.error
    payload = as_payload(read.record)
    assert payload == {"externalId": "b", "lineItems": [{}], "expenses": [{"dimensions": [{}]}]}


@given(st.one_of(st.uuids(version=4).map(str), st.dates(date(1900, 1, 1)).map(str)))
def test_given_anything_else_then_it_is_given(text: str):
    assert is_given(text)


@pytest.mark.covers("decision 9")
def test_given_the_first_day_as_a_date_then_it_is_not_given():
    bill = Bill(issue_date=datetime(1, 1, 1, 5), due_date=date(1, 1, 1))

    assert as_payload(bill) == {}


@pytest.mark.covers("decision 8")
def test_given_a_zero_currency_id_beside_a_code_then_the_code_decides(world: DocumentsWorld):
    result = world.run("purchase_invoices", record("Z-1", currencyId=ZERO, currency="USD"))
    customer = {"externalId": "c", "companyName": "C", "currencyId": ZERO, "currency": "USD"}
    customers = world.run("customers", customer)

    assert (result.counts, customers.counts) == ({"created": 1}, {"created": 1})
    assert world.bill("Z-1")["currencyCode"] == "USD"
    (made,) = world.rows("customers", displayName="C")
    assert made["currencyCode"] == "USD"


@pytest.mark.covers("decision 8")
def test_given_foreign_money_in_a_journal_then_it_is_not_booked_as_local(world: DocumentsWorld):
    result = world.run("general_journal_lines", entry("Z-2", currencyId=ZERO, currency="USD"))

    assert result.ends["Z-2"]["error"] == "InvalidInputError"
    assert world.journals("Z-2") == []


@pytest.mark.covers("decision 8", "decision 9")
def test_given_nothing_in_every_other_field_then_nothing_of_it_is_sent(world: DocumentsWorld):
    empty: dict[str, Any] = {
        "dueDate": "0001-01-01T00:00:00Z",
        "postingDate": "0001-01-01",
        "currencyId": ZERO,
        "vendorId": ZERO,
        "isDraft": None,
        "transactionNumber": "_x0020_",
    }

    world.run("purchase_invoices", record("Z-3", **empty))

    (posted,) = world.operations("POST", "purchaseInvoices")
    assert not {"dueDate", "postingDate", "currencyCode", "currencyId"} & set(posted.body)
    assert "0001-01-01" not in json.dumps(posted.body, default=str)
