"""What signing in to both systems shares: the bearer, and what a token answer says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import requests
from requests.auth import AuthBase

LONGEST_LIFETIME_SECONDS = 366 * 86_400.0
UNREADABLE = "an answer without a token that can be read; is a proxy in between?"


class BearerAuth(AuthBase):
    """Puts the token into the request, and keeps ``.netrc`` from replacing it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object an answer consists of; empty when it is something else."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def succeeded(response: requests.Response) -> bool:
    """Whether an answer claims success. A redirect does not: it is not followed."""
    return 200 <= response.status_code < 300


def token_in(response: requests.Response) -> str | None:
    """The access token of an answer; None when it has none, so is no success whatever its status
    says (decisions 41)."""
    token = json_object(response.content).get("access_token") if succeeded(response) else None
    return token if isinstance(token, str) and token.strip() else None


def lifetime_seconds(answer: Mapping[str, Any], default: float) -> float:
    """How long a token lives, a number or one written as text; ``default`` when the answer does
    not say, or says nonsense (decisions 35)."""
    told = answer.get("expires_in")
    try:
        seconds = float(told) if isinstance(told, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return default
    sensible = not isinstance(told, bool) and 0 < seconds <= LONGEST_LIFETIME_SECONDS
    return seconds if sensible else default
