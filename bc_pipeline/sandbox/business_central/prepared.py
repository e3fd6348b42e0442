"""Answers of generated companies, kept once made: asked again they cost the sandbox nothing.

A benchmark that reads the same pages twice then measures its own client, not the sandbox.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock

from starlette.responses import Response

from bc_pipeline.sandbox.company.company import Company

MAX_BYTES = 300_000_000


@dataclass(frozen=True)
class _Kept:
    company: Company
    version: int
    body: bytes
    headers: dict[str, str]


class PreparedAnswers:
    """The newest answers, up to ``MAX_BYTES``; only of companies with generated tables."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: Hashable) -> tuple[Company, Response] | None:
        """The answer to the same request, unless the company changed since."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept.version != kept.company.version:
            return None
        return kept.company, Response(kept.body, headers=kept.headers)

    def keep(self, key: Hashable, company: Company, version: int, response: Response) -> None:
        """Remember an answer if it is one of a generated company.

        Args:
            version: the company's when the answer was read; it may have changed since.
        """
        if not company.is_generated:
            return
        body = bytes(response.body)
        with self._lock:
            old = self._kept.pop(key, None)
            self._bytes += len(body) - (len(old.body) if old else 0)
            self._kept[key] = _Kept(company, version, body, dict(response.headers))
            while self._bytes > MAX_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped.body)
