"""Which failed requests are worth repeating, and how long to wait before (behaviour.md 5-6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bc_pipeline.http.meanings import THROTTLED, meaning
from bc_pipeline.http.retry_after import asked_to_wait

HONOURS_RETRY_AFTER = frozenset({THROTTLED, 502, 503})
LONGEST_RETRY_AFTER_SECONDS = 300.0
"""BC's sliding window; whatever a server asks for, its budget is free again after that."""


def worth_repeating(status: int, code: str | None, message: str) -> bool:
    """Whether the same request may succeed a little later (behaviour.md 6, flows.md 4).

    Args:
        status: HTTP status of the answer.
        code: BC's ``error.code``, None when the body has none.
        message: BC's ``error.message``, asked for in English.
    """
    return meaning("business_central", status, code, message).repeat


def passes(status: int | None, code: str | None, message: str | None) -> bool:
    """Whether a refusal says nothing of what was asked, so a later run may fare better.

    No access, too many requests, a lost lock. Only for answers after which it is certain that
    nothing was done.
    """
    if status is None:
        return False
    found = meaning("business_central", status, code, message)
    return found.no_access or found.repeat


def leaves_doubt(status: int) -> bool:
    """Whether a write answered like this may have been carried out all the same."""
    return meaning("business_central", status).doubt


def retry_after_seconds(
    status: int, headers: Mapping[str, str], *, now: datetime | None = None
) -> float | None:
    """What BC asks to wait; None when it does not say.

    Args:
        status: only 429, 502 and 503 are listened to.
        headers: of the answer, looked up case-insensitively by ``requests``.
        now: for tests; the current time by default.
    """
    if status not in HONOURS_RETRY_AFTER:
        return None
    return asked_to_wait(headers, longest=LONGEST_RETRY_AFTER_SECONDS, now=now)
