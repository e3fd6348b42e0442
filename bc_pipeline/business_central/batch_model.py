"""The parts of a ``$batch`` and their answers (behaviour.md 4.2)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from bc_pipeline.business_central.answers import BadAnswer, decoded, error_of, json_object
from bc_pipeline.business_central.retry import passes, retry_after_seconds, worth_repeating
from bc_pipeline.business_central.urls import PAGE_SIZE, access_intent, record_is_absent

BatchMode = Literal["independent", "atomic"]


@dataclass(frozen=True)
class Part:
    """One request of a batch.

    Args:
        id: tells the answers apart; unique in one call.
        method: GET, POST, PATCH or DELETE.
        path: relative to the root of the API, percent-encoded, such as
            ``companies(<id>)/customers(<id>)?$expand=...``; ``query_url`` adds query options.
        body: of POST and PATCH; may hold Decimals and dates. None for a bound action.
        etag: the version PATCH and DELETE may change; any by default.
    """

    id: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    etag: str | None = None

    @property
    def reads_only(self) -> bool:
        return self.method == "GET"

    def as_json(self) -> dict[str, Any]:
        """The part as it stands in the body of the batch.

        Raises:
            ValueError: the path is not a relative, percent-encoded URL.
        """
        parts = urlsplit(self.path)
        if parts.scheme or self.path.startswith("/") or parts.fragment or _unquoted(self.path):
            raise ValueError(f"{self.path!r} is not a relative, percent-encoded URL")
        # BC takes over no header of the batch itself for its parts.
        headers = {"Accept-Language": "en-US", **access_intent(self.method, fresh=True)}
        if self.reads_only:
            headers["Prefer"] = f"odata.maxpagesize={PAGE_SIZE}"
        if self.method in ("POST", "PATCH"):
            headers["Content-Type"] = "application/json"
        if self.method in ("PATCH", "DELETE"):
            headers["If-Match"] = self.etag or "*"
        request = {"id": self.id, "method": self.method, "url": self.path, "headers": headers}
        return request if self.body is None else {**request, "body": self.body}


@dataclass(frozen=True)
class PartAnswer:
    """How a part ended.

    Args:
        id: of the part.
        status: HTTP status; None when there is none, or none that says what BC did.
        body: JSON value, fractions as ``Decimal``; None without content.
        error_code: BC's ``error.code``, None when it worked or BC gave none.
        error_message: why it did not work, in words; None when it worked.
        uncertain: BC may have done it although no success was seen: look before trying again.
        sent: BC was asked; False when the batch ended before this part.
    """

    id: str
    status: int | None
    body: Any = None
    error_code: str | None = None
    error_message: str | None = None
    uncertain: bool = False
    sent: bool = True

    @property
    def ok(self) -> bool:
        """It worked."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def absent(self) -> bool:
        """BC says that the record the path names does not exist."""
        return self.status is not None and record_is_absent(self.status, self.error_code)

    @property
    def worth_repeating(self) -> bool:
        """BC did nothing, and the same may work a little later, such as after a lost lock."""
        if self.ok or self.status is None:
            return False
        return worth_repeating(self.status, self.error_code, self.error_message or "")

    @property
    def later(self) -> bool:
        """BC did nothing, for a reason that passes: worth another try in a later run."""
        if self.ok or self.uncertain:
            return False
        return not self.sent or passes(self.status, self.error_code, self.error_message)


def _unquoted(path: str) -> bool:
    return any(not "!" <= character <= "~" or character in '"<>\\^`{|}' for character in path)


# Reading the answer to a ``$batch``: one JSON document with the answers of its parts.

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
