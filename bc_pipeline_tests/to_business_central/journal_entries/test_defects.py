"""The defects of the reference that touch journal entries, one test each (target_behaviour.md
10)."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld
from bc_pipeline_tests.to_business_central.journal_entries.records import (
    booked,
    credit,
    debit,
    entry,
)

ENTITY = "general_journal_lines"


@pytest.fixture
def world(world: DocumentsWorld) -> DocumentsWorld:
    """Posting is switched on."""
    world.configure(post_documents=True)
    return world


def posted(number: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return entry(number, *lines, isDraft=False, **more)


def test_D1_the_same_entry_again_is_not_posted_again(world: DocumentsWorld, tmp_path: Any) -> None:
    world.run(ENTITY, posted("D1"))
    without_our_ledger = DocumentsWorld(world.sandbox, tmp_path / "elsewhere")
    without_our_ledger.configure(post_documents=True)

    result = without_our_ledger.run(ENTITY, posted("D1"))

    assert result.counts == {"unchanged": 1}
    assert len(booked(world, "D1")) == 2
    assert not world.journals("D1")


def test_D1_a_number_posted_with_other_amounts_is_refused(world: DocumentsWorld) -> None:
    world.run(ENTITY, posted("D1x"))

    result = world.run(ENTITY, posted("D1x", debit(7), credit(7)))

    assert result.ends["D1x"]["error"] == "DuplicatedRecord"
    assert len(booked(world, "D1x")) == 2


def test_D1_a_posted_record_with_another_date_is_not_posted_once_more(
    world: DocumentsWorld,
) -> None:
    world.run(ENTITY, posted("D1d"))

    result = world.run(ENTITY, posted("D1d", transactionDate="2026-03-06"))

    assert result.ends["D1d"]["error"] == "InvalidRecordState"
    assert len(booked(world, "D1d")) == 2


def test_D2_a_lost_answer_to_posting_is_looked_up_in_the_general_ledger(
    world: DocumentsWorld,
) -> None:
    fault = world.sandbox.faults.add("bc", action="apply_then_drop", path=r"NAV\.post")

    result = world.run(ENTITY, posted("D2"))

    assert fault.hits
    assert result.counts == {"created": 1}
    assert len(booked(world, "D2")) == 2


def test_D10_another_currency_is_refused(world: DocumentsWorld) -> None:
    result = world.run(
        ENTITY,
        posted("D10-head", currency="EUR"),
        posted("D10-line", debit(1, currency="EUR"), credit(1)),
        posted("D10-local", currency="gbp"),
    )

    assert result.counts == {"created": 1, "quarantined": 2}
    assert "EUR" in result.ends["D10-head"]["reason"]
    assert [len(booked(world, f"D10-{x}")) for x in ("head", "line", "local")] == [0, 0, 2]


def test_D12_posting_verifying_and_deleting_are_steps_of_their_own(world: DocumentsWorld) -> None:
    result = world.run(ENTITY, posted("D12"))

    assert result.ends["D12"]["action"] == "posted"
    assert result.ends["D12"]["number"] == "D12"
    assert result.ends["D12"]["id"] == world.entries("D12")[0]["id"]
    assert not world.journals("D12")


def test_B6_a_journal_whose_posting_failed_is_posted_when_the_reason_is_gone(
    world: DocumentsWorld,
) -> None:
    world.company.settings.posting_allowed_from = date(2026, 4, 1)
    refused = world.run(ENTITY, posted("B6"))
    world.company.settings.posting_allowed_from = None

    result = world.run(ENTITY, posted("B6"))

    assert refused.ends["B6"]["state"] == "failed"
    assert "stays in Business Central" in refused.ends["B6"]["reason"]
    assert result.ends["B6"]["action"] == "posted"
    assert len(booked(world, "B6")) == 2


def test_B6_a_journal_another_program_left_is_posted_if_its_lines_equal_ours(
    world: DocumentsWorld, tmp_path: Any
) -> None:
    other = DocumentsWorld(world.sandbox, tmp_path / "elsewhere")
    other.run(ENTITY, entry("B6o"))

    result = world.run(ENTITY, posted("B6o"))

    assert result.ends["B6o"]["action"] == "posted"
    assert len(booked(world, "B6o")) == 2


def test_lines_of_somebody_else_are_never_posted(world: DocumentsWorld) -> None:
    world.run(ENTITY, entry("Foreign"))
    (journal,) = world.journals("Foreign")
    world.company.insert(
        "journalLines",
        {"journalId": journal["id"], "lineNumber": 99, "documentNumber": "FOREIGN", "amount": 0},
    )

    result = world.run(ENTITY, posted("Foreign"))

    assert result.ends["Foreign"]["error"] == "InvalidRecordState"
    assert "99" in result.ends["Foreign"]["reason"]
    assert not world.entries("Foreign")


def test_a_journal_with_the_same_name_and_other_lines_is_left_alone(
    world: DocumentsWorld, tmp_path: Any
) -> None:
    world.run(ENTITY, entry("Named"))
    (journal,) = world.journals("Named")
    world.person_sets("journals", journal, code="PERSONS")

    result = world.run(ENTITY, posted("Named", debit(5), credit(5), externalId="other"))

    assert result.ends["other"]["error"] == "DuplicatedRecord"
    assert len(world.journal_lines(journal["id"])) == 2


def test_B7_decimals_balance_exactly(world: DocumentsWorld) -> None:
    result = world.run(ENTITY, posted("B7", debit(0.1), debit(0.2), credit(0.3)))

    assert result.counts == {"created": 1}
    assert [amount for _, amount in booked(world, "B7")] == ["0.10", "0.20", "-0.30"]


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ((debit(1), credit(2)), "InvalidInputError"),
        ((debit("1.005"), credit("1.005")), "InvalidFieldValue"),
        ((debit(0), credit(0)), "InvalidInputError"),
        ((debit(1) | {"entryType": "Both"}, credit(1)), "InvalidFieldValue"),
        ((debit(None), credit(1)), "InvalidFieldValue"),
        ((debit(1, "NONE"), credit(1)), "RecordNotFound"),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused_before_anything_is_sent(
    world: DocumentsWorld, lines: tuple[dict[str, Any], ...], error: str
) -> None:
    result = world.run(ENTITY, posted("Wrong", *lines))

    assert result.ends["Wrong"]["error"] == error
    assert world.sent("POST", "journals") == 0


def test_lines_without_amount_are_left_out_and_told(world: DocumentsWorld) -> None:
    result = world.run(ENTITY, posted("Zero", debit(4), debit(0), credit(4)))

    assert [amount for _, amount in booked(world, "Zero")] == ["4.00", "-4.00"]
    assert "1 lines with the amount 0" in result.problems[0].reason


def test_a_number_longer_than_a_document_number_is_refused(world: DocumentsWorld) -> None:
    result = world.run(ENTITY, posted("X" * 21))

    assert result.ends["X" * 21]["error"] == "InvalidInputError"


def test_C16_two_records_with_one_number_are_posted_once(world: DocumentsWorld) -> None:
    result = world.run(ENTITY, posted("C16"), posted("C16", externalId="C16-second"))

    assert result.counts == {"created": 1, "quarantined": 1}
    assert result.ends["C16-second"]["error"] == "DuplicatedRecord"
    assert len(booked(world, "C16")) == 2


@pytest.mark.parametrize(("post_documents", "draft"), [(False, False), (True, None), (True, True)])
def test_C19_an_entry_stays_a_draft_unless_tenant_and_record_say_otherwise(
    world: DocumentsWorld, post_documents: bool, draft: bool | None
) -> None:
    world.configure(post_documents=post_documents)
    number = f"C19-{post_documents}-{draft}"

    result = world.run(ENTITY, entry(number, isDraft=draft))

    (journal,) = world.journals(number)
    told = hashlib.sha256(number.upper().encode()).hexdigest()
    assert journal["code"] == told[:10].upper()
    assert result.ends[number]["id"] == journal["id"]
    assert not world.entries(number)


def test_a_changed_draft_is_rebuilt_to_the_new_lines(world: DocumentsWorld) -> None:
    world.run(ENTITY, entry("Changed"))

    result = world.run(ENTITY, entry("Changed", debit(30), debit(70), credit(100)))

    (journal,) = world.journals("Changed")
    amounts = [str(row["amount"]) for row in world.journal_lines(journal["id"])]
    assert result.counts == {"updated": 1}
    assert sorted(amounts) == ["-100.00", "30.00", "70.00"]


def test_a_draft_with_another_number_leaves_no_second_journal(world: DocumentsWorld) -> None:
    world.run(ENTITY, entry("Old", externalId="renumbered"))

    world.run(ENTITY, entry("New", externalId="renumbered"))

    assert not world.journals("Old")
    assert len(world.journals("New")) == 1


def test_a_dry_run_sends_nothing(world: DocumentsWorld) -> None:
    lines = (debit(1, departmentNumber="SALES"), credit(1))

    result = world.run(ENTITY, posted("Dry", *lines), dry_run=True)

    assert result.counts == {"created": 1}
    assert not world.operations("POST", "journals")
    assert not world.journals("Dry")


def test_the_same_record_is_posted_once_posting_was_switched_on(world: DocumentsWorld) -> None:
    world.configure(post_documents=False)
    world.run(ENTITY, posted("Switched"))
    world.configure(post_documents=True)

    first, second = world.run(ENTITY, posted("Switched")), world.run(ENTITY, posted("Switched"))

    assert first.ends["Switched"]["action"] == "posted"
    assert second.counts == {"unchanged": 1}
    assert second.requests_sent == 0
    assert len(booked(world, "Switched")) == 2


# --- signs (decisions 17) ------------------------------------------------------------------------


@pytest.mark.covers("decision 17")
def test_given_a_negative_debit_then_it_is_a_credit(world: DocumentsWorld) -> None:
    world.run(ENTITY, posted("S17", debit("-60.10"), credit("-60.10")))

    assert [amount for _, amount in booked(world, "S17")] == ["-60.10", "60.10"]


@pytest.mark.covers("decision 17")
def test_given_an_entry_with_all_signs_turned_then_it_cancels_the_first(
    world: DocumentsWorld,
) -> None:
    lines = (debit("60.10"), debit("39.90", account="6810"), credit("100"))
    turned = (debit("-60.10"), debit("-39.90", account="6810"), credit("-100"))

    world.run(ENTITY, posted("S17a", *lines), posted("S17b", *turned))

    per_account: dict[str, Decimal] = {}
    for account, amount in (*booked(world, "S17a"), *booked(world, "S17b")):
        per_account[account] = per_account.get(account, Decimal(0)) + Decimal(amount)
    assert len(per_account) == 3
    assert set(per_account.values()) == {Decimal(0)}
