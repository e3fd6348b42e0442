"""Where the browser comes back to after a sign-in: a page on this machine that is served once."""

from __future__ import annotations

import errno
import html
import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import SplitResult, parse_qsl, urlsplit

from bc_pipeline.errors import AuthError, ConfigError, PipelineError

Answer = Mapping[str, str]
Ours = Callable[[Answer], PipelineError | None]
"""Why an answer is not the one that is waited for; None when it is."""

_IPV4, _IPV6 = "127.0.0.1", "::1"
_NOT_THERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>bc-pipeline</title>
<h1>{title}</h1><p>{text}</p></html>"""


class Listener:
    """Waits for the one answer that is ours.

    Args:
        path: of the redirect address.
        ours: see ``Ours``.
    """

    def __init__(self, path: str, ours: Ours) -> None:
        self._path = path
        self._ours = ours
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._taken = threading.Lock()

    def wait(self, seconds: float) -> Answer:
        """The answer.

        Raises:
            AuthError: nobody came back in time.
        """
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            raise AuthError(
                f"nobody came back from Microsoft within {seconds:.0f} seconds. If the browser "
                "shows an error of Microsoft's (AADSTS and a number), docs/connect.md says what it "
                "means; if it runs on another machine, connect with --no-browser"
            ) from None

    def received(self, target: str) -> tuple[int, str, str]:
        """Status, title and text of the page for an address the browser asks for."""
        try:
            parts = urlsplit(target)
        except ValueError:  # no address that a browser asks for
            parts = urlsplit("")
        if parts.path != self._path:
            return 404, "Nothing here", "This page only waits for the end of a sign-in."
        answer = dict(parse_qsl(parts.query, keep_blank_values=True))
        if (refused := self._ours(answer)) is not None:
            return 400, "Not this sign-in", str(refused)
        if not self._taken.acquire(blocking=False):
            return 400, "Already used", "This sign-in has been answered before."
        self._answers.put(answer)
        return 200, "Thank you", "You may close this page and go back to the terminal."


@contextmanager
def listening(redirect_uri: str, ours: Ours) -> Iterator[Listener]:
    """Serves the redirect address while a sign-in goes on.

    Raises:
        ConfigError: its port is taken.
    """
    parts = urlsplit(redirect_uri)
    listener = Listener(parts.path or "/", ours)
    servers = [_server(place, listener) for place in _places(parts)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield listener
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _places(parts: SplitResult) -> list[socket.socket]:
    """Sockets for the address; a browser may take ``localhost`` for either of two, so nobody else
    may listen at the other one."""
    port = parts.port or 80
    found: list[socket.socket] = []
    for family, address in _addresses(parts.hostname or ""):
        try:
            found.append(socket.create_server((address, port), family=family))
        except OSError as error:
            if found and error.errno in _NOT_THERE:
                continue  # this machine has no IPv6; IPv4 is there
            for each in found:
                each.close()
            raise ConfigError(
                f"port {port} of {address} cannot be used ({error.strerror}). End what uses it, "
                "name another address of the app registration with --redirect-uri, or connect with "
                "--no-browser"
            ) from None
    return found


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """Where this machine is to be found under a name or number of its own."""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return [(socket.AF_INET, _IPV4), (socket.AF_INET6, _IPV6)]
    return [(socket.AF_INET if number.version == 4 else socket.AF_INET6, str(number))]


def _server(place: socket.socket, listener: Listener) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, title, text = listener.received(self.path)
            body = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the address holds the code."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Nothing: a browser that hangs up is none of the person's business."""

    server = Server(place.getsockname()[:2], Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = place
    server.daemon_threads = True
    return server
