"""Transactions: the changes of one request, or of a whole batch, are kept together or not at all.

Companies note how to take back each change while a transaction is open; see ``Company.undo``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

from bc_pipeline.sandbox.company.company import Company


class Transaction:
    """Holds the locks of its companies from start to end; any exception takes all changes back.

    Args:
        companies: those that may be written; nobody else reads or writes them meanwhile.
    """

    def __init__(self, companies: Iterable[Company]) -> None:
        # Everyone takes locks in the same order, so that nobody waits for each other.
        self._companies = sorted(companies, key=lambda company: company.id)
        self._locks = ExitStack()

    def __enter__(self) -> Self:
        for company in self._companies:
            self._locks.enter_context(company.lock)
            company.undo = []
            company.touched = {}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.roll_back()
        for company in self._companies:
            _publish(company)
            company.undo = company.touched = None
        self._locks.close()

    def commit(self) -> None:
        """Keep what was changed so far, whatever comes after: AL's COMMIT."""
        for company in self._companies:
            company.undo = []
            _publish(company)

    def roll_back(self) -> None:
        """Take back everything since the start or the last commit."""
        for company in self._companies:
            _take_back(company, 0)

    @contextmanager
    def part(self) -> Iterator[Transaction]:
        """One operation inside: an exception takes back its own changes only, then goes on up."""
        marks = [len(company.undo or ()) for company in self._companies]
        try:
            yield self
        except BaseException:
            for company, mark in zip(self._companies, marks, strict=True):
                _take_back(company, mark)
            raise


def _publish(company: Company) -> None:
    """Tell followers of what is committed."""
    touched, company.touched = company.touched or {}, {}
    company.publish(touched)


def _take_back(company: Company, mark: int) -> None:
    steps = company.undo or []
    company.undo = None  # taking back is not itself a change to take back
    while len(steps) > mark:
        steps.pop()()
    company.undo = steps
