"""The one layer around everything: logs each request and lets injected faults strike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from urllib.parse import unquote, urlsplit, urlunsplit

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bc_pipeline.sandbox.canned import HTML, Answer, canned_answer
from bc_pipeline.sandbox.connections import Connections
from bc_pipeline.sandbox.faults import HANDLED, Fault, Faults
from bc_pipeline.sandbox.json_text import dumps
from bc_pipeline.sandbox.request_log import (
    LOGGED_HEADERS,
    LoggedRequest,
    RequestLog,
    System,
)

_SYSTEMS: tuple[tuple[str, System], ...] = (
    ("/bc/", "bc"),
    ("/entra/", "entra"),
    ("/optiply", "optiply"),
    ("/_control", "control"),
)
_LOGGED_BODY_BYTES = 1_000_000
NEXT_LINK = "@odata.nextLink"


def system_of(path: str) -> System:
    """Which of the played systems a path belongs to."""
    return next((system for prefix, system in _SYSTEMS if path.startswith(prefix)), "other")


@dataclass
class Middleware:
    """ASGI application around ``app``; ``time_of`` gives the time a system's answers carry."""

    app: ASGIApp
    log: RequestLog
    faults: Faults
    connections: Connections
    time_of: Callable[[System], datetime]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        query = scope["query_string"].decode("latin-1")
        entry = self.log.start(system_of(scope["path"]), scope["method"], scope["path"], query)
        scope["state"] = {
            **scope.get("state", {}),
            "delay": 0.0,
            "number": entry.number,
            "operations": entry.operations,
            "strike_operation": partial(self.faults.strike, entry.system, operation=True),
            "cut": partial(self.connections.cut, scope),
        }
        entry.headers = {
            name.decode(): value.decode("latin-1")
            for name, value in scope["headers"]
            if name.decode() in LOGGED_HEADERS
        }
        try:
            noting = _noting(send, entry, lambda: self.time_of(entry.system))
            await self._handle(scope, _keeping_body(receive, entry), noting, entry)
        finally:
            entry.seconds = time.perf_counter() - started
            entry.user = scope["state"].get("user")
            entry.company = scope["state"].get("company")

    async def _handle(
        self, scope: Scope, receive: Receive, send: Send, entry: LoggedRequest
    ) -> None:
        fault = None
        if entry.system != "control":
            target = f"{entry.path}?{unquote(entry.query)}"
            fault = self.faults.strike(entry.system, entry.method, target)
        if fault is None:
            await self.app(scope, receive, send)
            return
        entry.fault = fault.action
        if fault.call is not None and fault.action not in HANDLED:
            await run_in_threadpool(fault.call)
        if fault.action == "delay":
            await self._delayed(fault, scope, receive, send)
        elif fault.action == "drop":
            await self.connections.cut(scope)
        elif fault.action == "part_then_refuse":
            scope["state"]["interrupted"] = True
            await self.app(scope, receive, send)
        elif fault.action in HANDLED:
            await self._twisted(fault, scope, receive, send, entry.system)
        elif (canned := canned_answer(fault, entry.system)) is not None:
            await _answer(send, canned)

    async def _delayed(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/bc/"):
            scope["state"]["delay"] = fault.seconds  # spent while it holds one of the user's slots
        else:
            await asyncio.sleep(fault.seconds)
        await self.app(scope, receive, send)

    async def _twisted(
        self, fault: Fault, scope: Scope, receive: Receive, send: Send, system: System
    ) -> None:
        """Handle the request, then spoil the answer."""
        status, headers, body = await _captured(self.app, scope, receive)
        if fault.call is not None:
            await run_in_threadpool(fault.call)
        if fault.action == "apply_then_drop":
            await self.connections.cut(scope)
            return
        if fault.action == "truncate":
            await send(_start(status, headers | {"content-length": str(len(body))}))
            await send(
                {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
            )
            await self.connections.cut(scope, flush=True)
            return
        answer = canned_answer(fault, system) or (status, headers, body)
        await _answer(send, _spoiled(fault, scope, answer))


def _spoiled(fault: Fault, scope: Scope, answer: Answer) -> Answer:
    """The answer of a request that was handled as the fault lets it be seen."""
    status, headers, body = answer
    match fault.action:
        case "cut":
            body = body[: len(body) // 2]
        case "apply_then_empty":
            body = b""
        case "apply_then_not_json":
            return status, *HTML
        case "alter":
            body = dumps({**orjson.loads(body), **fault.properties})
        case "path_next_link":
            body = _without_host(body)
        case "repeat_next_link" | "foreign_next_link":
            body = _with_next_link(body, _next_link(fault, scope))
    return status, headers, body


def _without_host(body: bytes) -> bytes:
    link = orjson.loads(body).get(NEXT_LINK) if body else None
    if link is None:
        return body
    parts = urlsplit(link)
    return _with_next_link(body, urlunsplit(parts._replace(scheme="", netloc="")))


def _next_link(fault: Fault, scope: Scope) -> str:
    host = fault.host
    if fault.action == "repeat_next_link":
        host = f"{scope['scheme']}://{dict(scope['headers']).get(b'host', b'').decode()}"
    target = scope.get("raw_path", scope["path"].encode()).decode()
    query = scope["query_string"].decode("latin-1")
    return f"{host}{target}?{query}" if query else f"{host}{target}"


def _with_next_link(body: bytes, link: str) -> bytes:
    """The page with another nextLink; the rest of it stays byte for byte."""
    page = orjson.loads(body)
    old = page.get(NEXT_LINK)
    if old is not None:
        return body.replace(orjson.dumps(old), orjson.dumps(link))
    return body.rstrip()[:-1] + b',"@odata.nextLink":' + orjson.dumps(link) + b"}"


async def _captured(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app({**scope, "headers": plain}, receive, keep)
    start = next(m for m in messages if m["type"] == "http.response.start")
    body = b"".join(m.get("body", b"") for m in messages if m["type"] == "http.response.body")
    headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return start["status"], headers, body


async def _answer(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    headers = {"content-type": "application/json"} | headers
    await send(_start(status, headers | {"content-length": str(len(body))}))
    await send({"type": "http.response.body", "body": body})


def _start(status: int, headers: dict[str, str]) -> Message:
    pairs: Iterable[tuple[bytes, bytes]] = [
        (name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()
    ]
    return {"type": "http.response.start", "status": status, "headers": list(pairs)}


def _keeping_body(receive: Receive, entry: LoggedRequest) -> Receive:
    async def kept() -> Message:
        message = await receive()
        if message["type"] == "http.request" and entry.system in ("bc", "optiply"):
            is_token = entry.path.startswith("/optiply-login")
            if not is_token and len(entry.body) < _LOGGED_BODY_BYTES:
                entry.body += message.get("body", b"")
        return message

    return kept


def _noting(
    send: Send, entry: LoggedRequest, clock: Callable[[], datetime]
) -> Callable[[Message], Awaitable[None]]:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
            date = format_datetime(clock(), usegmt=True).encode()
            message = {**message, "headers": [*message["headers"], (b"date", date)]}
        elif message["type"] == "http.response.body":
            entry.response_bytes += len(message.get("body", b""))
        await send(message)

    return noted
