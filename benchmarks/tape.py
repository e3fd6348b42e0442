"""A server in front of a sandbox, for ``benchmarks.export``: it passes requests on once and keeps
the answers; after that it only sends what was answered."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from bc_pipeline.sandbox import Sandbox

KEPT_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "data-access-intent",
    "if-match",
    "isolation",
    "prefer",
)


@dataclass
class Exchange:
    """A request and its answer."""

    method: str
    target: str
    body: bytes
    status: int
    content_type: str
    answer: bytes

    @property
    def key(self) -> str:
        return _key(self.method, self.target, self.body)


def _key(method: str, target: str, body: bytes) -> str:
    return f"{method} {target} {hashlib.sha256(body).hexdigest()}"


@dataclass
class Tape:
    """The exchanges of each phase; played, the same request gets its answers in order."""

    exchanges: defaultdict[str, list[Exchange]] = field(default_factory=lambda: defaultdict(list))
    phase: str = ""
    played: defaultdict[str, deque[Exchange]] | None = None
    guard: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, phase: str, *, play: bool) -> None:
        with self.guard:
            self.phase = phase
            self.played = None
            if play:
                self.played = defaultdict(deque)
                for exchange in self.exchanges[phase]:
                    self.played[exchange.key].append(exchange)

    def answer(self, method: str, target: str, body: bytes) -> Exchange | None:
        """What was answered to this request; None when it has to be passed on."""
        with self.guard:
            if self.played is None:
                return None
            answers = self.played[_key(method, target, body)]
            if not answers:
                return Exchange(method, target, body, 404, "text/plain", b"never asked before")
            return answers.popleft() if len(answers) > 1 else answers[0]

    def keep(self, exchange: Exchange) -> None:
        with self.guard:
            self.exchanges[self.phase].append(exchange)

    def requests(self, phase: str) -> list[tuple[str, str, str]]:
        return [(e.method, e.target, e.body.decode()) for e in self.exchanges[phase]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, tape: Tape, behind: str, *arguments: object) -> None:
        self._tape = tape
        self._behind = behind
        super().__init__(*arguments)  # type: ignore[arg-type]

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/tape/"):
            return self._control(*self.path.split("/")[2:])
        found = self._tape.answer(self.command, self.path, body)
        if found is None:
            found = self._passed_on(body)
            self._tape.keep(found)
        return self._send(found.status, found.content_type, found.answer)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - the names HTTP has

    def _control(self, action: str, phase: str) -> None:
        if action == "requests":
            told = json.dumps(self._tape.requests(phase)).encode()
            return self._send(200, "application/json", told)
        self._tape.begin(phase, play=action == "play")
        return self._send(204, "text/plain", b"")

    def _passed_on(self, body: bytes) -> Exchange:
        headers = {name: self.headers[name] for name in KEPT_HEADERS if name in self.headers}
        headers |= {"Host": self.headers["Host"], "Accept-Encoding": "identity"}
        answer = requests.request(
            self.command, self._behind + self.path, headers=headers, data=body, timeout=600
        )
        kind = answer.headers.get("Content-Type", "text/plain")
        return Exchange(self.command, self.path, body, answer.status_code, kind, answer.content)

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Silent."""


def serve(directory: Path, homes: int) -> None:
    """Writes homes ``0``, ``1``, … below ``directory``, prints the base URL, serves until killed.

    Signing in goes to the sandbox directly.
    """
    with Sandbox(wholesale_items=20) as sandbox:
        handler = partial(_Handler, Tape(), sandbox.base_url)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        base = f"http://127.0.0.1:{server.server_port}"
        for number in range(homes):
            home = directory / str(number)
            home.mkdir()
            path = sandbox.write_tenants(home, exports=True)
            text = path.read_text("utf-8")
            path.write_text(text.replace(f"{sandbox.base_url}/bc", f"{base}/bc"), "utf-8")
        print(base, flush=True)
        server.serve_forever()


def control(base: str, action: str, phase: str) -> None:
    """``record`` or ``play`` a phase from now on.

    Args:
        base: URL of a server of ``serve``.
    """
    requests.post(f"{base}/tape/{action}/{phase}", timeout=60).raise_for_status()
