"""Counting requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class RequestCounter:
    """Requests sent: all of them, the repeats among them, the 429s met. Safe to share.

    Args:
        parent: counts what is counted here, too.
    """

    total: int = 0
    retried: int = 0
    throttled: int = 0
    parent: RequestCounter | None = field(default=None, compare=False, repr=False, kw_only=True)
    _guard: threading.Lock = field(
        default_factory=threading.Lock, init=False, compare=False, repr=False
    )

    def count(self, *, total: int = 0, retried: int = 0, throttled: int = 0) -> None:
        """So many more of each."""
        with self._guard:
            self.total += total
            self.retried += retried
            self.throttled += throttled
        if self.parent is not None:
            self.parent.count(total=total, retried=retried, throttled=throttled)
