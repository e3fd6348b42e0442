"""How a run is launched: the Dagster resource ``tenant_run``, with the launch configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date

from dagster import ConfigurableResource, DagsterRun, InitResourceContext
from pydantic import Field, PrivateAttr

from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration.alive import at_work
from bc_pipeline.orchestration.assets.dry_run import TAG as DRY_RUN_TAG
from bc_pipeline.orchestration.assets.tenant_run import RunHandle
from bc_pipeline.orchestration.at_work import sweep_of
from bc_pipeline.orchestration.outcome_tags import beginning_tags, outcome_tags
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.report import Launch
from bc_pipeline.tenants.settings import Tenant


class TenantRunResource(ConfigurableResource):
    """The one tenant run behind all assets of a Dagster run, and how it is launched."""

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
        """The tenant run of the Dagster run at hand."""
        if self._handle is None:
            raise RuntimeError("tenant_run is only there inside a Dagster run")
        return self._handle

    def launch(self) -> Launch:
        """The launch settings as the tenant run takes them; ConfigError when a date is no date."""
        return Launch(self.full, parse_date(self.since), tuple(self.entities), self.dry_run)

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[TenantRunResource]:
        """Set up once per Dagster run, because every job uses the in-process executor."""
        with self._at_work(context.run):
            yield from self._for_execution(context)

    def _at_work(self, run: DagsterRun | None) -> AbstractContextManager[None]:
        """A run whose process is killed is known to be gone; one inside a sweep goes with it."""
        if run is None or sweep_of(run) is not None:
            return nullcontext()
        return at_work(self.tenants.directory(), run.run_id)

    def _for_execution(self, context: InitResourceContext) -> Iterator[TenantRunResource]:
        self._handle = RunHandle(self.tenants.get, self.launch, context.run)
        # However the run was launched, its page and the list of runs say what it was.
        inherited = context.run.tags if context.run is not None else {}
        self._tag(
            context, beginning_tags(inherited) | ({DRY_RUN_TAG: "true"} if self.dry_run else {})
        )
        try:
            yield self
        finally:
            handle, self._handle = self._handle, None
            summary = handle.close()
            if summary is not None:
                try:
                    self._tag(context, outcome_tags(summary))
                finally:  # where Dagster's storage fails, somebody has to hear of it
                    if not self.dry_run:
                        _tell(handle.tenant, summary.tenant, self.tenants)

    @staticmethod
    def _tag(context: InitResourceContext, tags: Mapping[str, str]) -> None:
        if tags and context.run is not None and context.instance is not None:
            context.instance.add_run_tags(context.run.run_id, tags)


def _tell(tenant: Tenant | None, name: str, tenants: TenantsResource) -> None:
    """Whoever started the run, it is told how the tenant stands after it."""
    from bc_pipeline.alerts import telling

    if tenant is not None:
        telling.after_run(tenant)
    else:
        telling.after_refusal(tenants.load, name)


def parse_date(text: str | None) -> date | None:
    """``YYYY-MM-DD`` as a date, None for nothing; ConfigError for anything else."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"since: {text!r} is not a date; write YYYY-MM-DD") from None
