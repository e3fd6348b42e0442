"""A running sandbox as its own parts see it."""

from __future__ import annotations

from typing import Protocol

from bc_pipeline.sandbox.business_central.service import BusinessCentralSandbox
from bc_pipeline.sandbox.changes import Postings
from bc_pipeline.sandbox.clock import Clock
from bc_pipeline.sandbox.entra import Entra
from bc_pipeline.sandbox.faults import Faults
from bc_pipeline.sandbox.optiply import OptiplySandbox
from bc_pipeline.sandbox.request_log import RequestLog


class Running(Protocol):
    """What ``Sandbox`` is made of."""

    clock: Clock
    requests: RequestLog
    faults: Faults
    entra: Entra
    business_central: BusinessCentralSandbox
    postings: Postings
    optiply: OptiplySandbox

    @property
    def base_url(self) -> str:
        """Where everything is served."""

    def reset(self) -> None:
        """Back to the beginning."""
