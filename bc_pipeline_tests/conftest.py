"""What holds for all tests."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bc_pipeline_tests.slow import SLOW

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
    """Marks the deep tests, which ``make slow`` runs."""
    for item in items:
        if item.path.is_relative_to(_HERE) and str(item.path.relative_to(_HERE)) in SLOW:
            item.add_marker(pytest.mark.slow)
