"""No answer from Business Central: an entry is never posted a second time, nor left for ever."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld
from bc_pipeline_tests.to_business_central.journal_entries.records import booked, entry

ENTITY = "general_journal_lines"
NEW = r"/journals(\?|$)"


@pytest.fixture
def world(world: DocumentsWorld) -> DocumentsWorld:
    """Posting is switched on."""
    world.configure(post_documents=True)
    return world


@pytest.mark.parametrize("action", ["drop", "apply_then_drop"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", NEW), ("POST", r"NAV\.post"), ("DELETE", r"/journals\(")]
)
def test_whatever_answer_is_lost_the_same_run_ends_well(
    world: DocumentsWorld, action: str, method: str, path: str
) -> None:
    number = f"{action[:3]}{method[:3]}{'p' if 'NAV' in path else ''}"
    fault = world.sandbox.faults.add("bc", action=action, method=method, path=path)  # type: ignore[arg-type]

    result = world.run(ENTITY, entry(number, isDraft=False))

    assert fault.hits
    assert result.counts == {"created": 1}
    assert len(booked(world, number)) == 2
    assert not world.journals(number)


def test_without_lines_and_without_ledger_entries_nothing_is_posted_again(
    world: DocumentsWorld,
) -> None:
    world.sandbox.faults.add("bc", action="status", status=504, path=r"NAV\.post", times=None)
    first = world.run(ENTITY, entry("Gone", isDraft=False))
    world.sandbox.faults.clear()
    (journal,) = world.journals("Gone")
    for line in world.journal_lines(journal["id"]):
        world.company.delete("journalLines", line["id"])

    result = world.run(ENTITY, entry("Gone", isDraft=False))

    assert first.ends["Gone"]["state"] == "ambiguous"
    assert result.counts == {"deferred": 1}
    assert "was interrupted" in result.problems[0].reason
    assert not world.entries("Gone")


def test_a_look_up_that_fails_posts_nothing(world: DocumentsWorld) -> None:
    world.sandbox.faults.add(
        "bc", action="status", status=500, method="POST", path=r"\$batch", times=None
    )

    result = world.run(ENTITY, entry("Blind", isDraft=False))

    assert result.counts == {"deferred": 1}
    assert not world.journals("Blind")


def test_where_bc_may_still_be_at_work_the_next_run_looks(world: DocumentsWorld) -> None:
    world.sandbox.faults.add(
        "bc", action="status", status=504, method="POST", path=r"/journals(\?|$)"
    )

    first = world.run(ENTITY, entry("Slow"))
    second = world.run(ENTITY, entry("Slow"))

    assert first.counts == {"deferred": 1}
    assert first.ends["Slow"]["state"] == "ambiguous"
    assert second.counts == {"created": 1}
    assert len(world.journals("Slow")) == 1
