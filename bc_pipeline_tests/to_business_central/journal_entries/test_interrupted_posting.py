"""Posting an entry, interrupted at any request: after the next run it is in the books exactly once
(D2, D12)."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.to_business_central.documents_world import (
    INTERRUPTIONS,
    LOST,
    DocumentsWorld,
)
from bc_pipeline_tests.to_business_central.journal_entries.records import booked, with_dimensions

ENTITY = "general_journal_lines"


@pytest.mark.parametrize("how", deep_but(INTERRUPTIONS, LOST))
def test_D2_a_posted_entry_is_in_the_books_exactly_once(world: DocumentsWorld, how: str) -> None:
    world.configure(post_documents=True)
    name = how.split()[-1]

    for (record,), result in world.interrupted(
        ENTITY, how, lambda n: [with_dimensions(f"{name}-{n}", isDraft=False)]
    ):
        number = record["journalEntryNumber"]
        assert result.ends[number]["state"] == "done", result.problems
        assert booked(world, number) == [("6710", "60.10"), ("6810", "39.90"), ("2910", "-100.00")]
        first, second, _ = world.entries(number)
        assert world.dimensions(first["id"])["DEPARTMENT"] == "SALES"
        assert world.dimensions(second["id"])["CUSTOMERGROUP"] == "LARGE"
        assert not world.journals(number), "the empty journal is deleted"
        assert result.ends[number]["id"] == first["id"]
