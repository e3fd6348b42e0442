"""Look-ups and read-backs answered by a replica that lags: nothing is made twice, and nothing is
refused for not having been seen."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.business_central.answers import decoded
from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.to_business_central.accounting_world import Sent
from bc_pipeline_tests.to_business_central.bills import records as bills
from bc_pipeline_tests.to_business_central.documents_world import VENDOR, DocumentsWorld
from bc_pipeline_tests.to_business_central.journal_entries import records as journals

pytestmark = pytest.mark.covers("decision 20")
LAG_SECONDS = 3600.0
Record = dict[str, Any]


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> DocumentsWorld:
    """A company whose replica shows nothing of what a test does."""
    sandbox.reset()
    sandbox.faults.clear()
    world = DocumentsWorld(sandbox, tmp_path)
    world.configure(post_documents=True)
    world.sandbox.business_central.set_replica_lag(LAG_SECONDS)
    return world


@pytest.fixture(params=[True, False], ids=["heeded", "ignored"])
def parts(request: pytest.FixtureRequest, world: DocumentsWorld) -> bool:
    """Whether the header of a part of a batch counts, which is written nowhere."""
    heeded = bool(request.param)
    world.sandbox.business_central.set_replica_lag(LAG_SECONDS, heeds_parts=heeded)
    return heeded


def customers(world: DocumentsWorld) -> list[Record]:
    """With a number and without."""
    return [
        {"externalId": "c1", "companyName": "Numbered", "customerNumber": "C-1"},
        {"externalId": "c2", "companyName": "Nameless", "departmentNumber": "SALES"},
    ]


def vendors(world: DocumentsWorld) -> list[Record]:
    return [
        {"externalId": "v1", "vendorName": "Numbered", "vendorNumber": "V-1"},
        {"externalId": "v2", "vendorName": "Nameless"},
    ]


def purchase_invoices(world: DocumentsWorld) -> list[Record]:
    """With the vendor's number, without one, and one to be posted."""
    lines = [bills.line("a", departmentNumber="SALES")]
    return [
        bills.record("b1", *lines),
        bills.record("b2", *lines, billNumber=None),
        bills.record("b3", *lines, isDraft=False),
    ]


def vendor_payments(world: DocumentsWorld) -> list[Record]:
    bill = world.rows("purchaseInvoices", status="Open")[0]
    common = {
        "journalExternalId": "GENERAL",
        "vendorId": bill["vendorId"],
        "billId": bill["id"],
        "amount": "10.10",
        "departmentNumber": "SALES",
    }
    return [
        {"externalId": "p1", "paymentNumber": "P-1", **common},
        {"externalId": "p2", **common},
    ]


def general_journal_lines(world: DocumentsWorld) -> list[Record]:
    """One that stays, one that is posted."""
    return [
        journals.with_dimensions("J-1"),
        journals.with_dimensions("J-2", isDraft=False),
    ]


CHANGES: dict[str, Record] = {
    "customers": {"email": "changed@example.com"},
    "vendors": {"email": "changed@example.com"},
    "purchase_invoices": {"dueDate": "2027-01-31"},
    "vendor_payments": {"amount": "20.20"},
    "general_journal_lines": {"transactionDate": "2026-03-06"},
}
Make = Callable[[DocumentsWorld], list[Record]]
ENTITIES = [customers, vendors, purchase_invoices, vendor_payments, general_journal_lines]
COUNTED = {
    "customers": ("customers",),
    "vendors": ("vendors",),
    "purchase_invoices": ("purchaseInvoices", "purchaseInvoiceLines"),
    "vendor_payments": ("vendorPayments",),
    "general_journal_lines": ("journals", "journalLines", "generalLedgerEntries"),
}
EXPECTED_NEW = {
    "customers": (2,),
    "vendors": (2,),
    "purchase_invoices": (3, 3),
    "vendor_payments": (2,),
    "general_journal_lines": (1, 3, 3),
}
"""Rows of each table there are more afterwards: the posted journal is gone, its entries are not."""


