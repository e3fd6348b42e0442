"""What a server asks to wait before the next try."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bc_pipeline import clock


def asked_to_wait(
    headers: Mapping[str, str], *, longest: float, now: datetime | None = None
) -> float | None:
    """``Retry-After`` in seconds, given as seconds or as an HTTP date; None when there is none.

    Args:
        headers: of the answer, looked up case-insensitively by ``requests``.
        longest: seconds; more is not waited, whatever is asked.
        now: for tests; the current time by default.
    """
    asked = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", asked):
        return min(float(asked), longest)
    try:
        moment = parsedate_to_datetime(asked)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - (now or clock.now())).total_seconds(), 0.0), longest)
