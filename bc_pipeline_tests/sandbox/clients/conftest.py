"""A sandbox over https, and a way to run each client against it in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline_tests.sandbox.clients.environment import (
    HERE,
    RegistryUnreachable,
    clients_python,
)
from bc_pipeline_tests.sandbox.conftest import small_sandbox

APP = {"client_id": "wholesale", "client_secret": "wholesale-client-secret"}
_SECONDS = 120  # far more than any of them needs; the machine may be busy

# Runs a client's script with what it is to know, and returns what it found.
Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python that has the clients."""
    try:
        return clients_python()
    except RegistryUnreachable as error:
        pytest.skip(f"REAL CLIENTS NOT TRIED: the package registry does not answer: {error}")


@pytest.fixture(scope="session")
def certificate(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine with its key."""
    file = tmp_path_factory.mktemp("tls") / "sandbox.pem"
    subprocess.run([python, HERE / "certificate.py", file], check=True, timeout=_SECONDS)
    return file


@pytest.fixture(scope="module")
def sandbox(certificate: Path) -> Iterator[Sandbox]:
    with small_sandbox(certificate=certificate) as running:
        yield running


@pytest.fixture
def run(sandbox: Sandbox, python: Path, certificate: Path, tmp_path: Path) -> Run:
    """``run("msal", ...)`` runs ``msal_client.py``."""
    sandbox.requests.clear()
    known = {
        "login": f"{sandbox.base_url}/entra",
        "bc": f"{sandbox.base_url}/bc",
        "company": sandbox.business_central.companies[wholesale.NAME].id,
        "refresh_token": sandbox.entra.consent("wholesale", "someone@cronus.example"),
        **APP,
    }
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": f"{tmp_path}",
        "REQUESTS_CA_BUNDLE": f"{certificate}",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }

    def run_client(name: str, **more: Any) -> dict[str, Any]:
        done = subprocess.run(
            [python, HERE / f"{name}_client.py"],
            input=json.dumps(known | more),
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run_client
