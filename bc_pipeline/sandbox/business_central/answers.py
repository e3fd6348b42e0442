"""How Business Central's answers look on the wire (behaviour.md 3)."""

from __future__ import annotations

import gzip
import re
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from bc_pipeline.sandbox.business_central.api import Answer
from bc_pipeline.sandbox.business_central.reader import Page
from bc_pipeline.sandbox.business_central.urls import Target
from bc_pipeline.sandbox.json_text import JsonValue, dumps
from bc_pipeline.sandbox.odata_errors import BcError

_PREFERRED_SIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)", re.IGNORECASE)
_OF_THIS_PAGE = frozenset({"$skiptoken", "$skip", "$top", "aid"})
_MINIMUM_GZIP_BYTES = 1_000
_KIND = "application/json; odata.metadata=minimal; odata.streaming=true"
NO_CONTENT = "return-no-content"
APPLIED = "odata.maxpagesize"
"""``Preference-Applied`` of a page whose size was asked for; it names no number."""


def preferred_size(headers: Mapping[str, str]) -> int | None:
    """The page size a client asks for; None when it does not ask.

    Raises:
        BcError: 400, none.
    """
    asked = _PREFERRED_SIZE.search(headers.get("prefer", ""))
    if asked is None:
        return None
    size = int(asked[1])
    if size < 1:
        raise BcError(400, "BadRequest", "odata.maxpagesize must be greater than zero.")
    return size


def prefers_no_content(headers: Mapping[str, str]) -> bool:
    """Whether a write inside a batch is to be answered without the entity."""
    preferences = headers.get("prefer", "").split(",")
    return any(text.strip().lower() == NO_CONTENT for text in preferences)


def wants_json(headers: Mapping[str, str]) -> bool:
    """Whether a client names JSON among what it accepts; ``*/*`` does not."""
    ranges = headers.get("accept", "").split(",")
    return any(text.partition(";")[0].strip().lower() == "application/json" for text in ranges)


def read_body(answer: Answer, target: Target, url: str) -> dict[str, Any]:
    """The JSON object a read is answered with.

    Args:
        url: absolute URL of the request without its query; a nextLink starts with it.
    """
    body: Any = answer.body
    if not isinstance(body, Page):
        return {"@odata.context": answer.context} | body
    envelope: dict[str, Any] = {"@odata.context": answer.context}
    if body.count is not None:
        envelope["@odata.count"] = body.count
    envelope["value"] = body.rows
    if body.next_token is not None:
        kept = [(n, v) for n, v in target.options if n not in _OF_THIS_PAGE]
        if body.left is not None:
            kept.append(("$top", str(body.left)))
        kept += [("aid", "FIN"), ("$skiptoken", body.next_token)]
        query = "&".join(f"{quote(n, safe='$')}={quote(v, safe='')}" for n, v in kept)
        envelope["@odata.nextLink"] = f"{url}?{query}"
    return envelope


def json_response(
    status: int, body: JsonValue, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(dumps(body), status, {"content-type": _KIND} | dict(headers or {}))


def multipart_response(responses: Sequence[Mapping[str, Any]]) -> Response:
    """A batch's answers as parts of HTTP, in the order of the operations."""
    boundary = f"batchresponse_{uuid.uuid4()}"
    parts = [f"--{boundary}\r\n{_part(response)}\r\n" for response in responses]
    text = f"{''.join(parts)}--{boundary}--\r\n"
    return Response(text, headers={"content-type": f"multipart/mixed; boundary={boundary}"})


def _part(response: Mapping[str, Any]) -> str:
    status, body = response["status"], response.get("body")
    text = "" if body is None else body if isinstance(body, str) else dumps(body).decode()
    named = [f"Content-ID: {response['id']}"] if response["id"] is not None else []
    own = [f"{name}: {value}" for name, value in response["headers"].items()]
    outer = ["Content-Type: application/http", "Content-Transfer-Encoding: binary", *named]
    return "\r\n".join(
        [*outer, "", f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *own, "", text]
    )


def zip_response(response: Response) -> None:
    """Compress an answer that is worth it."""
    if len(response.body) < _MINIMUM_GZIP_BYTES:
        return
    response.body = gzip.compress(response.body, compresslevel=1)
    response.headers["content-encoding"] = "gzip"
    response.headers["content-length"] = str(len(response.body))
    response.headers["vary"] = "Accept-Encoding"
