"""What was made by a request whose answer was lost is found whatever the clocks show
(decisions 27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bc_pipeline_tests.to_business_central.bills.conftest import world as documents  # noqa: F401
from bc_pipeline_tests.to_business_central.bills.records import record
from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld

pytestmark = pytest.mark.covers("decision 27")


@pytest.fixture(params=[-40, 40], ids=["behind", "ahead"])
def world(documents: DocumentsWorld, request: pytest.FixtureRequest) -> Iterator[DocumentsWorld]:
    """Business Central's clock is 40 minutes apart from ours."""
    clock = documents.sandbox.business_central.clock
    clock.ahead = timedelta(minutes=request.param)
    yield documents
    clock.ahead = timedelta(0)


def test_given_a_lost_answer_then_a_customer_without_number_is_made_once(world: DocumentsWorld):
    name = f"Clockmaker {world.home.name}"
    customer = {"externalId": "clock", "companyName": name}
    world.strike_writes("apply_then_drop")

    world.run("customers", customer)
    world.intercept = None
    again = world.run("customers", customer)

    assert len(world.rows("customers", displayName=name)) == 1
    assert again.counts == {"unchanged": 1}


def test_given_a_lost_answer_then_a_bill_without_number_is_made_once(world: DocumentsWorld):
    bill = record("clock-bill", vendorNumber="30000", billNumber=None)
    before = len(world.rows("purchaseInvoices"))
    world.strike_writes("apply_then_drop")

    world.run("purchase_invoices", bill)
    world.intercept = None
    world.run("purchase_invoices", bill)

    assert len(world.rows("purchaseInvoices")) == before + 1
