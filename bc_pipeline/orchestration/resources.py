"""The Dagster resources: what assets and notebooks get handed instead of building it themselves.

Credentials are read from ``tenants.yaml`` at run time by the code that uses them, so they never
reach run config or logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import ConfigurableResource
from pydantic import Field

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

if TYPE_CHECKING:
    # Takes longer to import than all assets together, and only notebooks need it.
    import pandas


class TenantsResource(ConfigurableResource):
    """The tenants of ``tenants.yaml``."""

    home: str = Field(
        default="", description="Run-time files; empty = BC_PIPELINE_HOME, else ./var"
    )

    def directory(self) -> Path:
        """BC_PIPELINE_HOME, or what stands in its place."""
        return Path(self.home).expanduser().resolve() if self.home else registry.home_directory()

    def load(self) -> registry.Registry:
        """The registry as it stands in the file now; ConfigError when the file cannot be read."""
        return registry.load(self.directory())

    def get(self, name: str) -> Tenant:
        """One tenant; ConfigError when it is unknown or its settings are wrong."""
        return self.load().get(name)


class SnapshotsResource(ConfigurableResource):
    """The snapshot store of each tenant, for looking into it."""

    tenants: TenantsResource

    @contextmanager
    def open(self, tenant: str) -> Iterator[Snapshot]:
        """The tenant's snapshot, read-only; waits while a run holds the file."""
        snapshot = Snapshot.open(self.tenants.get(tenant).snapshot_dir, read_only=True)
        with snapshot:
            yield snapshot

    def frame(self, tenant: str, table: str, limit: int | None = None) -> pandas.DataFrame:
        """A table such as ``optiply.products`` as a frame; all rows unless ``limit`` is given."""
        with self.open(tenant) as snapshot:
            return snapshot.frame(table, limit)


class BusinessCentralResource(ConfigurableResource):
    """Business Central as one tenant sees it."""

    tenants: TenantsResource

    @contextmanager
    def client(self, tenant: str) -> Iterator[BusinessCentral]:
        """A client for the tenant's company, with its own session and request budget."""
        settings = self.tenants.get(tenant)
        with BusinessCentral(settings, TokenStore(settings.home)) as client:
            yield client


class OptiplyResource(ConfigurableResource):
    """Optiply as one tenant sees it."""

    tenants: TenantsResource

    @contextmanager
    def client(self, tenant: str) -> Iterator[Optiply]:
        """A client for the tenant's account, with its own session and request rate."""
        settings = self.tenants.get(tenant)
        with closing(Optiply(settings, TokenStore(settings.home))) as client:
            yield client
