"""What was asked of the sandbox, for tests and for the people looking at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import orjson

System = Literal["bc", "entra", "optiply", "control", "other"]

READING = ("GET", "HEAD", "OPTIONS")

# Headers worth keeping; none of them carries a secret.
LOGGED_HEADERS = (
    "prefer",
    "data-access-intent",
    "accept-language",
    "accept-encoding",
    "content-type",
    "if-match",
    "isolation",
    "user-agent",
)


@dataclass
class LoggedOperation:
    """One operation: of a ``$batch``, or a request that is one by itself (``id`` None).

    Attributes:
        request: number of the request that carried it.
        target: path and query: relative to the API's root in a batch.
        status: status it was answered with; None when it was not.
    """

    request: int
    id: str | None
    method: str
    target: str
    status: int | None = None
    fault: str | None = None
    body: Any = None

    @property
    def is_write(self) -> bool:
        """True for every method that may change something."""
        return self.method not in READING


@dataclass
class LoggedRequest:
    """One request and what became of it.

    Attributes:
        system: ``bc``, ``entra``, ``optiply`` (API and its token endpoint), ``control``.
        path, query: decoded path; raw query string.
        status: HTTP status answered, None when the connection was dropped without an answer.
        user, company: who asked for which company, as far as the request got.
        fault: kind of the injected fault, None when there was none.
        body: request body of a write to BC or Optiply, never of a token request.
        operations: of a batch, those that were reached.
        seconds: time until the answer was complete.
    """

    number: int
    system: System
    method: str
    path: str
    query: str
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    user: str | None = None
    company: str | None = None
    fault: str | None = None
    body: bytes = b""
    seconds: float = 0.0
    response_bytes: int = 0
    operations: list[LoggedOperation] = field(default_factory=list)

    @property
    def is_write(self) -> bool:
        """True for every method that may change something; not for a batch that only read."""
        if self.operations:
            return any(operation.is_write for operation in self.operations)
        return self.method not in READING

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON-ready values."""
        return asdict(self) | {"body": self.body.decode("utf-8", "replace")}


class RequestLog:
    """The newest requests, oldest first; behaves like a sequence."""

    def __init__(self, limit: int = 50_000) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=limit)
        self.total = 0

    def start(self, system: System, method: str, path: str, query: str) -> LoggedRequest:
        """Note a request that has just arrived."""
        self.total += 1
        entry = LoggedRequest(self.total, system, method, path, query)
        self._entries.append(entry)
        return entry

    def of(
        self, system: System, *, after: int = 0, writes: bool | None = None
    ) -> list[LoggedRequest]:
        """Requests to one system, numbered above ``after``; only writes or only reads if asked."""
        return [
            entry
            for entry in list(self._entries)
            if entry.system == system
            and entry.number > after
            and (writes is None or entry.is_write is writes)
        ]

    def operations(
        self, system: System, *, after: int = 0, writes: bool | None = None
    ) -> list[LoggedOperation]:
        """Every operation asked of one system, those inside batches one by one."""
        found: list[LoggedOperation] = []
        for entry in self.of(system, after=after):
            found += entry.operations or [_single(entry)]
        return [operation for operation in found if writes in (None, operation.is_write)]

    def clear(self) -> None:
        """Forget all requests; numbering goes on."""
        self._entries.clear()

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> LoggedRequest:
        return self._entries[index]


def _single(entry: LoggedRequest) -> LoggedOperation:
    """A request that is one operation by itself."""
    target = f"{entry.path}?{entry.query}" if entry.query else entry.path
    try:
        body = orjson.loads(entry.body)
    except orjson.JSONDecodeError:
        body = None
    return LoggedOperation(
        entry.number, None, entry.method, target, entry.status, entry.fault, body
    )