def lose_answer(world: DocumentsWorld, write: int) -> None:
    """The answer to the n-th request that changes something is lost after it was carried out."""
    seen = itertools.count(1)

    def intercept(request: Sent, send: Callable[[], Any]) -> Any:
        if request.writes and next(seen) == write:
            world.sandbox.faults.add("bc", action="apply_then_drop")
        return send()

    world.intercept = intercept


def counted(world: DocumentsWorld, entity: str) -> tuple[int, ...]:
    return tuple(len(world.rows(entity_set)) for entity_set in COUNTED[entity])


def new_since(world: DocumentsWorld, entity: str, before: tuple[int, ...]) -> tuple[int, ...]:
    """How many rows there are more."""
    return tuple(now - then for now, then in zip(counted(world, entity), before, strict=True))


@pytest.mark.parametrize("write", deep_but([1, 2, 3], 2))
@pytest.mark.parametrize("make", ENTITIES, ids=lambda make: make.__name__)
def test_given_a_lost_answer_then_each_record_stands_once_in_the_same_run(
    world: DocumentsWorld, parts: bool, make: Make, write: int
) -> None:
    entity, records = make.__name__, make(world)
    before = counted(world, entity)
    lose_answer(world, write)

    result = world.run(entity, *records)

    assert not result.quarantined
    assert not result.deferred
    assert new_since(world, entity, before) == EXPECTED_NEW[entity]


@pytest.mark.parametrize("moment", deep_but(["before", "after"], "after"))
@pytest.mark.parametrize("make", ENTITIES, ids=lambda make: make.__name__)
def test_given_a_run_that_was_killed_then_the_next_one_makes_nothing_twice(
    world: DocumentsWorld, parts: bool, make: Make, moment: str
) -> None:
    entity, records = make.__name__, make(world)
    before = counted(world, entity)
    for request in (4, 5, 6):
        world.run_killed(request, moment, entity, *records)

    result = world.run(entity, *records)

    assert not result.quarantined
    assert not result.deferred
    assert new_since(world, entity, before) == EXPECTED_NEW[entity]


@pytest.mark.parametrize("make", ENTITIES, ids=lambda make: make.__name__)
def test_given_a_record_that_was_just_written_when_it_comes_changed_then_it_is_not_made_again(
    world: DocumentsWorld, parts: bool, make: Make
) -> None:
    entity, records = make.__name__, make(world)
    world.run(entity, *records)
    before = counted(world, entity)
    changed = [record | CHANGES[entity] for record in records if "isDraft" not in record]

    result = world.run(entity, *changed)

    assert result.counts == {"updated": len(changed)}
    assert counted(world, entity) == before


def test_given_a_vendor_made_a_moment_ago_then_its_bill_is_not_refused(
    world: DocumentsWorld, parts: bool
) -> None:
    world.run("vendors", {"externalId": "v", "vendorName": "Just made", "vendorNumber": "V-NEW"})
    record = bills.record("b", vendorNumber="V-NEW")

    result = world.run("purchase_invoices", record)

    assert result.counts == {"created": 1}


def test_given_a_bill_posted_a_moment_ago_then_its_payment_is_not_refused(
    world: DocumentsWorld, parts: bool
) -> None:
    world.run("purchase_invoices", bills.record("b", isDraft=False))
    payment = {
        "externalId": "p",
        "journalExternalId": "GENERAL",
        "vendorNumber": VENDOR,
        "billNumber": "b",
        "amount": "5",
    }

    result = world.run("vendor_payments", payment)

    assert result.counts == {"created": 1}


@pytest.mark.parametrize("make", ENTITIES, ids=lambda make: make.__name__)
def test_whatever_a_writer_looks_up_it_asks_for_the_primary(
    world: DocumentsWorld, make: Make
) -> None:
    entity, records = make.__name__, make(world)
    world.run(entity, *records)

    asked = [each for each in world.requests() if each.method == "GET"]
    assert all(each.headers.get("data-access-intent") == "ReadWrite" for each in asked)
    batches = [each for each in world.requests() if each.path.endswith("$batch")]
    assert batches
    for batch in batches:
        assert "data-access-intent" not in batch.headers
        for part in decoded(batch.body)["requests"]:
            intent = part["headers"].get("Data-Access-Intent")
            assert intent == ("ReadWrite" if part["method"] == "GET" else None)
