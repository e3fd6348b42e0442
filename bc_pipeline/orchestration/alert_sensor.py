"""Notices what no run can tell: that nothing runs, that settings broke, that a secret ends soon."""

from __future__ import annotations

from dagster import DefaultSensorStatus, SensorEvaluationContext, SkipReason, sensor

from bc_pipeline.alerts import telling
from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration.resources import TenantsResource

SECONDS_BETWEEN_LOOKS = 300


@sensor(
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Every five minutes looks how each tenant with `alerts` stands, and tells what is "
    "new, what goes on for three runs and what is over; sends what could not be sent before, and "
    "the day's digest. It starts no run, and opens no snapshot that nobody has touched.",
)
def states_to_alerts(context: SensorEvaluationContext, tenants: TenantsResource) -> SkipReason:
    """States -> alerts.

    Raises:
        ConfigError: tenants.yaml as a whole cannot be read; that has been told, too.
    """
    try:
        found = tenants.load()
    except ConfigError as error:
        telling.file_is_broken(tenants.directory(), error)
        raise
    telling.look(found)
    told = sum(bool(each.alerts) for each in found.enabled())
    return SkipReason(f"{told} tenants with alerts were looked at")
