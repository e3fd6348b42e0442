"""Results files, and what happens to files that have, or will never have, all their outcomes."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bc_pipeline.errors import RecordError
from bc_pipeline.report import EntityResult
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central.export_types import Outcome
from bc_pipeline.to_business_central.inbox.inbox import REPLACED, Inbox
from bc_pipeline.to_business_central.pendings import waiting
from bc_pipeline_tests.to_business_central.records import HOME, done, drop, ledger, left, results


@pytest.fixture
def snapshot(tmp_path: Path) -> Iterator[Snapshot]:
    with Snapshot.open(tmp_path) as opened:
        yield opened


Decide = Callable[[str], Outcome | None]


def made(name: str) -> Outcome | None:
    return Outcome("created", f"id-{name}", f"N-{name}")


def run(
    snapshot: Snapshot,
    decide: Decide = made,
    entities: tuple[str, ...] = ("customers",),
    dry_run: bool = False,
    meanwhile: Callable[[], object] = lambda: None,
) -> EntityResult:
    """One run over all files; a record without outcome is held."""
    inbox = Inbox(snapshot, snapshot.path.parent, entities, (), dry_run=dry_run)
    result = EntityResult(name="outbound/customers")
    for entity in entities:
        book = ledger(snapshot, result)
        inbox.tell(entity, result)
        inbox.settle_unreadable(entity, result)
        for one in waiting(inbox.lines(entity), HOME, [HOME]).pendings:
            outcome = decide(one.name)
            if outcome is None:
                book.hold(one, "not now")
            else:
                book.settle([(one, outcome)])
    meanwhile()
    inbox.finish()
    return result


def test_given_every_outcome_then_the_results_are_as_documented(snapshot: Snapshot, tmp_path: Path):
    error = RecordError("RecordNotFound", "there is no account 9")
    drop(tmp_path, "Customers.jsonl", {"externalId": "a"}, {"externalId": "b"}, {"taxable": 1})

    run(snapshot, lambda name: Outcome.failed(error, bc_id="x") if name == "b" else made(name))

    first, second, third = results(tmp_path, "Customers.jsonl")
    assert first == {
        "line": 1,
        "externalId": "a",
        "success": True,
        "id": "id-a",
        "number": "N-a",
        "action": "created",
        "error": None,
    }
    assert (second["success"], second["action"], second["id"]) == (False, "failed", "x")
    assert second["error"] == {"class": "RecordNotFound", "message": "there is no account 9"}
    assert third["externalId"] is None
    assert third["error"]["message"].startswith("Failed Structure/Datatype validation for Customer")
    assert done(tmp_path) == ["Customers.jsonl"]
    assert left(tmp_path) == []


def test_given_a_record_that_waits_then_the_file_stays_and_only_that_record_comes_again(
    snapshot: Snapshot, tmp_path: Path
):
    drop(tmp_path, "Customers.jsonl", {"externalId": "a"}, {"externalId": "b"})
    run(snapshot, lambda name: None if name == "b" else made(name))
    assert [line["externalId"] for line in results(tmp_path, "Customers.jsonl")] == ["a"]
    assert left(tmp_path) == ["Customers.jsonl"]

    result = run(snapshot)

    assert result.created == 1
    assert [line["externalId"] for line in results(tmp_path, "Customers.jsonl")] == ["a", "b"]
    assert done(tmp_path) == ["Customers.jsonl"]


def test_given_an_empty_file_then_it_is_done_with_empty_results(snapshot: Snapshot, tmp_path: Path):
    drop(tmp_path, "Customers.jsonl")

    run(snapshot)

    assert done(tmp_path) == ["Customers.jsonl"]
    assert (tmp_path / "outbound/results/Customers.jsonl.results.jsonl").read_text() == ""


def test_given_the_same_file_again_then_it_gets_results_of_its_own(
    snapshot: Snapshot, tmp_path: Path
):
    for _ in range(3):
        drop(tmp_path, "Customers.jsonl", {"externalId": "a"})
        run(snapshot)

    assert done(tmp_path) == ["Customers.2.jsonl", "Customers.3.jsonl", "Customers.jsonl"]
    names = sorted(path.name for path in (tmp_path / "outbound/results").iterdir())
    assert names == [
        "Customers.jsonl.1.results.jsonl",
        "Customers.jsonl.2.results.jsonl",
        "Customers.jsonl.results.jsonl",
    ]


def test_given_other_bytes_while_records_waited_then_they_are_read_and_that_is_told(
    snapshot: Snapshot, tmp_path: Path
):
    drop(tmp_path, "Customers.jsonl", {"externalId": "a"}, {"externalId": "b"})
    run(snapshot, lambda name: None)
    drop(tmp_path, "Customers.jsonl", {"externalId": "c"})

    result = run(snapshot)

    assert [line["externalId"] for line in results(tmp_path, "Customers.jsonl")] == ["c"]
    assert result.warnings == {f"Customers.jsonl: {REPLACED}": 1}
    assert done(tmp_path) == ["Customers.jsonl"]


def test_given_other_bytes_while_records_were_written_then_they_are_left_to_be_read(
    snapshot: Snapshot, tmp_path: Path
):
    drop(tmp_path, "Customers.jsonl", {"externalId": "a"})

    run(snapshot, meanwhile=lambda: drop(tmp_path, "Customers.jsonl", {"externalId": "late"}))
    assert left(tmp_path) == ["Customers.jsonl"]
    run(snapshot)

    assert [line["externalId"] for line in results(tmp_path, "Customers.jsonl")] == ["late"]
    assert left(tmp_path) == []


def test_given_other_bytes_in_the_moment_of_moving_then_they_are_put_back(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    drop(tmp_path, "Customers.jsonl", {"externalId": "a"})
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name == "Customers.jsonl" and target.parent.name == "done":
            monkeypatch.setattr(Path, "rename", real)
            drop(tmp_path, "Customers.jsonl", {"externalId": "late"})
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    run(snapshot)
    assert left(tmp_path) == ["Customers.jsonl"]
    assert done(tmp_path) == []
    run(snapshot)

    assert [line["externalId"] for line in results(tmp_path, "Customers.jsonl")] == ["late"]
    assert done(tmp_path) == ["Customers.jsonl"]


def test_given_a_file_its_producer_has_taken_back_then_it_is_not_missed(
    snapshot: Snapshot, tmp_path: Path
):
    path = drop(tmp_path, "Customers.jsonl", {"externalId": "a"})
    run(snapshot, lambda name: None)
    path.unlink()

    assert run(snapshot).created == 0
    drop(tmp_path, "Customers.jsonl", {"externalId": "a"})
    assert run(snapshot).created == 1
    assert done(tmp_path) == ["Customers.jsonl"]


def test_given_a_file_of_several_streams_then_it_is_done_when_all_of_them_are(
    snapshot: Snapshot, tmp_path: Path
):
    drop(
        tmp_path,
        "day.singer",
        {"type": "RECORD", "stream": "Customers", "record": {"externalId": "c"}},
        {"type": "RECORD", "stream": "Vendors", "record": {"externalId": "v"}},
        "broken",
    )

    run(snapshot, entities=("customers",))
    assert [line["line"] for line in results(tmp_path, "day.singer")] == [1, 3]
    assert left(tmp_path) == ["day.singer"]
    run(snapshot, entities=("customers", "vendors"))

    assert [line["line"] for line in results(tmp_path, "day.singer")] == [1, 2, 3]
    assert done(tmp_path) == ["day.singer"]


def test_given_a_name_that_means_nothing_then_it_is_left_alone_and_told(
    snapshot: Snapshot, tmp_path: Path
):
    drop(tmp_path, "Klanten.jsonl", {"externalId": "a"})

    result = run(snapshot)

    assert left(tmp_path) == ["Klanten.jsonl"]
    (problem,) = result.problems
    assert (problem.kind, problem.remote_id) == ("config", "Klanten.jsonl")


def test_given_a_file_that_may_not_be_read_then_it_is_told_and_the_others_go_on(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    locked = drop(tmp_path, "Customers.locked.jsonl", {"externalId": "a"})
    drop(tmp_path, "Customers.open.jsonl", {"externalId": "b"})
    read = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path == locked:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    result = run(snapshot)

    assert (left(tmp_path), done(tmp_path)) == (
        ["Customers.locked.jsonl"],
        ["Customers.open.jsonl"],
    )
    (problem,) = result.problems
    assert problem.reason == (
        "Customers.locked.jsonl cannot be read: Permission denied; it is left where it is"
    )


def test_given_results_that_cannot_be_written_then_the_other_files_are_finished_all_the_same(
    snapshot: Snapshot, tmp_path: Path
):
    in_the_way = tmp_path / "outbound" / "results" / "Customers.a.jsonl.results.jsonl"
    in_the_way.mkdir(parents=True)
    drop(tmp_path, "Customers.a.jsonl", {"externalId": "a"})
    drop(tmp_path, "Customers.b.jsonl", {"externalId": "b"})

    with pytest.raises(OSError, match=r"a\.jsonl"):
        run(snapshot)
    assert done(tmp_path) == ["Customers.b.jsonl"]
    in_the_way.rmdir()
    run(snapshot)

    assert done(tmp_path) == ["Customers.a.jsonl", "Customers.b.jsonl"]
    assert [line["id"] for line in results(tmp_path, "Customers.a.jsonl")] == ["id-a"]


def test_given_a_dry_run_then_no_file_is_touched(snapshot: Snapshot, tmp_path: Path):
    drop(tmp_path, "Customers.jsonl", {"externalId": "a"}, "broken")

    result = run(snapshot, dry_run=True)

    assert (result.created, result.quarantined) == (1, 1)
    assert [path.name for path in (tmp_path / "outbound").rglob("*")] == ["Customers.jsonl"]
