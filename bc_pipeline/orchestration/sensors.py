"""Sensors: what Dagster looks after by itself between the ticks."""

from __future__ import annotations

from dagster import (
    DefaultSensorStatus,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from bc_pipeline.orchestration import partitions
from bc_pipeline.orchestration.alert_sensor import states_to_alerts
from bc_pipeline.orchestration.buy_order_sensor import buy_orders_to_exports
from bc_pipeline.orchestration.outbound_file_sensor import outbound_files_to_exports
from bc_pipeline.orchestration.resources import TenantsResource


@sensor(
    minimum_interval_seconds=30,
    default_status=DefaultSensorStatus.RUNNING,
    description="Adds a partition for every tenant that is new in tenants.yaml. It never removes "
    "one: a tenant that is gone keeps its history until `bc-pipeline tenants remove`.",
)
def tenants_to_partitions(
    context: SensorEvaluationContext, tenants: TenantsResource
) -> SensorResult | SkipReason:
    """Registry -> partitions.

    Raises:
        ConfigError: tenants.yaml as a whole cannot be read.
    """
    registry = tenants.load()
    for broken in registry.errors.values():
        context.log.error(str(broken))
    if not registry.names():
        return SkipReason(registry.how_to_add())
    known = context.instance.get_dynamic_partitions(partitions.NAME)
    new = [name for name in registry.tenants if name not in known]
    if not new:
        return SkipReason(f"All {len(registry.tenants)} tenants have their partition")
    for warning in registry.warnings:
        context.log.warning(warning)
    return SensorResult(dynamic_partitions_requests=[partitions.TENANTS.build_add_request(new)])


SENSORS: list[SensorDefinition] = [
    tenants_to_partitions,
    outbound_files_to_exports,
    buy_orders_to_exports,
    states_to_alerts,
]
