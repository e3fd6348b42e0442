"""The way of records through a run: waves, unchanged records, a writer that breaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.errors import AuthError, Cancelled, PipelineError, RecordError, RequestFailed
from bc_pipeline.report import EntityResult
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.export_settings import ExportSettings
from bc_pipeline.to_business_central.export_types import Intent, Outcome, Pending
from bc_pipeline.to_business_central.unified import Bill
from bc_pipeline.to_business_central.waves import (
    NothingWritten,
    fail_if_nothing_worked,
    waves,
    write_all,
)
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline_tests.to_business_central.records import BRANCH, HOME, entry, ledger, pending
from bc_pipeline_tests.to_business_central.writers import FakeWriter

CUSTOMERS = EXPORTS["customers"]


class Bench:
    """One entity, two companies, a writer that is a dictionary."""

    def __init__(self, snapshot: Snapshot, writer: FakeWriter) -> None:
        self.snapshot = snapshot
        self.writer = writer
        self.cancel = threading.Event()
        self.exports = ExportSettings()
        self.result = EntityResult()

    def run(self, *pendings: Pending) -> EntityResult:
        self.result = EntityResult(name="outbound/customers")
        book = ledger(self.snapshot, self.result)
        nothing = cast(Any, None)
        contexts = {
            company.id: ExportContext(
                cast(Any, SimpleNamespace(exports=self.exports)),
                self.snapshot,
                bc=nothing,
                optiply=nothing,
                pool=nothing,
                run_no=1,
                cancel=self.cancel,
                started_at=datetime.now(UTC),
                home=lambda: HOME,
                company=company,
                reference=nothing,
                dimensions=nothing,
                ledger=book,
                result=self.result,
                now=datetime.now(UTC),
            )
            for company in (HOME, BRANCH)
        }
        write_all(CUSTOMERS, contexts, pendings)
        return self.result


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with Snapshot.open(tmp_path) as snapshot:
        yield Bench(snapshot, FakeWriter("customers").install(monkeypatch))


@given(st.lists(st.sampled_from("abcd"), max_size=12))
def test_waves_keep_every_record_in_order_and_never_hold_a_key_twice(keys: list[str]):
    pendings = [pending(key, line=n) for n, key in enumerate(keys)]

    found = list(waves(pendings))

    assert sorted(p.line for wave in found for p in wave) == list(range(len(keys)))
    for wave in found:
        assert len({p.key for p in wave}) == len(wave)
        assert [p.line for p in wave] == sorted(p.line for p in wave)
    for key in set(keys):
        lines = [p.line for wave in found for p in wave if p.key == key]
        assert lines == sorted(lines)


def test_given_the_same_record_again_then_it_is_unchanged_without_its_writer(bench: Bench):
    bench.run(pending("a"))

    result = bench.run(pending("a", line=2))

    assert bench.writer.calls == [["a"]]
    assert result.unchanged == 1


def test_given_a_draft_from_before_posting_was_allowed_then_the_same_record_is_written_again(
    bench: Bench,
):
    bill = Bill.model_validate({"isDraft": False})
    bench.run(pending("a", record=bill))
    bench.exports = ExportSettings(post_documents=True)

    bench.writer.answer = lambda context, one: Outcome("posted", "id-a")
    assert bench.run(pending("a", record=bill, line=2)).created == 1
    assert bench.run(pending("a", record=bill, line=3)).unchanged == 1


def test_given_a_record_twice_in_one_run_then_the_second_comes_after_the_first(bench: Bench):
    result = bench.run(
        pending("a", line=1), pending("b", line=2), pending("a", line=3), pending("a", "h2", 4)
    )

    assert bench.writer.calls == [["a", "b"], ["a"]]
    assert (result.created, result.unchanged, result.updated) == (2, 1, 1)
    assert entry(bench.snapshot, "a").payload_hash == "h2"


def test_given_a_record_that_failed_then_the_same_one_is_tried_again(bench: Bench):
    bench.writer.refused["a"] = "no such value"
    bench.run(pending("a"))
    bench.writer.refused.clear()

    assert bench.run(pending("a", line=2)).created == 1


def test_given_several_companies_then_each_has_its_own_call(bench: Bench):
    bench.run(pending("a"), pending("b", line=2, company=BRANCH), pending("c", line=3))

    assert bench.writer.calls == [["a", "c"], ["b"]]


def test_given_a_writer_that_breaks_on_one_record_then_only_that_one_is_held(bench: Bench):
    def answer(context: ExportContext, one: Pending) -> Outcome:
        if one.name == "b":
            raise KeyError("a mistake of ours")
        return Outcome("created", f"id-{one.key}")

    bench.writer.answer = answer
    result = bench.run(
        pending("a"), pending("b", line=2), pending("c", line=3), pending("d", company=BRANCH)
    )

    assert (result.created, result.deferred) == (3, 1)
    (problem,) = result.problems
    assert problem.remote_id == "b"
    assert problem.reason == "unexpected KeyError; the log has the details"
    assert entry(bench.snapshot, "b").unresolved


@pytest.mark.parametrize("sent", [False, True])
def test_given_a_refusal_that_ends_the_writer_then_it_is_that_records_end_unless_it_was_sent(
    bench: Bench, sent: bool, monkeypatch: pytest.MonkeyPatch
):
    def write(context: ExportContext, pendings: list[Pending]) -> None:
        for one in pendings:
            if sent:
                context.ledger.intend([Intent(one, "post")])
            raise RecordError("InvalidInputError", "two names")

    monkeypatch.setattr(bench.writer, "write", write)
    bench.writer.install(monkeypatch)
    result = bench.run(pending("a"), pending("b", line=2))

    assert (result.quarantined, result.deferred) == ((0, 2) if sent else (2, 0))
    assert {p.reason for p in result.problems} == {"InvalidInputError: two names"}


def test_given_a_failed_request_of_the_writer_then_the_records_wait_with_its_reason(bench: Bench):
    def answer(context: ExportContext, one: Pending) -> Outcome:
        raise RequestFailed("Business Central is throttling", status=429)

    bench.writer.answer = answer
    result = bench.run(pending("a"), pending("a", "h2", line=2))

    assert result.deferred == 2
    assert [p.reason for p in result.problems] == [
        "Business Central is throttling",
        "the same record waits further up",
    ]


def test_given_a_writer_that_forgets_a_record_then_it_is_held(bench: Bench):
    bench.writer.answer = lambda context, one: None

    assert bench.run(pending("a")).deferred == 1


def test_given_refused_credentials_then_everything_left_waits_and_the_run_is_told(bench: Bench):
    def answer(context: ExportContext, one: Pending) -> Outcome:
        raise AuthError("the consent was revoked")

    bench.writer.answer = answer
    with pytest.raises(AuthError):
        bench.run(pending("a"), pending("b", line=2), pending("a", "h2", line=3))

    assert bench.result.deferred == 3
    assert len(bench.writer.calls) == 1


def test_given_a_company_that_lets_nobody_in_then_the_records_of_others_are_written(bench: Bench):
    def answer(context: ExportContext, one: Pending) -> Outcome:
        if one.company == BRANCH:
            raise AuthError("no permission set in this company")
        return Outcome("created", "id-1", "1")

    bench.writer.answer = answer
    branch = [pending(f"{BRANCH.id}/{key}", line=n, company=BRANCH) for n, key in enumerate("abb")]
    with pytest.raises(AuthError, match="permission"):
        bench.run(*branch, pending("a", line=4))

    assert (bench.result.deferred, bench.result.created) == (3, 1)


def test_given_a_cancelled_run_then_nothing_more_is_written(bench: Bench):
    bench.cancel.set()

    with pytest.raises(Cancelled):
        bench.run(pending("a"))

    assert bench.writer.calls == []


@pytest.mark.parametrize(
    ("counts", "fails"),
    [
        ({"quarantined": 2}, True),
        ({"quarantined": 2, "created": 1}, False),
        ({"quarantined": 2, "deferred": 1}, False),
        ({}, False),
    ],
)
def test_an_entity_fails_when_every_record_was_refused(counts: dict[str, int], fails: bool):
    result = EntityResult(**counts)
    error: PipelineError | None = None
    try:
        fail_if_nothing_worked(result)
    except NothingWritten as raised:
        error = raised

    assert (error is not None) == fails
