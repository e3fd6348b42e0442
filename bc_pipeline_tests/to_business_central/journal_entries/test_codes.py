"""One document number is one journal, in whatever letter case it comes."""

from __future__ import annotations

import pytest

from bc_pipeline.to_business_central.journal_entries.wanted import former_code, journal_code
from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld
from bc_pipeline_tests.to_business_central.journal_entries.records import credit, debit, entry

ENTITY = "general_journal_lines"


def made(world: DocumentsWorld, number: str) -> list[str]:
    """Codes of the journals of a document number."""
    rows = world.rows("journals")
    return [row["code"] for row in rows if row["displayName"].upper() == number.upper()]


@pytest.mark.covers("decision 39")
@pytest.mark.parametrize("in_one_run", [True, False])
def test_given_one_number_in_two_cases_then_there_is_one_journal(
    world: DocumentsWorld, in_one_run: bool
) -> None:
    first, second = (f"{case}-{in_one_run}" for case in ("case", "CASE"))

    if in_one_run:
        world.run(ENTITY, entry(first), entry(second))
    else:
        world.run(ENTITY, entry(first))
        world.run(ENTITY, entry(second))

    assert made(world, first) == [journal_code(second)]


def test_given_a_journal_of_version_0_1_0_then_it_is_found_and_changed(
    world: DocumentsWorld,
) -> None:
    number = "former"
    world.run(ENTITY, entry(number))
    (journal,) = world.journals(number)
    world.person_sets("journals", journal, code=former_code(number))

    world.run(ENTITY, entry(number, debit(200), credit(200)))

    assert made(world, number) == [former_code(number)] != [journal_code(number)]
    lines = world.journal_lines(journal["id"])
    assert [line["amount"] for line in lines] == [200, -200]
