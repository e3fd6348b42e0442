"""A record whose vendor or bill only waits does not fail: it waits too (flows.md 4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline_tests.end_to_end.accounting import DAY, Books, drop, results
from bc_pipeline_tests.end_to_end.installation import Installation

TENANT = "wholesale"
ENTITIES = ("outbound/vendors", "outbound/purchase_invoices", "outbound/vendor_payments")
VENDOR = {"externalId": "v", "vendorNumber": "WAITER", "vendorName": "Waiter"}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with Sandbox(wholesale_items=20) as sandbox:
        made = Installation.create(sandbox, tmp_path)
        made.change_settings(TENANT, "exports", accounting=True, post_documents=True)
        yield made


def test_given_a_vendor_that_business_central_cannot_take_now_then_its_bill_and_payment_wait(
    installation: Installation,
):
    company = installation.sandbox.business_central.companies[wholesale.NAME]
    outbound = installation.tenant(TENANT).snapshot_dir / "outbound"
    books = Books(company, outbound)
    journal = next(iter(company.tables["vendorPaymentJournals"].values()))
    bill = {
        "externalId": "b",
        "billNumber": "W-1",
        "vendorNumber": "WAITER",
        "issueDate": DAY,
        "isDraft": False,
        "expenses": [{"accountNumber": books.accounts[0]["number"], "amount": 5}],
    }
    payment = {
        "externalId": "p",
        "paymentNumber": "W-P",
        "journalExternalId": journal["code"],
        "vendorNumber": "WAITER",
        "billNumber": "W-1",
        "paymentDate": DAY,
        "amount": 5,
    }
    for stream, record in (("Vendors", VENDOR), ("Bills", bill), ("BillPayments", payment)):
        drop(outbound, stream, [record])
    deadlock = installation.sandbox.faults.add(
        "bc", action="deadlock", operation=True, method="POST", path="/vendors"
    )

    first = installation.sync(TENANT, entities=ENTITIES)

    assert deadlock.hits == 1
    assert [first.entities[name].deferred for name in ENTITIES] == [1, 1, 1]
    assert not (outbound / "done").exists() or not list((outbound / "done").iterdir())

    second = installation.sync(TENANT, entities=ENTITIES)

    assert [second.entities[name].created for name in ENTITIES] == [1, 1, 1]
    actions = [results(outbound, name)[0]["action"] for name in ("Vendors", "Bills")]
    assert actions == ["created", "posted"]
    assert len(company.find("vendorPayments", documentNumber="W-P")) == 1


def test_given_no_vendor_of_that_number_anywhere_then_the_bill_fails(installation: Installation):
    outbound = installation.tenant(TENANT).snapshot_dir / "outbound"
    bill = {"externalId": "b", "billNumber": "W-2", "vendorNumber": "NOBODY", "issueDate": DAY}
    drop(outbound, "Vendors", [VENDOR])
    drop(outbound, "Bills", [bill])

    summary = installation.sync(TENANT, entities=ENTITIES)

    assert summary.entities["outbound/vendors"].created == 1
    assert results(outbound, "Bills")[0]["error"]["class"] == "RecordNotFound"


def test_given_a_dry_run_then_a_bill_of_a_vendor_of_the_same_run_is_no_failure(
    installation: Installation,
):
    company = installation.sandbox.business_central.companies[wholesale.NAME]
    outbound = installation.tenant(TENANT).snapshot_dir / "outbound"
    bill = {"externalId": "b", "billNumber": "W-3", "vendorNumber": "WAITER", "issueDate": DAY}
    drop(outbound, "Vendors", [VENDOR])
    drop(outbound, "Bills", [bill])

    summary = installation.sync(TENANT, entities=ENTITIES, dry_run=True)

    assert summary.entities["outbound/vendors"].created == 1
    assert summary.entities["outbound/purchase_invoices"].deferred == 1
    assert not summary.exit_failure
    assert company.find("vendors", number="WAITER") == []
