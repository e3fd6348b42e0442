"""The dry run of a tenant that is being connected: counts, samples, data quality, and how long the
first sync will take. Nothing is sent."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from bc_pipeline.errors import PipelineError
from bc_pipeline.report import AsJson, Launch, ProgressListener, RunSummary
from bc_pipeline.run import quality
from bc_pipeline.run.dependencies import chosen
from bc_pipeline.run.quality import Flaw
from bc_pipeline.run.tenant_run import TenantRun
from bc_pipeline.tenants.settings import Tenant

_OUTBOUND = "outbound/"


@dataclass(frozen=True)
class Forecast(AsJson):
    """How long the first sync takes.

    Attributes:
        requests: one for each row that Optiply is to create, change or take away.
        per_second: as many as Optiply permits (``optiply.requests_per_second``).
        reading_seconds: what reading and comparing took in the dry run.
        seconds: altogether.
    """

    requests: int
    per_second: float
    reading_seconds: float
    seconds: float


@dataclass(frozen=True)
class Trial:
    """What the dry run has told.

    Attributes:
        summary: as of any run; ``changes`` of its entities are samples.
        flaws: the data-quality report.
    """

    summary: RunSummary
    flaws: list[Flaw] = field(default_factory=list)
    forecast: Forecast | None = None

    @property
    def works(self) -> bool:
        """Whether the dry run came to its end."""
        return not self.summary.exit_failure

    @property
    def samples(self) -> dict[str, list[dict[str, Any]]]:
        """Entity -> the first changes that would be sent."""
        written = self.summary.optiply_entities()
        return {name: result.changes for name, result in written if result.changes}

    def as_json(self) -> dict[str, Any]:
        return {
            **self.summary.as_json(),
            "samples": self.samples,
            "data_quality": [flaw.as_json() for flaw in self.flaws],
            "forecast": self.forecast.as_json() if self.forecast else None,
        }


def dry_run(tenant: Tenant, listener: ProgressListener | None = None) -> Trial:
    """Read everything, compare it with what Optiply has, and send nothing. What is wrong with one
    entity stands in the summary; so does what keeps the run from beginning.

    Args:
        tenant: whose state is the trial's own.
        listener: told about progress.
    """
    selected = [name for name in chosen(tenant, ()) if not name.startswith(_OUTBOUND)]
    run = TenantRun(
        tenant, Launch(dry_run=True), run_id=str(uuid4()), selected=selected, listener=listener
    )
    try:
        run.start()
    except PipelineError:
        return Trial(run.finish())
    try:
        flaws = _flaws(run, selected)
        summary = run.finish()
    except BaseException:
        run.cancel()
        run.finish()
        raise
    return Trial(summary, flaws, forecast(tenant, summary))


def forecast(tenant: Tenant, summary: RunSummary) -> Forecast:
    """How long it takes to send what a dry run has found."""
    counted = (
        result.created + result.updated + result.deleted for _, result in summary.optiply_entities()
    )
    requests, rate = sum(counted), tenant.optiply.requests_per_second
    return Forecast(
        requests, rate, round(summary.seconds, 1), math.ceil(summary.seconds + requests / rate)
    )


def _flaws(run: TenantRun, selected: list[str]) -> list[Flaw]:
    for name in selected:
        try:
            run.wait(name)
        except PipelineError:
            continue  # stands in the summary
    with run.snapshot.cursor() as cursor:
        return quality.flaws(cursor, quality.OF_THIS_RUN)
