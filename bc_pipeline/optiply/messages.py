"""The text of an Optiply error, wherever the answer keeps it (optiply.md 4)."""

from __future__ import annotations

import json
from typing import Any

MAXIMUM_LENGTH = 500
BAD_EMAIL = "is not a valid address"
WRONG_CREDENTIALS = "UserDetailsService returned null"
TOKEN_STILL_VALID = "access_token not expired"  # noqa: S105 - an error text, not a secret


def error_message(body: str) -> str:
    """What Optiply says is wrong, in one line of at most 500 characters.

    Args:
        body: the answer's body as text; JSON or not.
    """
    texts = _texts(_parsed(body)) or [body]
    joined = "; ".join(" ".join(text.split()) for text in texts if text.strip())
    return joined[:MAXIMUM_LENGTH] or "no explanation given"


def _parsed(body: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(body)
    except ValueError:
        return None


def _texts(answer: Any) -> list[str]:  # noqa: ANN401 - any JSON
    if not isinstance(answer, dict):
        return []
    errors = answer.get("errors")
    found = [_of_error(error) for error in errors] if isinstance(errors, list) else []
    texts = [text for text in found if text]
    for key in ("message", "error_description", "error"):
        if not texts and isinstance(answer.get(key), str):
            texts = [answer[key]]
    return texts


def _of_error(error: Any) -> str | None:  # noqa: ANN401 - any JSON
    if not isinstance(error, dict):
        return error if isinstance(error, str) else None
    meta = error.get("meta")
    candidates = (
        meta.get("message") if isinstance(meta, dict) else None,
        error.get("detail"),
        error.get("message"),
        error.get("title"),
    )
    return next((text for text in candidates if isinstance(text, str) and text), None)
