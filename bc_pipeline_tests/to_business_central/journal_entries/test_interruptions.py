"""A process that ends, or an answer that is lost, at any request: after the next run a draft is one
journal with exactly its lines and dimensions."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.to_business_central.documents_world import (
    INTERRUPTIONS,
    LOST,
    DocumentsWorld,
)
from bc_pipeline_tests.to_business_central.journal_entries.records import with_dimensions

ENTITY = "general_journal_lines"


@pytest.mark.parametrize("deep_insert", [True, False])
@pytest.mark.parametrize("how", deep_but(INTERRUPTIONS, LOST))
def test_a_draft_entry_is_one_journal_with_exactly_its_lines(
    world: DocumentsWorld, how: str, deep_insert: bool
) -> None:
    world.company.settings.deep_insert = deep_insert
    name = f"{how.split()[-1]}-{deep_insert}"

    for (record,), result in world.interrupted(
        ENTITY, how, lambda n: [with_dimensions(f"{name}-{n}")]
    ):
        number = record["journalEntryNumber"]
        assert result.ends[number]["state"] == "done", result.problems
        (journal,) = world.journals(number)
        lines = world.journal_lines(journal["id"])
        assert [str(line["amount"]) for line in lines] == ["60.10", "39.90", "-100.00"]
        assert world.dimensions(lines[0]["id"])["DEPARTMENT"] == "SALES"
        assert world.dimensions(lines[1]["id"])["CUSTOMERGROUP"] == "LARGE"
        assert not world.entries(number)
