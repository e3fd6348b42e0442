"""A document number on a day is one record's, whatever its case (decisions 6 and 39)."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld
from bc_pipeline_tests.to_business_central.journal_entries.records import (
    booked,
    credit,
    debit,
    entry,
)

pytestmark = [pytest.mark.covers("decision 6"), pytest.mark.covers("decision 39")]
ENTITY = "general_journal_lines"
LINES = (debit(7), credit(7))


def drafts(world: DocumentsWorld, number: str) -> list[str]:
    """Amounts of all journal lines with a document number."""
    rows = world.rows("journalLines", documentNumber=number)
    return sorted(str(row["amount"]) for row in rows)


@pytest.mark.parametrize("number", ["OWN-1", "own-1", " Own-1 "])
@pytest.mark.parametrize("lines", [(), LINES], ids=["same lines", "other lines"])
def test_given_a_draft_of_another_record_then_no_second_one_is_made(
    world: DocumentsWorld, number: str, lines: tuple[dict[str, object], ...]
) -> None:
    world.run(ENTITY, entry("OWN-1"))

    result = world.run(ENTITY, entry(number, *lines, externalId="second"))

    assert result.ends["second"]["error"] == "DuplicatedRecord"
    assert "externalId OWN-1" in result.ends["second"]["reason"]
    assert "externalId second" in result.ends["second"]["reason"]
    assert drafts(world, "OWN-1") == ["-100.00", "100.00"]


def test_given_two_cases_of_one_number_in_one_file_then_the_second_is_refused(
    world: DocumentsWorld,
) -> None:
    result = world.run(ENTITY, entry("OWN-2"), entry("own-2", *LINES))

    assert result.counts == {"created": 1, "quarantined": 1}
    assert result.ends["own-2"]["error"] == "DuplicatedRecord"
    assert drafts(world, "OWN-2") == ["-100.00", "100.00"]


@pytest.mark.parametrize("number", ["OWN-3", "own-3"])
def test_given_another_record_is_posted_with_the_same_lines_then_it_is_no_success(
    world: DocumentsWorld, number: str
) -> None:
    world.configure(post_documents=True)
    first = f"{number}-first"
    world.run(ENTITY, entry("OWN-3", externalId=first, isDraft=False))

    result = world.run(ENTITY, entry(number, externalId="second", isDraft=False))

    assert result.ends["second"]["error"] == "DuplicatedRecord"
    assert len(booked(world, "OWN-3")) == 2


def test_given_a_lost_answer_then_the_number_is_not_another_records(world: DocumentsWorld) -> None:
    world.run_killed(4, "after", ENTITY, entry("OWN-4"))

    result = world.run(ENTITY, entry("own-4", *LINES, externalId="second"))

    assert result.ends["second"]["error"] == "DuplicatedRecord"
    assert drafts(world, "OWN-4") == ["-100.00", "100.00"]


def test_given_the_number_in_another_case_then_the_records_own_draft_is_changed(
    world: DocumentsWorld,
) -> None:
    world.run(ENTITY, entry("OWN-5", externalId="case"))

    result = world.run(ENTITY, entry("own-5", *LINES, externalId="case"))

    assert result.counts == {"updated": 1}
    assert drafts(world, "OWN-5") == ["-7.00", "7.00"]


def test_given_the_draft_was_deleted_then_the_number_is_free(world: DocumentsWorld) -> None:
    world.run(ENTITY, entry("OWN-6"))
    (journal,) = world.journals("OWN-6")
    for line in world.journal_lines(journal["id"]):
        world.company.delete("journalLines", line["id"])
    world.company.delete("journals", journal["id"])

    result = world.run(ENTITY, entry("OWN-6", externalId="second"))

    assert result.counts == {"created": 1}


def test_given_the_number_on_another_day_then_it_is_another_document(
    world: DocumentsWorld,
) -> None:
    world.configure(post_documents=True)
    world.run(ENTITY, entry("OWN-7", isDraft=False))

    later = entry("OWN-7", externalId="april", transactionDate="2026-04-05", isDraft=False)
    result = world.run(ENTITY, later)

    assert result.counts == {"created": 1}
    assert len(booked(world, "OWN-7")) == 4
