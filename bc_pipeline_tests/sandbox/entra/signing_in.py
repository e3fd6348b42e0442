"""Who signs in, and for which application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.entra import Person

CLIENT = {"client_id": "cronus", "client_secret": "cronus-client-secret"}


@pytest.fixture(autouse=True)
def person(sandbox: Sandbox) -> Iterator[None]:
    sandbox.clock.reset()
    sandbox.entra.person = Person()
    yield
    sandbox.entra.person = Person()
