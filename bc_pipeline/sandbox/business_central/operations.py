"""Runs the operations of a batch: reads, writes and the faults that strike single ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from bc_pipeline.sandbox.business_central import api
from bc_pipeline.sandbox.business_central.answers import (
    APPLIED,
    NO_CONTENT,
    preferred_size,
    prefers_no_content,
    read_body,
)
from bc_pipeline.sandbox.business_central.batch import Operation, OperationAnswer
from bc_pipeline.sandbox.business_central.replica import served
from bc_pipeline.sandbox.business_central.urls import Target
from bc_pipeline.sandbox.business_central.write_requests import WriteRequest, write
from bc_pipeline.sandbox.canned import canned_answer
from bc_pipeline.sandbox.company.transaction import Transaction
from bc_pipeline.sandbox.faults import HANDLED, Cut, Fault
from bc_pipeline.sandbox.odata_errors import BcError, error_body
from bc_pipeline.sandbox.request_log import LoggedOperation

Strike = Callable[[str, str], Fault | None]


@dataclass
class OperationRunner:
    """Runs one operation after the other and logs each.

    Attributes:
        batch: URL of the batch.
        company: the one the outer request names: for operations that name none.
        page_size: the largest page.
        strike: the fault that strikes an operation (method, URL), if any.
        log: gets what was run.
        request: number of the batch in the request log.
        reached: names of the companies that were read or written.
    """

    companies: api.Companies
    batch: Target
    company: str | None
    page_size: int
    strike: Strike
    log: list[LoggedOperation]
    request: int
    reached: set[str] = field(default_factory=set)

    def run(self, operation: Operation, transaction: Transaction | None) -> OperationAnswer:
        """Answer an operation; a refused one changed nothing.

        Raises:
            Cut: the connection is to be closed.
        """
        logged = LoggedOperation(
            self.request, operation.id, operation.method, operation.url, body=operation.body
        )
        self.log.append(logged)
        fault = self.strike(operation.method, operation.url)
        logged.fault = fault.action if fault else None
        interrupted = fault is not None and fault.action == "part_then_refuse"
        if fault is None or interrupted or fault.action in HANDLED:
            answer = self._answer(operation, transaction, interrupted=interrupted)
        if fault is not None and not interrupted:
            if fault.action in ("drop", "apply_then_drop"):
                raise Cut
            answer = _answer_of(fault)
        logged.status = answer.status
        return answer

    def _answer(
        self, operation: Operation, transaction: Transaction | None, *, interrupted: bool
    ) -> OperationAnswer:
        try:
            target = operation.target(self.batch, operation.headers.get("company", self.company))
            if operation.method == "GET":
                return self._read(operation, target)
            request = WriteRequest(
                operation.method, target, operation.headers, operation.body, interrupted
            )
            answer = write(self.companies, request, transaction)
            self.reached.add(answer.company)
        except BcError as error:
            return OperationAnswer(
                error.status, error_body(error.code, error.message), error.headers
            )
        headers = {"location": answer.location} if answer.location else {}
        if prefers_no_content(operation.headers):
            return OperationAnswer(204, headers=headers | {"preference-applied": NO_CONTENT})
        return OperationAnswer(answer.status, answer.body, headers)

    def _read(self, operation: Operation, target: Target) -> OperationAnswer:
        asked = preferred_size(operation.headers)
        size = min(asked or self.page_size, self.page_size)
        answer = api.read(served(self.companies, operation.headers, part=True), target, size)
        if answer.company is not None:
            self.reached.add(answer.company)
        if answer.text is not None:
            return OperationAnswer(200, answer.text)
        if answer.xml is not None:
            return OperationAnswer(200, answer.xml.decode())
        url = f"{self.batch.root}/{operation.url.partition('?')[0]}"
        headers = {"preference-applied": APPLIED} if asked else {}
        return OperationAnswer(200, read_body(answer, target, url), headers)


def _answer_of(fault: Fault) -> OperationAnswer:
    canned = canned_answer(fault, "bc")
    if canned is None:
        raise ValueError(f"{fault.action} is no answer")
    status, headers, body = canned
    return OperationAnswer(status, orjson.loads(body), headers)
