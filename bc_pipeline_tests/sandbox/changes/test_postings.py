"""Changes whose transaction stays open: seen too early, committed late, rolled back (platform 1,
3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import Sandbox, changes
from bc_pipeline.sandbox.business_central.replica import set_lag
from bc_pipeline.sandbox.changes import Posting
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline_tests.sandbox.business_central.writes import state
from bc_pipeline_tests.sandbox.conftest import BcClient
from bc_pipeline_tests.sandbox.consistency import faults

phantoms = pytest.mark.covers("sandbox: phantoms")
entry_numbers = pytest.mark.covers("sandbox: entry numbers")


@pytest.fixture
def company(bc: BcClient) -> Iterator[Company]:
    yield bc.company
    set_lag(bc.company, 0)


def item(company: Company) -> str:
    return next(
        row["number"]
        for row in company.tables["items"].values()
        if row["type"] == "Inventory" and not row["blocked"]
    )


def stock(company: Company) -> Decimal:
    return company.inventory(company.find("items", number=item(company))[0]["id"])


def party(company: Company, entity_set: str) -> str:
    rows = company.tables[entity_set].values()
    return next(row["number"] for row in rows if row["blocked"] == "_x0020_")


def invoice(company: Company) -> dict[str, Any]:
    lines = [{"item": item(company), "quantity": 2}]
    return {"vendor": party(company, "vendors"), "lines": lines}


def documents(bc: BcClient) -> tuple[set[str], set[str]]:
    """Numbers of the posted purchase invoices and the receipts a client reads."""
    return tuple(  # type: ignore[return-value]
        {row["number"] for row in bc.rows(f"{name}?$select=number")}
        for name in ("purchaseInvoices", "purchaseReceipts")
    )


@phantoms
def test_given_a_posting_that_is_seen_then_rolled_back_then_documents_were_phantoms(
    bc: BcClient, company: Company
) -> None:
    rows, before, goods = state(company), documents(bc), stock(company)
    posting = Posting(company, "new_purchase_invoice", invoice(company), seen=True)
    assert [len(now - then) for now, then in zip(documents(bc), before, strict=True)] == [1, 1]
    assert stock(company) == goods + 2
    posting.roll_back()
    assert documents(bc) == before
    assert stock(company) == goods
    assert state(company)[:2] == rows[:2]  # only the entry numbers are used up
    assert faults(company) == []


@phantoms
def test_given_a_phantom_then_what_others_changed_meanwhile_stays(company: Company) -> None:
    order = changes.apply_to(company, "new_purchase_order", invoice(company)).split()[-1]
    row = company.find("purchaseOrders", number=order)[0]
    posting = Posting(company, "receive_purchase_order", {"order": order}, seen=True)
    company.modify("purchaseOrders", row["id"], purchaser="JO")
    assert row["fullyReceived"]
    posting.roll_back()
    assert (row["fullyReceived"], row["purchaser"]) == (False, "JO")
    assert not company.find("purchaseReceipts", orderNumber=order)


@phantoms
def test_given_a_posting_that_is_seen_and_kept_then_the_replica_gets_it_when_it_is_committed(
    bc: BcClient, company: Company, sandbox: Sandbox
) -> None:
    before = documents(bc)
    set_lag(company, 5)
    posting = Posting(company, "new_purchase_invoice", invoice(company), seen=True)
    sandbox.clock.advance(60)
    assert documents(bc) == before
    posting.commit()
    assert documents(bc) == before
    sandbox.clock.advance(6)
    assert documents(bc) != before
    assert faults(company) == []


@phantoms
@pytest.mark.parametrize("moved", ["clock", "beginning"])
def test_given_a_posting_committed_late_then_its_stamps_are_those_of_its_beginning(
    bc: BcClient, company: Company, sandbox: Sandbox, moved: str
) -> None:
    before, began = documents(bc), sandbox.clock()
    if moved == "clock":
        posting = Posting(company, "new_purchase_invoice", invoice(company))
        sandbox.clock.advance(50 * 60)
    else:
        posting = Posting(company, "new_purchase_invoice", invoice(company), hours_ago=3)
        began -= timedelta(hours=3)
    assert documents(bc) == before
    newest = company.modify("vendors", next(iter(company.tables["vendors"])))
    posting.commit()
    invoices, receipts = (now - then for now, then in zip(documents(bc), before, strict=True))
    for entity_set, numbers in (("purchaseInvoices", invoices), ("purchaseReceipts", receipts)):
        row = company.find(entity_set, number=numbers.pop())[0]
        stamp = datetime.fromisoformat(row["lastModifiedDateTime"])
        assert abs(stamp - began) < timedelta(seconds=30)
        assert row["lastModifiedDateTime"] < newest["lastModifiedDateTime"]
    assert faults(company) == []


@entry_numbers
def test_given_postings_at_once_then_a_lower_entry_number_appears_after_a_higher_one(
    bc: BcClient, company: Company
) -> None:
    def listed() -> list[int]:
        path = "itemLedgerEntries?$select=entryNumber&$orderby=entryNumber desc&$top=2"
        return [row["entryNumber"] for row in bc.rows(path)]

    move = {"item": item(company), "quantity": 3}
    newest, goods = listed()[0], stock(company)
    slow = Posting(company, "move_stock", move)
    changes.apply_to(company, "move_stock", move)
    assert listed() == [newest + 2, newest]
    slow.commit()
    assert listed() == [newest + 2, newest + 1]
    assert stock(company) == goods + 6
    changes.apply_to(company, "move_stock", move)
    assert listed()[0] == newest + 3
    assert faults(company) == []


@entry_numbers
def test_given_a_posting_rolled_back_then_its_entry_numbers_are_never_given(
    company: Company,
) -> None:
    move = {"item": item(company), "quantity": 3}
    newest = company.last_entry_numbers["itemLedgerEntries"]
    Posting(company, "move_stock", move).roll_back()
    changes.apply_to(company, "move_stock", move)
    assert [row["entryNumber"] for row in company.find("itemLedgerEntries")][-1] == newest + 2


def test_given_a_change_that_is_refused_then_nothing_is_left_open(company: Company) -> None:
    before = state(company)
    with pytest.raises(changes.Refused):
        Posting(company, "receive_purchase_order", {"order": "NONE"}, seen=True)
    assert state(company) == before
    assert (company.undo, company.touched) == (None, None)


@phantoms
def test_given_the_control_interface_then_postings_are_begun_and_ended(
    bc: BcClient, company: Company
) -> None:
    def postings(body: Any = None) -> list[dict[str, Any]]:
        url = f"{bc.sandbox.base_url}/_control/postings"
        answer = requests.request("POST" if body else "GET", url, json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    before = documents(bc)
    name, params = "new_purchase_invoice", {"company": company.name} | invoice(company)
    (phantom,) = postings({"name": name, "params": params, "seen": True})
    assert phantom["company"] == company.name
    assert documents(bc) != before
    assert postings({"roll_back": phantom["id"]}) == []
    assert documents(bc) == before
    (late,) = postings({"name": name, "params": params, "hours_ago": 5})
    assert documents(bc) == before
    assert postings() == [late]
    postings({"commit": late["id"]})
    assert documents(bc) != before
