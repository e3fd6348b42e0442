from __future__ import annotations

from collections.abc import Iterator

import pytest

from bc_pipeline.alerts import delivery
from bc_pipeline_tests.alerts.receiver import Receiver


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(delivery, "_rested", {})
    with Receiver() as served:
        yield served
