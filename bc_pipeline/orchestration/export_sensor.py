"""What the sensors that start exports have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from bc_pipeline.orchestration.assets.keys import export_keys
from bc_pipeline.orchestration.jobs import EXPORT
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.schedules import ready_tenants
from bc_pipeline.orchestration.tags import TENANT_TAG
from bc_pipeline.tenants.settings import Tenant

Look = Callable[
    [SensorEvaluationContext, list[Tenant], dict[str, Any]], tuple[list[RunRequest], dict[str, Any]]
]
"""Context, the tenants a run may be started for, and what is remembered of each by its name -> the
runs to start, and what is to be remembered."""


def export_sensor(
    *, seconds: int, description: str, nothing: str
) -> Callable[[Look], SensorDefinition]:
    """Makes a sensor of a look at the tenants, on from the start.

    Args:
        seconds: between two looks.
        description: for the people who read its page.
        nothing: said when no run is started.
    """

    def of(look: Look) -> SensorDefinition:
        @sensor(
            name=look.__name__,
            job_name=EXPORT,
            minimum_interval_seconds=seconds,
            default_status=DefaultSensorStatus.RUNNING,
            description=description,
        )
        def evaluate(
            context: SensorEvaluationContext, tenants: TenantsResource
        ) -> SensorResult | SkipReason:
            due = ready_tenants(context, tenants.load())
            if isinstance(due, SkipReason):
                return due
            requests, remembered = look(context, due, json.loads(context.cursor or "{}"))
            return SensorResult(
                run_requests=requests,
                cursor=json.dumps(remembered),
                skip_reason=None if requests else nothing,
            )

        return evaluate

    return of


def export_request(tenant: Tenant, key: str, names: Collection[str]) -> RunRequest:
    """An export of a tenant.

    Args:
        tenant: whose.
        key: the same for the same cause, so that it starts no second run.
        names: of the tasks.
    """
    return RunRequest(
        run_key=key,
        partition_key=tenant.name,
        asset_selection=export_keys(tenant, names),
        tags={TENANT_TAG: tenant.name},
    )
