"""What was asked of the sandbox, for tests and for the people looking at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

System = Literal["bc", "entra", "optiply", "control", "other"]

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
class LoggedRequest:
    """One request and what became of it.

    Attributes:
        system: ``bc``, ``entra``, ``optiply`` (API and its token endpoint), ``control``.
        path, query: decoded path; raw query string.
        status: HTTP status answered, None when the connection was dropped without an answer.
        user, company: who asked for which company, as far as the request got.
        fault: kind of the injected fault, None when there was none.
        body: request body of a write to BC or Optiply, never of a token request.
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

    @property
    def is_write(self) -> bool:
        """True for every method that may change something."""
        return self.method not in ("GET", "HEAD", "OPTIONS")

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

    def clear(self) -> None:
        """Forget all requests; numbering goes on."""
        self._entries.clear()

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> LoggedRequest:
        return self._entries[index]
