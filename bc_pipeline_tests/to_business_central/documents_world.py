"""Bills and journal entries against the sandbox: settings, what stands there, interruptions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.to_business_central.accounting_world import (
    AccountingWorld,
    Killed,
    Record,
    Result,
)

ITEMS = ("1896-S", "1900-S", "1906-S", "1908-S", "1920-S")
VENDOR = "20000"
DIRECT_ACCOUNTS = ("6710", "6810", "2910", "2340")
"""G/L accounts of the sandbox's company anybody may post to."""

BEFORE, AFTER, LOST = "ends before", "ends after", "answer lost"
INTERRUPTIONS = (BEFORE, AFTER, LOST)
"""The process ends before or after a request; or BC does it and the answer never comes."""
READS = 3
"""Requests of a run before the first that changes anything: company, reference data, look-ups."""


class DocumentsWorld(AccountingWorld):
    """The tenant ``cronus`` with what tests of documents need."""

    def configure(self, **exports: Any) -> None:
        """Changes settings under ``exports``."""
        settings = self.tenant.exports.model_copy(update=exports)
        self.tenant = self.tenant.model_copy(update={"exports": settings})

    def bill(self, number: str) -> dict[str, Any]:
        """The one bill with this vendor invoice number, which is a code in BC."""
        (found,) = self.rows("purchaseInvoices", vendorInvoiceNumber=number.upper())
        return found

    def lines(self, document_id: str) -> list[dict[str, Any]]:
        """Lines of a bill, by line number."""
        rows = self.rows("purchaseInvoiceLines", documentId=document_id)
        return sorted(rows, key=lambda row: int(row["sequence"]))

    def entries(self, number: str) -> list[dict[str, Any]]:
        """General ledger entries of a document."""
        rows = self.rows("generalLedgerEntries", documentNumber=number.upper())
        return sorted(rows, key=lambda row: int(row["entryNumber"]))

    def journals(self, number: str) -> list[dict[str, Any]]:
        """Journals named like a document."""
        return self.rows("journals", displayName=number)

    def journal_lines(self, journal_id: str) -> list[dict[str, Any]]:
        """Lines of a journal, by line number."""
        rows = self.rows("journalLines", journalId=journal_id)
        return sorted(rows, key=lambda row: int(row["lineNumber"]))

    def person_sets(self, entity_set: str, row: Record, **changes: Any) -> None:
        """What somebody changes in the client, past the rules of the API."""
        self.company.modify(entity_set, row["id"], **changes)

    def forget(self, entity: str) -> None:
        """What stands in BC is nobody's of ours."""
        with Snapshot.open(self.tenant.snapshot_dir) as snapshot, snapshot.transaction() as cursor:
            cursor.execute("DELETE FROM outbound.ledger WHERE entity = ?", [entity])

    def sent(self, method: str, entity_set: str) -> int:
        """How many operations of the last run there were on an entity set."""
        return len(self.operations(method, entity_set))

    def interrupted(
        self, entity: str, how: str, make: Callable[[int], list[Record]]
    ) -> Iterator[tuple[list[Record], Result]]:
        """For each request of a run that may change something: interrupts a run there, and gives
        the records and what the next run made of them.

        Args:
            how: one of ``INTERRUPTIONS``.
            make: records nobody has sent before, for the given number.
        """
        request = READS
        struck = True
        while struck:
            request += 1
            records = make(request)
            if how == LOST:
                struck = self._lose(entity, request, records)
            else:
                struck = self._die(entity, Death(request, answered=how == AFTER), records)
            yield records, self.run(entity, *records)
        assert request > READS + 1, "no request was interrupted"

    def _die(self, entity: str, death: Death, records: list[Record]) -> bool:
        self.intercept = death
        try:
            self.run(entity, *records)
        except Killed:
            pass
        finally:
            self.intercept = None
        return death.struck

    def _lose(self, entity: str, request: int, records: list[Record]) -> bool:
        """BC handles the n-th request of a run, its answer never comes."""
        fault = self.sandbox.faults.add("bc", action="apply_then_drop", after=request - 1)
        try:
            self.run(entity, *records)
        finally:
            self.sandbox.faults.clear()
        return bool(fault.hits)


class Death:
    """Ends the process at a request: nothing is sent any more."""

    def __init__(self, at: int, *, answered: bool) -> None:
        self._at = at
        self._answered = answered
        self._sent = 0
        self._guard = threading.Lock()
        self.struck = False

    def __call__(self, method: str, send: Callable[[], Any]) -> Any:
        del method
        with self._guard:
            self._sent += 1
            last = self._sent == self._at
            if self.struck or (last and not self._answered):
                self.struck = True
                raise Killed
        try:
            return send()
        finally:
            # A refusal is an answer too.
            if last or self.struck:
                self.struck = True
                raise Killed
