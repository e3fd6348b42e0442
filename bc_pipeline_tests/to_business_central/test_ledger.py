"""The ledger: durable before and after every request, one end per record."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from bc_pipeline.errors import RecordError
from bc_pipeline.report import EntityResult
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central.export_types import Intent, Outcome
from bc_pipeline_tests.to_business_central.records import HOME, entry, ledger, pending


@pytest.fixture
def snapshot(tmp_path: Path) -> Iterator[Snapshot]:
    with Snapshot.open(tmp_path) as opened:
        yield opened


def killed(snapshot: Snapshot, tmp_path: Path) -> Snapshot:
    """The state a process leaves that ends now: what another one finds in a copy of the files."""
    return snapshot.copy_to(tmp_path / "after")


def test_given_an_intent_then_it_is_there_after_a_crash(snapshot: Snapshot, tmp_path: Path):
    ledger(snapshot).intend([Intent(pending("a"), "post", {"amount": Decimal("1.10")})])

    with killed(snapshot, tmp_path) as after:
        found = entry(after, "a")

    assert (found.state, found.step, found.attempts) == ("intent", "post", 1)
    assert found.unresolved
    assert found.detail == {"amount": "1.10"}
    assert found.record == {"externalId": "a"}
    assert found.bc_company == HOME.id


def test_given_a_step_that_worked_then_the_bc_id_is_there_after_a_crash(
    snapshot: Snapshot, tmp_path: Path
):
    book = ledger(snapshot)
    book.intend([Intent(pending("a"), "header", {"lines": 2})])
    book.advance(pending("a"), step="header", bc_id="id-1", bc_number="N1", detail={"done": ["x"]})

    with killed(snapshot, tmp_path) as after:
        found = entry(after, "a")

    assert (found.state, found.step, found.bc_id) == ("created", "header", "id-1")
    assert found.detail == {"lines": 2, "done": ["x"]}


def test_given_a_created_record_then_further_intents_do_not_hide_that_it_exists(
    snapshot: Snapshot,
):
    book = ledger(snapshot)
    book.intend([Intent(pending("a"), "header")])
    book.advance(pending("a"), step="header", bc_id="id-1")

    book.intend([Intent(pending("a"), "lines")])

    assert (entry(snapshot, "a").state, entry(snapshot, "a").step) == ("created", "lines")


def test_given_an_update_of_something_done_then_its_state_is_intent_and_its_id_is_kept(
    snapshot: Snapshot,
):
    ledger(snapshot).settle([(pending("a"), Outcome("created", "id-1", "N1"))])

    ledger(snapshot).intend([Intent(pending("a", "h2", line=2), "patch")])

    found = entry(snapshot, "a")
    assert (found.state, found.bc_id, found.payload_hash) == ("intent", "id-1", "h2")


def test_given_outcomes_then_ledger_and_results_change_together(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object) -> None:
        raise OSError("disk full")

    book = ledger(snapshot)
    book.intend([Intent(pending("a"), "post")])
    monkeypatch.setattr("bc_pipeline.to_business_central.ledger_rows.add_lines", broken)
    with pytest.raises(OSError, match="disk full"):
        book.settle([(pending("a"), Outcome("created", "id-1"))])

    assert entry(snapshot, "a").state == "intent"


@pytest.mark.parametrize(
    ("action", "bucket"),
    [
        ("created", "created"),
        ("posted", "created"),
        ("updated", "updated"),
        ("unchanged", "unchanged"),
        ("skipped", "skipped"),
    ],
)
def test_given_a_good_end_then_it_is_counted_once(snapshot: Snapshot, action, bucket: str):
    result = EntityResult(name="outbound/customers")

    ledger(snapshot, result).settle([(pending("a"), Outcome(action, "id-1", "N1"))])

    assert getattr(result, bucket) == 1
    assert result.problems == []
    assert entry(snapshot, "a").state == "done"


def test_given_a_refusal_then_it_is_quarantined_with_its_reason_and_its_record_kept(
    snapshot: Snapshot,
):
    result = EntityResult(name="outbound/customers")
    error = RecordError("RecordNotFound", "there is no vendor 99")

    ledger(snapshot, result).settle([(pending("a"), Outcome.failed(error, bc_id="id-1"))])

    found = entry(snapshot, "a")
    assert (found.state, found.error_class, found.bc_id) == ("failed", "RecordNotFound", "id-1")
    assert found.record == {"externalId": "a"}
    (problem,) = result.problems
    assert (problem.kind, problem.remote_id) == ("quarantined", "a")
    assert problem.reason == "RecordNotFound: there is no vendor 99"
    assert result.quarantined == 1


def test_given_unchanged_then_the_ledger_keeps_what_was_done_before(snapshot: Snapshot):
    ledger(snapshot).settle([(pending("a"), Outcome("posted", "id-1", "N1"))])
    ledger(snapshot).settle([(pending("a", line=2), Outcome("unchanged"))])

    found = entry(snapshot, "a")
    assert (found.action, found.bc_id, found.bc_number) == ("posted", "id-1", "N1")


def test_given_two_ends_for_one_record_then_that_is_an_error_and_the_first_one_counts(
    snapshot: Snapshot,
):
    result = EntityResult(name="outbound/customers")
    book = ledger(snapshot, result)
    book.settle([(pending("a"), Outcome("created", "id-1"))])

    with pytest.raises(RuntimeError, match="two ends"):
        book.settle([(pending("a"), Outcome("created", "id-2"))])
    with pytest.raises(RuntimeError, match="two ends"):
        book.hold(pending("a"), "later")

    assert (result.created, result.deferred) == (1, 0)
    assert entry(snapshot, "a").bc_id == "id-1"


def test_given_one_key_in_two_lines_then_each_line_has_its_own_end(snapshot: Snapshot):
    book = ledger(snapshot)

    book.settle([(pending("a", line=1), Outcome("created", "id-1"))])
    book.settle([(pending("a", line=2), Outcome("unchanged", "id-1"))])

    with snapshot.cursor() as cursor:
        lines = cursor.execute("SELECT line, action FROM outbound.outcomes ORDER BY line")
        assert lines.fetchall() == [(1, "created"), (2, "unchanged")]


def test_given_a_held_record_then_it_has_no_outcome_and_a_problem(snapshot: Snapshot):
    result = EntityResult(name="outbound/customers")
    book = ledger(snapshot, result)
    book.intend([Intent(pending("a"), "post")])

    book.hold(pending("a"), "the answer was lost", kind="ambiguous")

    found = entry(snapshot, "a")
    assert (found.state, found.reason, found.step) == ("ambiguous", "the answer was lost", "post")
    assert found.unresolved
    assert [(p.kind, p.reason) for p in result.problems] == [("ambiguous", "the answer was lost")]
    assert result.deferred == 1
    assert book.is_held("a")
    with snapshot.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM outbound.outcomes").fetchone() == (0,)


def test_given_something_that_was_never_sent_then_deferring_it_leaves_no_trace_of_a_request(
    snapshot: Snapshot,
):
    ledger(snapshot).hold(pending("a"), "the look-up failed")

    assert ledger(snapshot).entries(["a"]) == {}


def test_given_a_lost_answer_then_being_blocked_does_not_make_it_forgotten(snapshot: Snapshot):
    book = ledger(snapshot)
    book.intend([Intent(pending("a"), "post")])

    book.hold(pending("a"), "the vendor is blocked", kind="blocked")

    assert entry(snapshot, "a").unresolved


def test_given_a_blocked_record_then_its_runs_are_counted_and_it_escalates_after_three(
    snapshot: Snapshot,
):
    for run_no in range(1, 5):
        result = EntityResult(name="outbound/customers")
        ledger(snapshot, result, run_no).hold(pending("a"), "supplier not linked", kind="blocked")
        assert entry(snapshot, "a").state == "blocked"
        assert entry(snapshot, "a").blocked_runs == run_no
        escalated = "somebody has to look" in result.problems[0].reason
        assert escalated == (run_no >= 3)

    ledger(snapshot, run_no=5).settle([(pending("a"), Outcome("created", "id-1"))])
    assert entry(snapshot, "a").blocked_runs == 0


def test_given_a_refusal_before_anything_was_sent_then_an_earlier_request_stays_unresolved(
    snapshot: Snapshot,
):
    refused = Outcome.failed(RecordError("InvalidInputError", "wrong"))
    ledger(snapshot, run_no=1).intend([Intent(pending("a"), "post")])

    ledger(snapshot, run_no=2).settle([(pending("a"), refused)])
    before = entry(snapshot, "a")
    again = ledger(snapshot, run_no=3)
    again.intend([Intent(pending("a"), "post")])
    again.settle([(pending("a"), refused)])

    assert (before.state, before.unresolved) == ("failed", True)
    assert not entry(snapshot, "a").unresolved


def test_given_look_ups_in_vain_then_they_are_counted_until_there_is_an_answer(
    snapshot: Snapshot,
):
    book = ledger(snapshot)
    book.intend([Intent(pending("a"), "post")])

    assert [book.missed(pending("a")) for _ in range(3)] == [1, 2, 3]
    book.advance(pending("a"), step="post", bc_id="id-1")
    assert entry(snapshot, "a").missed_lookups == 0


def test_given_many_threads_then_nothing_is_lost(snapshot: Snapshot):
    result = EntityResult(name="outbound/customers")
    book = ledger(snapshot, result)
    waiting = [pending(f"k{n}", line=n) for n in range(40)]

    def work(one):
        book.intend([Intent(one, "post")])
        book.advance(one, step="post", bc_id=f"id-{one.key}")
        book.settle([(one, Outcome("created", f"id-{one.key}"))])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, waiting))

    entries = book.entries([one.key for one in waiting])
    assert {key: e.bc_id for key, e in entries.items()} == {
        one.key: f"id-{one.key}" for one in waiting
    }
    assert result.created == 40
