"""Reading the answer to a ``$batch``: one JSON document with the answers of its parts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict

from bc_pipeline.business_central.answers import BadAnswer, decoded, error_of, json_object
from bc_pipeline.business_central.retry import retry_after_seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What BC answered to one part.

    Args:
        status: HTTP status.
        body: JSON value, or text where it is none; None without content.
        error_code, error_message: of an answer that is no success; secrets not yet taken out.
        retry_after: seconds BC asks to wait, None when it does not say.
    """

    status: int
    body: Any
    error_code: str | None = None
    error_message: str = ""
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def answers_of(response: requests.Response) -> dict[str, Answer]:
    """The answers in a batch's answer, by part id.

    Two answers to one part contradict each other, and one without a status says nothing; both are
    left out, like answers to parts nobody sent are by the caller.

    Raises:
        BadAnswer: it is not the answer to a batch at all.
    """
    listed = json_object(response).get("responses")
    if not isinstance(listed, list):
        raise BadAnswer("the answer to the batch has no list of answers in 'responses'")
    found: dict[str, Answer] = {}
    twice: set[str] = set()
    for each in listed:
        answer = _answer(each)
        if answer is None:
            log.warning("an answer inside a $batch has no id or no status; it is not used")
            continue
        id = str(each["id"])
        if id in found:
            twice.add(id)
        found[id] = answer
    return {id: answer for id, answer in found.items() if id not in twice}


def _answer(each: object) -> Answer | None:
    if not isinstance(each, Mapping) or each.get("id") is None:
        return None
    status = each.get("status")
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool):
        return None
    body = _body(each.get("body"))
    if 200 <= status < 300:
        return Answer(status, body)
    headers = each.get("headers")
    known = headers.items() if isinstance(headers, Mapping) else ()
    waiting = retry_after_seconds(
        status, CaseInsensitiveDict((str(name), str(value)) for name, value in known)
    )
    return Answer(status, body, *error_of(body), waiting)


def _body(body: object) -> object:
    """A body may arrive as JSON inside a text."""
    if not isinstance(body, str):
        return body
    try:
        return decoded(body)
    except ValueError:
        return body or None
