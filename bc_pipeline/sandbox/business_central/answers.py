"""How Business Central's answers look on the wire (behaviour.md 3)."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from bc_pipeline.sandbox.business_central.api import Answer
from bc_pipeline.sandbox.business_central.errors import BcError
from bc_pipeline.sandbox.business_central.reader import Page
from bc_pipeline.sandbox.business_central.urls import Target
from bc_pipeline.sandbox.json_text import JsonValue, dumps

_PREFERRED_SIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)", re.IGNORECASE)
_MINIMUM_GZIP_BYTES = 1_000
_KIND = "application/json; odata.metadata=minimal; odata.streaming=true"


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
        kept = [(n, v) for n, v in target.options if n not in ("$skiptoken", "aid")]
        kept += [("aid", "FIN"), ("$skiptoken", body.next_token)]
        query = "&".join(f"{quote(n, safe='$')}={quote(v, safe='')}" for n, v in kept)
        envelope["@odata.nextLink"] = f"{url}?{query}"
    return envelope


def json_response(
    status: int, body: JsonValue, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(dumps(body), status, {"content-type": _KIND} | dict(headers or {}))


def zip_response(response: Response) -> None:
    """Compress an answer that is worth it."""
    if len(response.body) < _MINIMUM_GZIP_BYTES:
        return
    response.body = gzip.compress(response.body, compresslevel=1)
    response.headers["content-encoding"] = "gzip"
    response.headers["content-length"] = str(len(response.body))
    response.headers["vary"] = "Accept-Encoding"
