"""What it takes to ask a tenant's Business Central anything."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bc_pipeline.business_central.retry import Backoff
from bc_pipeline.business_central.throttle import Throttle
from bc_pipeline.business_central.transport import Http
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.tenants.settings import Tenant


class Connection(ABC):
    """One tenant's way to Business Central: HTTP, its limits, and how long to wait."""

    tenant: Tenant
    http: Http
    throttle: Throttle
    backoff: Backoff

    @property
    @abstractmethod
    def counter(self) -> RequestCounter:
        """Requests sent to Business Central so far."""

    @abstractmethod
    def api_url(self, path: str) -> str:
        """Absolute URL of something relative to the root of the standard API."""
