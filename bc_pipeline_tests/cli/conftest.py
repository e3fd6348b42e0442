from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance

from bc_pipeline.cli import runs
from bc_pipeline.cli.main import run
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.tenants import registry
from bc_pipeline_tests.in_step import begin_again, small_sandbox
from bc_pipeline_tests.templates import memory_instance


@dataclass
class Outcome:
    """How a command line ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """stdout as the one JSON document it has to be."""
        return json.loads(self.stdout)


CommandLine = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands may set DAGSTER_HOME for the processes they start; not for the next test."""
    before = dict(os.environ)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """Runs a command line in this process."""

    def execute(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run(arguments)
        told = capsys.readouterr()
        return Outcome(code, told.out, told.err)

    return execute


@pytest.fixture(scope="module")
def instance() -> Iterator[DagsterInstance]:
    """A Dagster instance in memory, for all tests of a file."""
    with memory_instance() as found:
        yield found


@pytest.fixture
def in_memory(instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Dagster records of runs is kept in memory: most of a run's time goes into its files."""
    monkeypatch.setattr(runs, "open_instance", lambda home: nullcontext(instance))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as served:
        yield served


@pytest.fixture(scope="module")
def shared_home(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BC_PIPELINE_HOME with the sandbox's two tenants, for all tests of a file."""
    home = tmp_path_factory.mktemp("home")
    sandbox.write_tenants(home)
    return home


@pytest.fixture
def home(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(shared_home))
    return shared_home


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def exporting_home(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home and fresh companies, with exports switched on."""
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    begin_again(sandbox)
    sandbox.write_tenants(tmp_path, exports=True)
    return tmp_path


@pytest.fixture
def company(sandbox: Sandbox, home: Path) -> Company:
    """The wholesaler."""
    settings = registry.load().get("wholesale").business_central
    return sandbox.business_central.companies[settings.company]
