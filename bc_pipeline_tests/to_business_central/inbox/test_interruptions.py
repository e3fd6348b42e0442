"""Files and their lines survive an end of the process at any moment: every line has exactly one
outcome, every file is in ``done`` exactly once."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bc_pipeline.report import EntityResult
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline.to_business_central.export_types import Intent, Outcome
from bc_pipeline.to_business_central.inbox.inbox import Inbox
from bc_pipeline.to_business_central.pendings import waiting
from bc_pipeline_tests.slow import examples
from bc_pipeline_tests.to_business_central.records import HOME, done, drop, ledger, left, results

NAME = "Customers.jsonl"


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Steps:
    """Ends the process before its n-th durable step, or after it."""

    kill_at: int
    count: int = 0

    @contextmanager
    def step(self) -> Iterator[None]:
        self._next()
        yield
        self._next()

    def _next(self) -> None:
        self.count += 1
        if self.count == self.kill_at:
            raise Killed


@dataclass
class Books:
    """What Business Central would hold: how often each record was really written."""

    written: dict[str, int] = field(default_factory=dict)


@lru_cache
def empty_snapshot() -> bytes:
    """The bytes of a new snapshot: making one takes longer than a run here."""
    with tempfile.TemporaryDirectory() as directory:
        Snapshot.open(Path(directory)).close()
        return (Path(directory) / FILE_NAME).read_bytes()


@contextmanager
def new_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / FILE_NAME).write_bytes(empty_snapshot())
        yield Path(home)


def one_run(directory: Path, books: Books, steps: Steps) -> None:
    """Reads, writes and finishes, as a run does, with a Business Central that is a dictionary."""
    with Snapshot.open(directory) as snapshot, durable_steps(snapshot, steps):
        inbox = Inbox(snapshot, directory, ["customers"], [])
        result = EntityResult(name="outbound/customers")
        book = ledger(snapshot, result)
        inbox.settle_unreadable("customers", result)
        waits = waiting(inbox.lines("customers"), HOME, [HOME])
        book.settle([(pending, Outcome.failed(error)) for pending, error in waits.refused])
        for pending in waits.pendings:
            entry = book.entries([pending.key]).get(pending.key)
            if entry and entry.state == "done" and entry.payload_hash == pending.payload_hash:
                book.settle([(pending, Outcome("unchanged"))])
                continue
            made = bool(entry and entry.unresolved and pending.key in books.written)
            if not made:
                book.intend([Intent(pending, "post")])
                books.written[pending.key] = books.written.get(pending.key, 0) + 1
            book.settle([(pending, Outcome("created", f"id-{pending.key}"))])
        inbox.finish()


@contextmanager
def durable_steps(snapshot: Snapshot, steps: Steps) -> Iterator[None]:
    """Transactions and renames are the only things that last."""
    with pytest.MonkeyPatch.context() as patch:

        @contextmanager
        def transaction(of: Callable[[], Any] = snapshot.transaction) -> Iterator[Any]:
            with steps.step(), of() as cursor:
                yield cursor

        def stepwise(name: str) -> None:
            real = getattr(Path, name)

            def moved(self: Path, target: Path) -> Path:
                with steps.step():
                    return real(self, target)

            patch.setattr(Path, name, moved)

        patch.setattr(snapshot, "transaction", transaction)
        stepwise("rename")
        stepwise("replace")
        yield


GOOD = st.builds(
    lambda key, name: json.dumps({"externalId": key, "companyName": name}),
    st.sampled_from("abc"),
    st.sampled_from(["Jansen", "Smith & Sons", "Ünal"]),
)
BAD = st.sampled_from(
    ['{"externalId": true}', "{", "[]", '{"externalId":"a","taxable":"yes"}', "\x00"]
)
BLANK = st.sampled_from(["", "   "])
LINES = st.lists(st.one_of(GOOD, BAD, BLANK), max_size=6)


def uncontradicted(lines: list[str]) -> set[str]:
    """The keys of the records that say one thing only (decisions 7)."""
    said: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines:
        if "companyName" in line:
            said[json.loads(line)["externalId"]].add(line)
    return {key for key, contents in said.items() if len(contents) == 1}


@settings(max_examples=examples(6, 60), deadline=None)
@given(lines=LINES, kills=st.lists(st.integers(1, 40), min_size=1, max_size=3))
def test_given_any_lines_and_any_interruptions_then_every_line_has_one_outcome(
    lines: list[str], kills: list[int]
):
    with new_home() as directory:
        books = Books()
        drop(directory, NAME, *lines)
        for kill_at in kills:
            try:
                one_run(directory, books, Steps(kill_at))
            except Killed:
                continue
        one_run(directory, books, Steps(0))

        told = results(directory, NAME)
        expected = [number for number, line in enumerate(lines, start=1) if line.strip()]
        assert [line["line"] for line in told] == expected
        assert all(line["success"] is (line["error"] is None) for line in told)
        assert done(directory) == [NAME]
        assert left(directory) == []
        assert not list((directory / "outbound" / "results").glob(".*"))
        assert set(books.written) == uncontradicted(lines)


@settings(max_examples=examples(4, 30), deadline=None)
@given(first=LINES, second=LINES, kill_at=st.integers(1, 30))
def test_given_other_bytes_under_the_same_name_then_both_are_read_and_none_is_lost(
    first: list[str], second: list[str], kill_at: int
):
    with new_home() as directory:
        books = Books()
        drop(directory, NAME, *first)
        one_run(directory, books, Steps(0))
        drop(directory, NAME, *second)
        try:
            one_run(directory, books, Steps(kill_at))
        except Killed:
            one_run(directory, books, Steps(0))
        one_run(directory, books, Steps(0))

        expected = [number for number, line in enumerate(second, start=1) if line.strip()]
        assert [line["line"] for line in results(directory, NAME)] == expected
        assert done(directory) == ["Customers.2.jsonl", NAME]
        texts = [(directory / "outbound" / "done" / n).read_text() for n in done(directory)]
        assert texts == ["".join(f"{x}\n" for x in lines) for lines in (second, first)]
        with Snapshot.open(directory) as snapshot, snapshot.cursor() as cursor:
            count = cursor.execute("SELECT count(*) FROM outbound.outcomes").fetchone()
        assert count == (sum(1 for line in (*first, *second) if line.strip()),)
