"""What holds for all tests."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from bc_pipeline.business_central import client
from bc_pipeline.http.repeating import Backoff
from bc_pipeline.optiply import transport
from bc_pipeline.snapshot import store
from bc_pipeline_tests import order
from bc_pipeline_tests.one_duckdb import OneDuckDB
from bc_pipeline_tests.slow import SLOW
from bc_pipeline_tests.templates import Templates

if TYPE_CHECKING:
    from bc_pipeline_tests.in_step import InStep

_HERE = Path(__file__).parent

# Started in the background, a process inherits Ctrl-C as ignored, and so would the programs that
# the tests start and interrupt.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says something about the machine, nothing about the rule.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the deep tests, which ``make slow`` runs, and begins with the longest files."""
    items.sort(key=lambda item: order.place(_file(item)))
    for item in items:
        if file := _file(item):
            name = getattr(item, "originalname", item.name)
            if file in SLOW or f"{file}::{name}" in SLOW:
                item.add_marker(pytest.mark.slow)


def _file(item: pytest.Item) -> str:
    """Below this directory; empty for one elsewhere."""
    return _below(item.path)


@cache
def _below(path: Path) -> str:
    return path.relative_to(_HERE).as_posix() if path.is_relative_to(_HERE) else ""


def pytest_sessionstart() -> None:
    """What is imported and collected stays: looking for garbage among it, again and again, is a
    fifth of the time that collecting takes."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor is it looked at again while the tests run, which is a twentieth of their time."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """What is copied instead of made anew."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def in_step(tmp_path_factory: pytest.TempPathFactory) -> InStep:
    """First syncs that need not be made."""
    from bc_pipeline_tests.in_step import InStep  # imports both systems, and few tests need it

    own = tmp_path_factory.getbasetemp()
    return InStep((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "in step")


@pytest.fixture(scope="session", autouse=True)
def _copied_snapshots(templates: Templates) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        templates.copy_snapshots(patch)
        patch.setattr(store, "connect", OneDuckDB().connect)
        yield


@pytest.fixture(scope="session", autouse=True)
def _repeats_come_at_once() -> Iterator[None]:
    """How long to wait before is tested with the wait itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "Backoff", partial(Backoff, base_seconds=0.001, cap_seconds=0.002))
        patch.setattr(transport, "BACKOFF", Backoff(0.0, 0.0))
        yield
