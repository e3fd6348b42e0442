"""A bound action may refuse although its work is committed: what Business Central has is what is
reported (decisions 37)."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.to_business_central.bills.conftest import world as documents  # noqa: F401
from bc_pipeline_tests.to_business_central.bills.records import record
from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld
from bc_pipeline_tests.to_business_central.journal_entries.records import (
    booked,
    credit,
    debit,
    entry,
)

pytestmark = pytest.mark.covers("decision 37")


@pytest.fixture(params=["apply_then_refuse", "part_then_refuse"])
def world(documents: DocumentsWorld, request: pytest.FixtureRequest) -> DocumentsWorld:
    """Posting is switched on, and refused after it was done."""
    documents.configure(post_documents=True)
    documents.sandbox.faults.add("bc", action=request.param, path="Microsoft.NAV.post")
    return documents


def test_given_a_refusal_after_posting_then_the_bill_is_posted_once_and_says_so(
    world: DocumentsWorld,
) -> None:
    bill = record(f"R-{world.home.name[-1]}", isDraft=False)

    first = world.run("purchase_invoices", bill)
    again = world.run("purchase_invoices", bill)

    name = bill["externalId"]
    assert world.bill(name)["status"] == "Open"
    assert first.ends[name]["state"] == again.ends[name]["state"] == "done"
    assert first.ends[name]["number"] == world.bill(name)["number"]
    assert again.counts == {"unchanged": 1}


def test_given_a_refusal_after_posting_then_the_journal_is_booked_once_and_says_so(
    world: DocumentsWorld,
) -> None:
    number = f"RJ-{world.home.name[-1]}"
    lines = entry(number, debit(100), credit(100), isDraft=False)

    first = world.run("general_journal_lines", lines)
    again = world.run("general_journal_lines", lines)

    assert [amount for _, amount in booked(world, number)] == ["100.00", "-100.00"]
    assert first.ends[number]["state"] == again.ends[number]["state"] == "done"
    assert world.journals(number) == []
