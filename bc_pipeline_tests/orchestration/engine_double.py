"""An engine that does no work: what each entity ends with is told beforehand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from bc_pipeline.errors import PipelineError
from bc_pipeline.optiply.resources import RESOURCES
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.sync.dependencies import dependencies
from bc_pipeline.sync.model import EntityResult, Launch, ProgressListener, RunSummary
from bc_pipeline.sync.run import NOT_CONFIGURED
from bc_pipeline.tenants.model import Tenant

WANTED = (
    "CREATE TABLE IF NOT EXISTS optiply.{name} "
    "(remote_id VARCHAR, reference VARCHAR, decision VARCHAR, reason VARCHAR)"
)


@dataclass
class Script:
    """What happens, and what has happened.

    Attributes:
        results: entity -> result instead of an empty one.
        errors: entity -> error its wait ends with.
        refusals: tenant -> error its start ends with.
        setup: SQL run on each snapshot once it is open.
        runs: every run that was started.
    """

    results: dict[str, EntityResult] = field(default_factory=dict)
    errors: dict[str, BaseException] = field(default_factory=dict)
    refusals: dict[str, PipelineError] = field(default_factory=dict)
    setup: list[str] = field(default_factory=list)
    runs: list[EngineDouble] = field(default_factory=list)


class EngineDouble:
    """Stands in for ``TenantRun``; ``script`` is set by the fixture."""

    script: Script

    def __init__(
        self,
        tenant: Tenant,
        launch: Launch,
        *,
        run_id: str,
        selected: Collection[str],
        listener: ProgressListener | None = None,
    ) -> None:
        self.tenant = tenant
        self.launch = launch
        self.run_id = run_id
        self.selected = frozenset(selected)
        self.listener = listener
        self.waited: list[str] = []
        self.finished = 0
        self.cancelled = False

    def start(self) -> None:
        self.script.runs.append(self)
        if self.tenant.name in self.script.refusals:
            raise self.script.refusals[self.tenant.name]
        self.snapshot = Snapshot.open(self.tenant.snapshot_dir)
        with self.snapshot.cursor() as cursor:
            for name in RESOURCES:
                cursor.execute(WANTED.format(name=name))
            for statement in self.script.setup:
                cursor.execute(statement)

    def wait(self, name: str) -> EntityResult:
        self.waited.append(name)
        if name not in dependencies(self.tenant):
            return EntityResult(name=name, mode=NOT_CONFIGURED)
        if name in self.script.errors:
            raise self.script.errors[name]
        return self.script.results.get(name, EntityResult(name=name))

    def cancel(self) -> None:
        self.cancelled = True

    def finish(self) -> RunSummary:
        self.finished += 1
        if hasattr(self, "snapshot"):
            self.snapshot.close()
        refusal = self.script.refusals.get(self.tenant.name)
        failed = tuple(name for name in self.waited if name in self.script.errors)
        return RunSummary(
            self.tenant.name,
            self.run_id,
            status="failed" if refusal else "partial" if failed else "success",
            reason=str(refusal) if refusal else None,
            failed=failed,
        )
