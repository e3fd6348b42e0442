"""Which failed requests are worth repeating, and how long to wait before (behaviour.md 5-6)."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

THROTTLED = 429
RETRIED_STATUSES = frozenset({408, THROTTLED, 500, 502, 503, 504})
TOO_SLOW_STATUSES = frozenset({408, 504})
"""The operation or the gateway ran out of time: ask for less at once."""
_NO_ACCESS = frozenset({401, 403})
NOT_IMPLEMENTED = 501
"""An answer, not a failure: BC has no such operation and did nothing (behaviour.md 5)."""
HONOURS_RETRY_AFTER = frozenset({THROTTLED, 502, 503})
LONGEST_RETRY_AFTER_SECONDS = 300.0
"""BC's sliding window; whatever a server asks for, its budget is free again after that."""

_DEADLOCK = re.compile(r"deadlock.*\b(re)?try\b|\b(re)?try\b.*deadlock", re.IGNORECASE | re.DOTALL)
_TRY_LATER = "please try again later"


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off with full jitter.

    Args:
        base_seconds: upper bound of the first wait; doubles with each further one.
        cap_seconds: upper bound of every wait.
    """

    base_seconds: float = 0.5
    cap_seconds: float = 60.0

    def seconds(self, attempt: int) -> float:
        """How long to wait after the ``attempt``-th try, counted from 1."""
        bound = min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt - 1, 32))
        return random.uniform(0, bound)  # noqa: S311 - spreads load, hides nothing


def worth_repeating(status: int, code: str | None, message: str) -> bool:
    """Whether the same request may succeed a little later (behaviour.md 6, flows.md 4).

    Args:
        status: HTTP status of the answer.
        code: BC's ``error.code``, None when the body has none.
        message: BC's ``error.message``, asked for in English.
    """
    if status in RETRIED_STATUSES:
        return True
    if status == 409:
        return code == "Internal_ServerError" and bool(_DEADLOCK.search(message))
    return status == 400 and _TRY_LATER in message.lower()


def passes(status: int | None, code: str | None, message: str | None) -> bool:
    """Whether a refusal says nothing of what was asked, so a later run may fare better.

    No access, too many requests, a lost lock. Only for answers after which it is certain that
    nothing was done.
    """
    if status is None:
        return False
    return status in _NO_ACCESS or worth_repeating(status, code, message or "")


def leaves_doubt(status: int) -> bool:
    """Whether a write answered like this may have been carried out all the same."""
    return status == 408 or (status >= 500 and status != NOT_IMPLEMENTED)


def retry_after_seconds(
    status: int, headers: Mapping[str, str], *, now: datetime | None = None
) -> float | None:
    """What the server asks to wait, as seconds or as an HTTP date; None when it does not say.

    Args:
        status: only 429, 502 and 503 are listened to.
        headers: of the answer, looked up case-insensitively by ``requests``.
        now: for tests; the current time by default.
    """
    asked = headers.get("Retry-After", "").strip()
    if status not in HONOURS_RETRY_AFTER or not asked:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", asked):
        seconds = float(asked)
    else:
        try:
            moment = parsedate_to_datetime(asked)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)
