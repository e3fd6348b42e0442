"""What connecting a shop begins with: a person, a browser, a script."""

from __future__ import annotations

import io
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from bc_pipeline.cli import asking
from bc_pipeline.connecting import consent
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.entra import Person
from bc_pipeline_tests.cli.conftest import CommandLine, Outcome

SECRET = "shop-secret"
CRONUS = "CRONUS International Ltd."
WHOLESALE = "Noordzee Groothandel B.V."
ADDRESS = re.compile(r"^  (http\S+authorize\S+)$", re.MULTILINE)

Connect = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def calm(sandbox: Sandbox) -> Iterator[None]:
    sandbox.entra.register("shop", SECRET)
    yield
    sandbox.entra.person = Person()
    sandbox.faults.clear()
    for name in list(sandbox.business_central.environments)[1:]:
        del sandbox.business_central.environments[name]


@pytest.fixture
def home(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose tenants.yaml knows where the systems are, and no tenant."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = sandbox.base_url
    (tmp_path / "tenants.yaml").write_text(
        f"""\
# Ours.
defaults:
  business_central:  # the sandbox
    api_url: {base}/bc
    login_url: {base}/entra
    redirect_uri: http://localhost:{port}/callback
  optiply:
    api_url: {base}/optiply/v1
    login_url: {base}/optiply-login/api
    requests_per_second: 1000
tenants:
""",
        "utf-8",
    )
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    monkeypatch.setattr(consent, "WAIT_SECONDS", 20.0)
    return tmp_path


def credentials(sandbox: Sandbox, shop: str = "wholesale") -> str:
    """Optiply's credentials on one line."""
    its = sandbox.optiply.shops[shop]
    return f"{its.client_id} {its.client_secret} {its.username} {its.password} {its.coupling_id}"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A browser whose person accepts; the addresses it was shown."""
    shown: list[str] = []

    def browse(address: str) -> bool:
        shown.append(address)
        threading.Thread(target=requests.get, args=(address,), kwargs={"timeout": 30}).start()
        return True

    monkeypatch.setattr(asking.webbrowser, "open", browse)
    return shown


@pytest.fixture
def connect(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Runs ``connect`` with replies typed in."""

    def run(*arguments: str, replies: tuple[str, ...] = ()) -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{each}\n" for each in replies)))
        return command("connect", *arguments)

    return run


@pytest.fixture
def scripted(home: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Flags and environment of a script that connects the wholesaler."""
    monkeypatch.setenv("BC_PIPELINE_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("BC_PIPELINE_OPTIPLY_CREDENTIALS", credentials(sandbox))
    chosen = ("--client-id", "shop", "--company", WHOLESALE, "--locations", "all")
    return (*chosen, "--no-dry-run", "--yes", "--json")


def files(home: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in home.rglob("*") if each.is_file()}
