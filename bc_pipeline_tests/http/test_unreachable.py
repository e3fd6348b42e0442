"""Why a system could not be reached (decisions 36)."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, SSLError

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.errors import RequestFailed
from bc_pipeline.http.unreachable import why
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.to_optiply.shop import make_tenant

pytestmark = pytest.mark.covers("decision 36")

SETTING = "business_central.api_url"


def told(url: str) -> str:
    """The words for what happens to a request."""
    with pytest.raises(requests.RequestException) as error:
        requests.get(url, timeout=(2, 0.2))
    return why(error.value, url, SETTING)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing that anybody understands."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            kept = []
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield int(server.getsockname()[1])


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=20) as running:
        yield running


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_given_a_refused_connection_then_host_port_and_setting_are_told(free_port: int) -> None:
    assert told(f"http://127.0.0.1:{free_port}/v2.0?x=1") == (
        f"127.0.0.1:{free_port} refuses connections; check {SETTING}"
    )


def test_given_an_unknown_host_then_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert told("https://api.busnesscentral.example").startswith(
        f"there is no host api.busnesscentral.example; check {SETTING}"
    )


def test_given_a_certificate_that_nobody_vouches_for_then_that_is_told() -> None:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "self-signed certificate"
    pool = HTTPSConnectionPool("api.example.com")
    error = requests.exceptions.SSLError(MaxRetryError(pool, "/", SSLError(cause)))

    words = why(error, "https://api.example.com/v2.0", SETTING)

    assert words.startswith(
        f"the certificate of api.example.com is not valid (self-signed certificate); check "
        f"{SETTING}"
    )


def test_given_https_where_only_http_is_spoken_then_that_is_told(sandbox: Sandbox) -> None:
    words = told(sandbox.base_url.replace("http:", "https:"))

    assert words.endswith(f"does not speak TLS as it should; check {SETTING}")


def test_given_no_answer_in_time_then_that_is_told(silent_port: int) -> None:
    assert told(f"http://127.0.0.1:{silent_port}/") == (
        f"127.0.0.1:{silent_port} did not answer in time (ReadTimeout)"
    )


def test_given_anything_else_then_the_kind_of_the_error_is_told() -> None:
    error = requests.ConnectionError("Connection aborted.", ConnectionResetError(104))

    assert why(error, "https://api.example.com:443/x", SETTING) == (
        "the connection to api.example.com was lost (ConnectionError)"
    )


@pytest.fixture
def tenant(tmp_path: Path, free_port: int, sandbox: Sandbox) -> Tenant:
    """A tenant whose systems refuse every connection; nothing is tried twice."""
    settings = make_tenant(sandbox, sandbox.optiply.shops["cronus"], tmp_path)
    url = f"http://127.0.0.1:{free_port}"
    own = {"api_url": f"{url}/api", "login_url": f"{url}/login", "max_attempts": 1}
    bc = settings.business_central.model_copy(update=own | {"entra_tenant": "acme.example"})
    optiply = settings.optiply.model_copy(update=own)
    return settings.model_copy(update={"business_central": bc, "optiply": optiply})


def sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a token already."""
    for name in ("business_central.auth.AccessTokens", "optiply.auth.OptiplyAuth"):
        monkeypatch.setattr(f"bc_pipeline.{name}.token", lambda self: "token")


@pytest.mark.parametrize("setting", ["login_url", "api_url"])
def test_given_business_central_out_of_reach_then_host_and_setting_are_named(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, free_port: int, setting: str
) -> None:
    if setting == "api_url":
        sign_in(monkeypatch)
    words = f"127.0.0.1:{free_port} refuses connections; check business_central.{setting}"

    with (
        BusinessCentral(tenant, TokenStore(tenant.home)) as bc,
        pytest.raises(RequestFailed, match=words),
    ):
        bc.preflight()


@pytest.mark.parametrize("setting", ["login_url", "api_url"])
def test_given_optiply_out_of_reach_then_host_and_setting_are_named(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, free_port: int, setting: str
) -> None:
    if setting == "api_url":
        sign_in(monkeypatch)
    words = f"127.0.0.1:{free_port} refuses connections; check optiply.{setting}"

    with pytest.raises(RequestFailed, match=words):
        list(Optiply(tenant, TokenStore(tenant.home)).pages("products"))
