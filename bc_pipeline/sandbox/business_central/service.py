"""The Business Central service: HTTP in, HTTP out (behaviour.md 2, 3, 6)."""

from __future__ import annotations

import asyncio
import uuid

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bc_pipeline.sandbox.business_central import admin, api
from bc_pipeline.sandbox.business_central.answers import (
    APPLIED,
    json_response,
    multipart_response,
    preferred_size,
    read_body,
    wants_json,
    zip_response,
)
from bc_pipeline.sandbox.business_central.batch import BatchOptions, read_batch, run_batch
from bc_pipeline.sandbox.business_central.body import parse_json
from bc_pipeline.sandbox.business_central.environments import Environment, Environments
from bc_pipeline.sandbox.business_central.limits import Limits, LimitSettings
from bc_pipeline.sandbox.business_central.operations import OperationRunner
from bc_pipeline.sandbox.business_central.prepared import PreparedAnswers
from bc_pipeline.sandbox.business_central.replica import served, set_lag
from bc_pipeline.sandbox.business_central.urls import API, Segment, Target, parse_url
from bc_pipeline.sandbox.business_central.write_requests import (
    WriteRequest,
    refuse_intent,
    write,
)
from bc_pipeline.sandbox.clock import ShiftedClock
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.entra import Directory, Entra
from bc_pipeline.sandbox.faults import Cut
from bc_pipeline.sandbox.odata_errors import (
    BcError,
    error_body,
    invalid_credentials,
    method_not_allowed,
)

MAX_PAGE_SIZE = 20_000
_BATCH = (Segment("$batch"),)


class BusinessCentralSandbox:
    """One tenant's Business Central: environments, companies, limits. An ASGI application.

    Attributes:
        environments: by name; seeded is ``Production`` only.

    Args:
        clock: its time; tests set it apart from the other systems' with ``clock.ahead``.
        entra: knows who an ``Authorization`` header speaks for; its first tenant owns this.
        settings: limits per user.
    """

    def __init__(self, clock: ShiftedClock, entra: Entra, settings: LimitSettings) -> None:
        self.environments = Environments(Production=Environment("Production"))
        self.limits = Limits(settings, clock)
        self.clock = clock
        self._entra = entra
        self._prepared = PreparedAnswers()

    @property
    def _owner(self) -> Directory:
        """The Entra tenant all this belongs to."""
        return self._entra.directories[0]

    @property
    def companies(self) -> dict[str, Company]:
        """Companies of the main environment by name."""
        return self.environments.main.companies

    def add(self, company: Company) -> Company:
        """Put a company into the main environment and return it."""
        self.companies[company.name] = company
        return company

    def set_replica_lag(
        self, seconds: float, company: str | None = None, *, heeds_parts: bool = True
    ) -> None:
        """Let reads that do not ask for the primary lag behind, 0: no longer.

        Args:
            company: by name; None: all there are now.
            heeds_parts: whether parts of a batch get the primary when they ask for it.

        Raises:
            KeyError: no such company.
            ValueError: negative.
        """
        for each in [self.companies[company]] if company else self.companies.values():
            set_lag(each, seconds, heeds_parts=heeds_parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except BcError as error:
            response = json_response(
                error.status, error_body(error.code, error.message), error.headers
            )
        except Cut:
            await scope["state"]["cut"]()
            return
        response.headers["request-id"] = str(uuid.uuid4())
        response.headers["odata-version"] = "4.0"
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        token = self._entra.identify(request.headers.get("authorization"))
        if token is None or token.directory != self._owner:
            raise invalid_credentials()
        user = token.user
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
            if admin.is_admin(rest):
                status, body = admin.answer(
                    self.environments, request.method, rest, tenant_id=self._owner.id, base=base
                )
                return json_response(status, body)
            target = parse_url(base, rest, request.scope["query_string"].decode("latin-1"))
            if target.tenant is not None and not self._owner.is_named(target.tenant):
                raise invalid_credentials()  # the token speaks for nobody there
            state["environment"] = self.environments.called(target.environment)
            if target.segments == _BATCH and target.service == API:
                return await run_in_threadpool(self._batch, request, target, await request.body())
            if request.method in ("GET", "HEAD"):
                return await run_in_threadpool(self._read, request, target)
            return await run_in_threadpool(self._write, request, target, await request.body())

    def _read(self, request: Request, target: Target) -> Response:
        asked = preferred_size(request.headers)
        size = min(asked or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
        zipped = "gzip" in request.headers.get("accept-encoding", "").lower()
        key = (str(request.url), asked is not None, size, zipped)
        if (prepared := self._prepared.get(key)) is not None:
            request.scope["state"]["company"] = prepared[0].name
            return prepared[1]
        companies = _companies(request)
        answer = api.read(served(companies, request.headers), target, size)
        request.scope["state"]["company"] = answer.company
        if answer.text is not None:
            return Response(answer.text, media_type="text/plain")
        if answer.xml is not None:
            return Response(answer.xml, media_type="application/xml")
        headers = {"preference-applied": APPLIED} if asked else {}
        response = json_response(200, read_body(answer, target, _url(request)), headers)
        if zipped:
            zip_response(response)
        if answer.company is not None and (company := companies[answer.company]).replica is None:
            self._prepared.keep(key, company, answer.version, response)
        return response

    def _write(self, request: Request, target: Target, text: bytes) -> Response:
        body = parse_json(text) if text else None
        interrupted = request.scope["state"].get("interrupted", False)
        wanted = WriteRequest(request.method, target, request.headers, body, interrupted)
        answer = write(_companies(request), wanted)
        request.scope["state"]["company"] = answer.company
        if answer.body is None:
            return Response(status_code=answer.status)
        headers = {"location": answer.location} if answer.location else {}
        return json_response(answer.status, answer.body, headers)

    def _batch(self, request: Request, target: Target, text: bytes) -> Response:
        if request.method != "POST":
            raise method_not_allowed("A batch is sent with POST.")
        refuse_intent(request.headers)
        operations = read_batch(request.headers.get("content-type", ""), text)
        state = request.scope["state"]
        companies = _companies(request)
        runner = OperationRunner(
            companies,
            target,
            target.option("company") or request.headers.get("company"),
            MAX_PAGE_SIZE,
            strike=state.get("strike_operation", lambda method, url: None),
            log=state.get("operations", []),
            request=state.get("number", 0),
        )
        options = BatchOptions.of(request.headers)
        responses = run_batch(companies, operations, options, runner.run)
        if len(runner.reached) == 1:
            state["company"] = next(iter(runner.reached))
        if not wants_json(request.headers):
            return multipart_response(responses)
        response = json_response(200, {"responses": responses})
        if "gzip" in request.headers.get("accept-encoding", "").lower():
            zip_response(response)
        return response


def _companies(request: Request) -> dict[str, Company]:
    """The companies of the environment a request goes to."""
    environment: Environment = request.scope["state"]["environment"]
    return environment.companies


def _url(request: Request) -> str:
    """The request's own URL without the query, percent-encoded as it came."""
    path = request.scope["raw_path"].decode("latin-1")
    return f"{request.url.scheme}://{request.headers['host']}{path}"
