"""The severe defects of the reference that touch bills, one test each (target_behaviour.md 10)."""

from __future__ import annotations

from typing import Any

from bc_pipeline_tests.to_business_central.bills.records import line, record, told
from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld

ENTITY = "purchase_invoices"


def test_D4_a_throttled_look_up_never_means_that_there_is_nothing(world: DocumentsWorld) -> None:
    world.run(ENTITY, record("D4"))
    world.sandbox.faults.add(
        "bc", action="status", status=500, method="POST", path=r"\$batch", times=None
    )

    result = world.run(ENTITY, record("D4", externalId="D4-other"))

    assert result.counts == {"deferred": 1}
    assert world.sent("POST", "purchaseInvoices") == 0
    assert len(world.rows("purchaseInvoices", vendorInvoiceNumber="D4")) == 1


def test_D5_a_changed_description_changes_its_own_line(world: DocumentsWorld) -> None:
    two = [line("a", description="Same"), line("b", description="Same", quantity=2)]
    world.run(ENTITY, record("D5", *two))
    two[1]["description"] = "Another"

    result = world.run(ENTITY, record("D5", *two))

    assert result.counts == {"updated": 1}
    assert told(world, "D5", "description", "quantity") == [("Same", 1), ("Another", 2)]


def test_D5_an_expense_never_takes_the_line_of_an_item(world: DocumentsWorld) -> None:
    freight = {"externalId": "x", "accountNumber": "6710", "amount": 5, "description": "Same"}
    world.run(ENTITY, record("D5x", line("a", description="Same"), expenses=[freight]))

    world.run(
        ENTITY,
        record("D5x", line("a", description="Same"), expenses=[freight | {"amount": 6}]),
    )

    assert told(world, "D5x", "lineType", "unitCost") == [("Item", 10), ("Account", 6)]


def test_D5_lines_of_a_bill_the_ledger_does_not_know_are_claimed_once_each(
    world: DocumentsWorld, tmp_path: Any
) -> None:
    two = [line(description="Same"), line(description="Same", quantity=2)]
    world.run(ENTITY, record("D5y", *two))
    elsewhere = DocumentsWorld(world.sandbox, tmp_path / "elsewhere")
    two[1]["unitPrice"] = 11

    result = elsewhere.run(ENTITY, record("D5y", *two))

    assert result.counts == {"updated": 1}
    assert told(world, "D5y", "quantity", "unitCost") == [(1, 10), (2, 11)]


def test_D7_a_bill_without_lines_that_should_be_posted_says_so(world: DocumentsWorld) -> None:
    world.configure(post_documents=True)

    result = world.run(ENTITY, record("D7", isDraft=False) | {"lineItems": []})

    assert result.counts == {"quarantined": 1}
    assert "no lines" in result.ends["D7"]["reason"]
    assert not world.rows("purchaseInvoices", vendorInvoiceNumber="D7")


def test_D10_a_bill_carries_its_currency(world: DocumentsWorld) -> None:
    world.run(ENTITY, record("D10-EUR", currency="EUR"), record("D10-GBP", currency="gbp"))

    assert world.bill("D10-EUR")["currencyCode"] == "EUR"
    assert world.bill("D10-GBP")["currencyCode"] == "GBP"


def test_D10_an_unknown_currency_is_refused(world: DocumentsWorld) -> None:
    result = world.run(ENTITY, record("D10-XXX", currency="XXQ"))

    assert result.ends["D10-XXX"]["error"] == "RecordNotFound"
    assert not world.rows("purchaseInvoices", vendorInvoiceNumber="D10-XXX")


def test_D11_an_answer_that_is_no_answer_ends_in_no_false_reason(world: DocumentsWorld) -> None:
    world.sandbox.faults.add("bc", action="throttled", path=r"purchaseInvoices", times=2)

    result = world.run(ENTITY, record("D11"))

    assert result.counts == {"created": 1}


def test_D12_posting_is_a_step_of_its_own_and_verified(world: DocumentsWorld) -> None:
    world.configure(post_documents=True)

    result = world.run(ENTITY, record("D12", isDraft=False))

    posted = world.bill("D12")
    assert posted["status"] == "Open"
    assert result.ends["D12"]["action"] == "posted"
    assert result.ends["D12"]["number"] == posted["number"], "the number of the posted series"


def test_D13_a_refused_change_tells_what_remains_and_is_resumed(world: DocumentsWorld) -> None:
    value = world.rows("dimensionValues", code="SMALL")[0]
    world.company.modify("dimensionValues", value["id"], **{"#blocked": True})
    bill = record("D13", line("a", groupNumber="SMALL"))

    refused = world.run(ENTITY, bill)
    world.company.modify("dimensionValues", value["id"], **{"#blocked": False})
    resumed = world.run(ENTITY, bill)

    draft = world.bill("D13")
    assert f"the draft {draft['number']} stays" in refused.ends["D13"]["reason"]
    assert refused.ends["D13"]["id"] == draft["id"]
    assert resumed.counts == {"created": 1}
    assert world.dimensions(world.lines(draft["id"])[0]["id"])["CUSTOMERGROUP"] == "SMALL"
