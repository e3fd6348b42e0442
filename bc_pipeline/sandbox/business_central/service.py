"""The Business Central service: HTTP in, HTTP out (behaviour.md 2, 3, 6)."""

from __future__ import annotations

import asyncio
import gzip
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bc_pipeline.sandbox.business_central import api, writes
from bc_pipeline.sandbox.business_central.company import Company
from bc_pipeline.sandbox.business_central.errors import BcError, error_body, invalid_credentials
from bc_pipeline.sandbox.business_central.limits import Limits, LimitSettings
from bc_pipeline.sandbox.business_central.prepared import PreparedAnswers
from bc_pipeline.sandbox.business_central.reader import Page
from bc_pipeline.sandbox.business_central.urls import Target, environment_missing, parse_url
from bc_pipeline.sandbox.json_text import JsonValue, dumps

MAX_PAGE_SIZE = 20_000
_PREFERRED_SIZE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)", re.IGNORECASE)
_MINIMUM_GZIP_BYTES = 1_000

UserOf = Callable[[str | None], str | None]


class BusinessCentralSandbox:
    """One tenant's Business Central: environments, companies, limits. An ASGI application.

    Args:
        clock: sandbox time.
        user_of: the user an ``Authorization`` header speaks for, None when it is not valid.
        settings: limits per user.
    """

    def __init__(
        self, clock: Callable[[], datetime], user_of: UserOf, settings: LimitSettings
    ) -> None:
        self.environments: tuple[str, ...] = ("Production",)
        self.companies: dict[str, Company] = {}
        self.limits = Limits(settings, clock)
        self.clock = clock
        self._user_of = user_of
        self._prepared = PreparedAnswers()

    def add(self, company: Company) -> Company:
        """Put a company into the environment and return it."""
        self.companies[company.name] = company
        return company

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except BcError as error:
            response = _json(error.status, error_body(error.code, error.message), error.headers)
        response.headers["request-id"] = str(uuid.uuid4())
        response.headers["odata-version"] = "4.0"
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        user = self._user_of(request.headers.get("authorization"))
        if user is None:
            raise invalid_credentials()
        state = request.scope["state"]
        state["user"] = user
        async with self.limits.slot(user):
            pause = state.get("delay", 0.0) + self.limits.settings.latency_seconds
            if pause:
                await asyncio.sleep(pause)
            path = request.scope["raw_path"].decode("latin-1")
            root_path = request.scope.get("root_path", "")
            rest = path.removeprefix(root_path)
            base = f"{request.url.scheme}://{request.headers['host']}{root_path}"
            if rest.startswith("/environments/"):
                return _json(200, self._environment_list(base))
            target = parse_url(base, rest, request.scope["query_string"].decode("latin-1"))
            if target.environment.lower() not in (e.lower() for e in self.environments):
                raise environment_missing(target.environment)
            if request.method not in ("GET", "HEAD"):
                intent = request.headers.get("data-access-intent")
                raise writes.refuse_write(request.method, target, intent)
            return await run_in_threadpool(self._read, request, target)

    def _read(self, request: Request, target: Target) -> Response:
        asked = _PREFERRED_SIZE.search(request.headers.get("prefer", ""))
        size = min(int(asked[1]), MAX_PAGE_SIZE) if asked else MAX_PAGE_SIZE
        if size < 1:
            raise BcError(400, "BadRequest", "odata.maxpagesize must be greater than zero.")
        zipped = "gzip" in request.headers.get("accept-encoding", "").lower()
        key = (str(request.url), asked is not None, size, zipped)
        if (prepared := self._prepared.get(key)) is not None:
            request.scope["state"]["company"] = prepared[0].name
            return prepared[1]
        answer = api.read(self.companies, target, size)
        request.scope["state"]["company"] = answer.company
        if answer.text is not None:
            return Response(answer.text, media_type="text/plain")
        headers = {"preference-applied": f"odata.maxpagesize={size}"} if asked else {}
        body = answer.body
        if isinstance(body, Page):
            body = _envelope(answer.context, body, request, target)
        else:
            body = {"@odata.context": answer.context} | body
        response = _json(200, body, headers)
        if zipped:
            _zip(response)
        if answer.company is not None:
            self._prepared.keep(key, self.companies[answer.company], response)
        return response

    def _environment_list(self, base: str) -> dict[str, Any]:
        return {
            "value": [
                {
                    "aadTenantId": str(uuid.uuid5(uuid.NAMESPACE_URL, "bc_pipeline/sandbox")),
                    "applicationFamily": "BusinessCentral",
                    "type": "Production",
                    "name": name,
                    "countryCode": "NL",
                    "webServiceUrl": base,
                    "webClientLoginUrl": base,
                    "ringName": "PROD",
                }
                for name in self.environments
            ]
        }


def _envelope(context: str, page: Page, request: Request, target: Target) -> dict[str, Any]:
    body: dict[str, Any] = {"@odata.context": context}
    if page.count is not None:
        body["@odata.count"] = page.count
    body["value"] = page.rows
    if page.next_token is not None:
        kept = [(n, v) for n, v in target.options if n not in ("$skiptoken", "aid")]
        kept += [("aid", "FIN"), ("$skiptoken", page.next_token)]
        query = "&".join(f"{quote(n, safe='$')}={quote(v, safe='')}" for n, v in kept)
        host = f"{request.url.scheme}://{request.headers['host']}"
        path = request.scope["raw_path"].decode("latin-1")
        body["@odata.nextLink"] = f"{host}{path}?{query}"
    return body


def _json(status: int, body: JsonValue, headers: dict[str, str] | None = None) -> Response:
    kind = "application/json; odata.metadata=minimal; odata.streaming=true"
    return Response(dumps(body), status, {"content-type": kind} | (headers or {}))


def _zip(response: Response) -> None:
    if len(response.body) < _MINIMUM_GZIP_BYTES:
        return
    response.body = gzip.compress(response.body, compresslevel=1)
    response.headers["content-encoding"] = "gzip"
    response.headers["content-length"] = str(len(response.body))
    response.headers["vary"] = "Accept-Encoding"
