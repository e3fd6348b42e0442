"""JSON to and from Business Central: exact numbers, lists, and errors in words for people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import requests

from bc_pipeline.errors import ReadFailed
from bc_pipeline.values import plain, storable_json

MESSAGE_LIMIT = 500
NO_EXPLANATION = "no explanation given"
# Of use to Microsoft's support only; a person who reads the message cannot do anything with it.
_CORRELATION = re.compile(r"\s*CorrelationId:?\s*[0-9a-f-]{36}\.?\s*$", re.IGNORECASE)


class BadAnswer(Exception):
    """Raised while reading a 2xx answer that is not what it should be: a failed try."""


def encoded(body: object) -> bytes:
    """``body`` as JSON; a Decimal becomes an exact number, a date its ISO text.

    Raises:
        TypeError: something without an exact JSON form, such as a binary fraction.
        ValueError: a Decimal that is no number.
    """
    return orjson.dumps(_exact(body))


def decoded(content: bytes | str) -> Any:  # noqa: ANN401 - JSON
    """The JSON value of ``content``, fractions as ``Decimal``, texts as they can be stored.

    Raises:
        ValueError: not JSON.
    """
    text = content if isinstance(content, str) else content.decode("utf-8-sig", errors="replace")
    return storable_json(json.loads(text, parse_float=Decimal, strict=False))


def json_object(response: requests.Response) -> dict[str, Any]:
    """The JSON object an answer consists of.

    Raises:
        BadAnswer: it is something else.
    """
    try:
        answer = decoded(response.content)
    except ValueError:
        raise BadAnswer("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise BadAnswer("the answer is not a JSON object")
    return answer


def record(response: requests.Response) -> dict[str, Any]:
    """One record.

    Raises:
        BadAnswer: it is something else, such as the words of a proxy in between.
    """
    answer = json_object(response)
    if not is_record(answer):
        raise BadAnswer("the answer is not a record")
    return answer


def is_record(answer: object) -> bool:
    """Whether an answer is one record: every one has an id, and shows it unless told not to."""
    return isinstance(answer, dict) and bool(answer.get("id"))


def whole(row: dict[str, Any]) -> dict[str, Any]:
    """``row``, unless some of its children were left for another page.

    Raises:
        ReadFailed: they were; a document that is not all there must not be compared.
    """
    for value in (row, *(child for children in row.values() for child in _children(children))):
        if any(name.endswith("@odata.nextLink") for name in value):
            raise ReadFailed("Business Central sent a document without all of its lines")
    return row


def envelope(response: requests.Response) -> dict[str, Any]:
    """One page of a list: an object with its rows in ``value``.

    Raises:
        BadAnswer: it is something else.
    """
    answer = json_object(response)
    if not isinstance(answer.get("value"), list):
        raise BadAnswer("the page has no list of rows in 'value'")
    return answer


def error_of(body: object) -> tuple[str | None, str]:
    """BC's error code, and what it says in one line (target_behaviour.md 3).

    ``error.message`` when it is a text that says something, else the error object as JSON, else
    the body as text; the correlation id at its end is left out. Nothing is hidden in here: an
    answer may quote the request, so secrets have to be taken out of the text afterwards.

    Args:
        body: of the answer, as JSON value or text.
    """
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if isinstance(message, str) and message.strip():
        text = message
    elif error:
        text = error if isinstance(error, str) else _as_text(error)
    elif isinstance(body, str):
        # A gateway's page of HTML explains nothing that the status does not.
        text = "" if body.lstrip().startswith("<") else body
    else:
        text = _as_text(body) if body else ""
    text = " ".join(_CORRELATION.sub("", text).split())[:MESSAGE_LIMIT]
    return (code if isinstance(code, str) and code else None), text or NO_EXPLANATION


def _children(value: object) -> list[Mapping[str, Any]]:
    """The children in a property of a document; none when it is no list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _as_text(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _exact(value: object) -> object:
    match value:
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} is not a number")
            return orjson.Fragment(plain(value).encode())
        case float():
            raise TypeError("a binary fraction has no exact JSON form; use Decimal")
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case dict():
            return {name: _exact(each) for name, each in value.items()}
        case list() | tuple():
            return [_exact(each) for each in value]
    return value
