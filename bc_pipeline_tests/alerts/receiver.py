"""Somebody who is told: a web server that keeps what it is sent."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from bc_pipeline.alerts.kinds import KINDS

KEY = b"0123456789abcdef0123456789abcdef"
NO_DIGEST = tuple(kind for kind in KINDS if kind != "digest")
"""What an address of most tests is told of: a digest comes at an hour of the day."""
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


@dataclass
class Received:
    """One request."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def data(self) -> dict[str, Any]:
        return self.json["data"]

    @property
    def verified(self) -> bool:
        """As a receiver verifies it, from the specification."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode()
        digest = hmac.new(KEY, signed + self.body, sha256).digest()
        return self.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


@dataclass
class Receiver:
    """The server.

    Args:
        status: it answers.
        hangs: it does not answer before ``let_go``.
        drips: it begins to answer, and goes on bit by bit until ``let_go``.
        sends_on_to: address of another one it tells senders to go to.
    """

    status: int = 204
    hangs: bool = False
    drips: bool = False
    sends_on_to: str | None = None
    received: list[Received] = field(default_factory=list)
    _go: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                receiver.received.append(
                    Received({name.lower(): text for name, text in self.headers.items()}, body)
                )
                if receiver.hangs:
                    receiver._go.wait(30)
                if receiver.drips:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    while not receiver._go.wait(0.1):
                        self.wfile.write(b"x-more: 1\r\n")
                    return
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                if receiver.sends_on_to:
                    self.send_header("Location", receiver.sends_on_to)
                self.end_headers()

            def log_message(self, *given: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.let_go()
        self._server.shutdown()
        self._server.server_close()

    def let_go(self) -> None:
        self._go.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/s3cr3t-path"

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Event and kind of each message, in order."""
        return [(each.data["event"], each.data["kind"]) for each in self.received]

    def take(self) -> list[Received]:
        """What has come so far; forgotten afterwards."""
        taken, self.received[:] = list(self.received), []
        return taken
