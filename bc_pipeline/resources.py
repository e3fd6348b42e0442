"""The Dagster resources: what assets and notebooks get handed instead of building it themselves.

Only ``tenant_run`` has launch configuration, and none of it is secret: credentials are read from
``tenants.yaml`` at run time by the code that uses them, so they never reach run config or logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas
from dagster import ConfigurableResource, InitResourceContext
from pydantic import Field, PrivateAttr

from bc_pipeline.assets.dry_run import TAG as DRY_RUN_TAG
from bc_pipeline.assets.run import RunHandle
from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.errors import ConfigError
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.sync.model import Launch
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.model import Tenant
from bc_pipeline.tenants.secrets import TokenStore


class TenantsResource(ConfigurableResource):
    """The tenants of ``tenants.yaml``."""

    home: str = Field(
        default="", description="Run-time files; empty = BC_PIPELINE_HOME, else ./var"
    )

    def load(self) -> registry.Registry:
        """The registry as it stands in the file now; ConfigError when the file cannot be read."""
        return registry.load(Path(self.home).expanduser().resolve() if self.home else None)

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
        client = BusinessCentral(settings, TokenStore(settings.home))
        try:
            yield client
        finally:
            client.close()


class OptiplyResource(ConfigurableResource):
    """Optiply as one tenant sees it."""

    tenants: TenantsResource

    @contextmanager
    def client(self, tenant: str) -> Iterator[Optiply]:
        """A client for the tenant's account, with its own session and request rate."""
        settings = self.tenants.get(tenant)
        client = Optiply(settings, TokenStore(settings.home))
        try:
            yield client
        finally:
            client.close()


class TenantRunResource(ConfigurableResource):
    """The one engine run behind all assets of a Dagster run, and how it is launched."""

    tenants: TenantsResource
    full: bool = Field(
        default=False,
        description="Forget the bookmarks for this run and read everything again; "
        "what stands in Optiply stays known, so nothing is sent twice. The job full_refresh always "
        "does, whatever stands here",
    )
    since: str | None = Field(
        default=None,
        description="Date (YYYY-MM-DD): read what changed since then instead of since the bookmark",
    )
    entities: list[str] = Field(
        default=[],
        description="Only these assets and what they need, e.g. optiply/products or products, "
        "in the job export customers or Bills; empty = all that were selected",
    )
    dry_run: bool = Field(
        default=False,
        description="Read both systems and work out what would be sent, but send nothing, move no "
        "file and keep nothing; assets get an observation instead of a materialisation",
    )

    _handle: RunHandle | None = PrivateAttr(default=None)

    @property
    def handle(self) -> RunHandle:
        """The engine run of the Dagster run at hand."""
        if self._handle is None:
            raise RuntimeError("tenant_run is only there inside a Dagster run")
        return self._handle

    def launch(self) -> Launch:
        """The launch settings as the engine takes them; ConfigError when a date is no date."""
        return Launch(self.full, parse_date(self.since), tuple(self.entities), self.dry_run)

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[TenantRunResource]:
        """Set up once per Dagster run, because every job uses the in-process executor."""
        self._handle = RunHandle(self.tenants.get, self.launch, context.run)
        if self.dry_run and context.run is not None and context.instance is not None:
            # However the run was launched, its page and the list of runs say what it was.
            context.instance.add_run_tags(context.run.run_id, {DRY_RUN_TAG: "true"})
        try:
            yield self
        finally:
            self._handle.close()
            self._handle = None


def parse_date(text: str | None) -> date | None:
    """``YYYY-MM-DD`` as a date, None for nothing; ConfigError for anything else."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"since: {text!r} is not a date; write YYYY-MM-DD") from None
