"""An engine that does no work: what each entity ends with is told beforehand."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from bc_pipeline import clock
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.errors import Cancelled, PipelineError
from bc_pipeline.report import EntityResult, Launch, ProgressListener, RunSummary
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.run.tenant_run import NOT_CONFIGURED
from bc_pipeline.run.tick import Tick
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.export_types import Preparation

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
        preparations: entity -> what it is about to write, instead of nothing.
        read_first: entity -> what had to be read for it, because it was run alone.
        endless: entities that are not done before the run is cancelled.
        runs: every run that was started.
    """

    results: dict[str, EntityResult] = field(default_factory=dict)
    errors: dict[str, BaseException] = field(default_factory=dict)
    refusals: dict[str, PipelineError] = field(default_factory=dict)
    setup: list[str] = field(default_factory=list)
    preparations: dict[str, Preparation] = field(default_factory=dict)
    read_first: dict[str, list[EntityResult]] = field(default_factory=dict)
    endless: set[str] = field(default_factory=set)
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
        hold_outbound: bool = False,
        tick: Tick | None = None,
    ) -> None:
        self.tenant = tenant
        self.launch = launch
        self.run_id = run_id
        self.selected = frozenset(selected)
        self.listener = listener
        self.holds = hold_outbound
        self.tick = tick
        self.steps: list[tuple[str, str]] = []
        self.waited: list[str] = []
        self.finished = 0
        self._stop = threading.Event()

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

    def result(self, name: str) -> EntityResult:
        return self.script.results.get(name, EntityResult(name=name))

    def read_first(self, name: str) -> list[EntityResult]:
        return self.script.read_first.get(name, [])

    def prepared(self, name: str) -> Preparation:
        self.steps.append(("prepared", name))
        return self.script.preparations.get(name, Preparation(name))

    def release(self, name: str) -> None:
        self.steps.append(("released", name))

    def wait(self, name: str) -> EntityResult:
        self.steps.append(("waited", name))
        self.waited.append(name)
        if name not in dependencies(self.tenant):
            return EntityResult(name=name, mode=NOT_CONFIGURED)
        if name in self.script.errors:
            raise self.script.errors[name]
        if name in self.script.endless:
            assert self._stop.wait(30), "nobody has cancelled the run"
        if self.cancelled:
            raise Cancelled("the run was cancelled")
        return self.script.results.get(name, EntityResult(name=name))

    @property
    def looked_at(self) -> datetime:
        return self.tick.at if self.tick else clock.now()

    @property
    def cancelled(self) -> bool:
        return self._stop.is_set()

    def cancel(self) -> None:
        self._stop.set()

    def finish(self) -> RunSummary:
        self.finished += 1
        if hasattr(self, "snapshot"):
            self.snapshot.close()
        refusal = self.script.refusals.get(self.tenant.name)
        failed = tuple(name for name in self.waited if name in self.script.errors)
        return RunSummary(
            self.tenant.name,
            self.run_id,
            status="failed" if refusal or self.cancelled else "partial" if failed else "success",
            reason=str(refusal) if refusal else "cancelled" if self.cancelled else None,
            failed=failed,
        )
