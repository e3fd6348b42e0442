"""``$batch``: up to 100 operations in one request (behaviour.md 4.2).

Operations run one after another. Without ``Isolation: snapshot`` each is its own transaction; the
first that fails ends the batch and is the last one answered, unless the request asks to continue
on errors. With it all are one transaction, and any failure takes back all of them, although the
earlier ones keep their 2xx in the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from bc_pipeline.sandbox.business_central.api import Companies
from bc_pipeline.sandbox.business_central.body import parse_json
from bc_pipeline.sandbox.business_central.urls import Target, parse_segment
from bc_pipeline.sandbox.company.transaction import Transaction
from bc_pipeline.sandbox.json_text import JsonValue
from bc_pipeline.sandbox.odata_errors import BcError, bad_request

MAX_OPERATIONS = 100
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_PROPERTIES = {"id", "method", "url", "headers", "body", "dependsOn"}
_CONTINUE = re.compile(r"odata\.continue-on-error(\s*=\s*true)?", re.IGNORECASE)


@dataclass(frozen=True)
class Operation:
    """One operation of a batch; ``headers`` by lower-case name, ``id`` None when none was given."""

    id: str | None
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JsonValue = None
    depends_on: tuple[str, ...] = ()

    def target(self, batch: Target, company: str | None) -> Target:
        """What the relative URL asks for; ``company`` names one where the URL does not.

        Raises:
            BcError: 404, not a path.
        """
        asked = self.url.partition("#")[0]  # a fragment is no part of what is asked for
        path, _, query = asked.partition("?")
        segments = tuple(parse_segment(unquote(part)) for part in path.split("/") if part)
        options = tuple(parse_qsl(query, keep_blank_values=True))
        named = "company" in dict(options) or (segments and segments[0].name == "companies")
        if company is not None and not named:
            options = (*options, ("company", company))
        return Target(batch.root, batch.environment, batch.service, segments, options)


@dataclass(frozen=True)
class OperationAnswer:
    """What one operation is answered with; ``body`` is JSON, or text of a ``$count``."""

    status: int
    body: JsonValue = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BatchOptions:
    """What the headers of the outer request ask for."""

    snapshot: bool
    continue_on_error: bool

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> BatchOptions:
        """Read ``Isolation`` and ``Prefer``; other values of them mean nothing."""
        snapshot = headers.get("isolation", "").strip().lower() == "snapshot"
        preferences = headers.get("prefer", "").split(",")
        wanted = any(_CONTINUE.fullmatch(text.strip()) for text in preferences)
        return cls(snapshot, wanted)


# Runs one operation, inside the transaction if one is given; never raises for a refused one.
Run = Callable[[Operation, Transaction | None], OperationAnswer]


def read_batch(content_type: str, text: bytes) -> list[Operation]:
    """The operations of a batch.

    Raises:
        BcError: 400, not a batch; 500, too long a one: nothing of it is run.
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise bad_request("A batch must be sent as application/json.")
    given = parse_json(text)
    requests = given.get("requests") if isinstance(given, dict) else None
    if not isinstance(requests, list):
        raise bad_request("The batch has no 'requests' array.")
    if len(requests) > MAX_OPERATIONS:
        raise BcError(
            500,
            "Unknown",
            f"The batch has {len(requests)} operations. The maximum is {MAX_OPERATIONS}.",
        )
    operations: list[Operation] = []
    known: set[str] = set()
    for request in requests:
        operation = _operation(request)
        if operation.id in known:
            raise bad_request(f"The operation id '{operation.id}' is used more than once.")
        if missing := [id for id in operation.depends_on if id not in known]:
            raise bad_request(f"Operation '{operation.id}' depends on '{missing[0]}' before it.")
        if operation.id is not None:
            known.add(operation.id)
        operations.append(operation)
    return operations


def run_batch(
    companies: Companies, operations: list[Operation], options: BatchOptions, run: Run
) -> list[dict[str, Any]]:
    """Run the operations and return the ``responses`` of those that were reached."""
    responses: list[dict[str, Any]] = []
    failed: set[str | None] = set()
    context: AbstractContextManager[Transaction | None] = (
        Transaction(companies.values()) if options.snapshot else nullcontext()
    )
    with context as transaction:
        for operation in operations:
            if failed.isdisjoint(operation.depends_on):
                answer = run(operation, transaction)
            else:
                answer = OperationAnswer(424)  # what it depends on was refused
            responses.append(_response(operation, answer))
            if answer.status >= 400:
                failed.add(operation.id)
                if not options.continue_on_error:
                    break
        if transaction is not None and failed:
            transaction.roll_back()
    return responses


def _operation(given: JsonValue) -> Operation:
    if not isinstance(given, dict):
        raise bad_request("An operation of the batch is not an object.")
    if unknown := sorted(given.keys() - _PROPERTIES):
        raise bad_request(f"An operation of the batch has an unknown property '{unknown[0]}'.")
    id, method, url = (given.get(name) for name in ("id", "method", "url"))
    if id is not None and (not isinstance(id, str) or not id):
        raise bad_request("The 'id' of an operation of the batch is no text.")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise bad_request(f"Operation '{id}' has no valid 'method'.")
    if not isinstance(url, str) or not url or url.startswith(("/", "$batch")) or "://" in url:
        raise bad_request(f"Operation '{id}' needs a 'url' relative to the API's root.")
    headers = given.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise bad_request(f"The 'headers' of operation '{id}' are not texts by name.")
    depends_on = given.get("dependsOn", [])
    if not isinstance(depends_on, list) or not all(isinstance(v, str) for v in depends_on):
        raise bad_request(f"'dependsOn' of operation '{id}' is not a list of ids.")
    by_name = {name.lower(): value for name, value in headers.items()}
    return Operation(id, method.upper(), url, by_name, given.get("body"), tuple(depends_on))


def _response(operation: Operation, answer: OperationAnswer) -> dict[str, Any]:
    kind = "text/plain" if isinstance(answer.body, str) else "application/json"
    standard = {"odata-version": "4.0"}
    if answer.body is not None:
        standard["content-type"] = f"{kind}; odata.metadata=minimal"
    response = {
        "id": operation.id,
        "status": answer.status,
        "headers": standard | dict(answer.headers),
    }
    return response if answer.body is None else response | {"body": answer.body}
