"""The page the browser comes back to: one answer is taken, and nobody else gets a word in."""

from __future__ import annotations

import socket
import struct

import pytest
import requests

from bc_pipeline.connecting.loopback import Answer, listening
from bc_pipeline.errors import AuthError, ConfigError


def ours(answer: Answer) -> AuthError | None:
    return None if answer.get("state") == "ours" else AuthError("another sign-in")


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def said(port: int, line: str, *, hang_up: bool = False) -> bytes:
    """What is answered to the first line of a request."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"{line} HTTP/1.1\r\n".encode())
        if hang_up:
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            return b""
        connection.sendall(b"\r\n")
        return connection.recv(4096)


def test_given_whatever_else_is_asked_for_then_the_answer_is_still_waited_for(
    port: int, capfd: pytest.CaptureFixture[str]
):
    with listening(f"http://localhost:{port}/callback", ours) as listener:
        for line in (
            "HEAD /callback?state=ours&code=1",
            "POST /callback?state=ours&code=1",
            "GET /callback?state=%ff&code=1",
            "GET http://[",
            "GET /favicon.ico",
            "nonsense",
        ):
            assert b" 200 " not in said(port, line), line
        said(port, "GET /callback?state=ours&code=1", hang_up=True)
        assert b" 200 " in said(port, "GET /callback?state=ours&code=2")
        assert b" 400 " in said(port, "GET /callback?state=ours&code=3")

        assert listener.wait(5)["code"] == "2"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("host", ["localhost", "localhost.", "127.0.0.1", "127.0.0.2", "127.1.2.3"])
def test_given_any_name_of_this_machine_then_it_is_served(port: int, host: str):
    where = {"localhost.": "localhost"}.get(host, host)
    with listening(f"http://{host}:{port}/", ours) as listener:
        assert requests.get(f"http://{where}:{port}/?state=ours&code=1", timeout=5).ok
        assert listener.wait(5)["code"] == "1"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_given_somebody_else_at_either_address_then_it_is_told(port: int, host: str):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        other = socket.create_server((host, port), family=family)
    except OSError:
        pytest.skip(f"this machine has no {host}")

    with (
        other,
        pytest.raises(ConfigError, match=f"port {port} of {host} cannot be used"),
        listening(f"http://localhost:{port}/", ours),
    ):
        pass


def test_given_a_machine_without_ipv6_then_ipv4_serves(port: int, monkeypatch: pytest.MonkeyPatch):
    create = socket.create_server

    def without(address: tuple[str, int], **how: int) -> socket.socket:
        if how["family"] == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return create(address, **how)

    monkeypatch.setattr(socket, "create_server", without)

    with listening(f"http://localhost:{port}/", ours):
        assert requests.get(f"http://127.0.0.1:{port}/?state=ours", timeout=5).ok
