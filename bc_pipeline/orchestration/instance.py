"""The Dagster instance of an installation: ``DAGSTER_HOME``, or ``<BC_PIPELINE_HOME>/dagster``."""

from __future__ import annotations

import os
from pathlib import Path

from dagster import DagsterInstance
from filelock import FileLock

from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration import partitions
from bc_pipeline.orchestration.kept_connections import keep_connections
from bc_pipeline.snapshot.shared_lock import DATABASE_VARIABLE, database_url

HOME_VARIABLE = "DAGSTER_HOME"

DAGSTER_YAML = """\
# Written once by bc_pipeline; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false

concurrency:
  runs:
    # Sweeps side by side, one process each, and the runs of tenants, those inside of sweeps too.
    max_concurrent_runs: 10
    # Never two runs of one tenant, whoever started them: the partition key is the tenant.
    tag_concurrency_limits:
      - key: dagster/partition
        value:
          applyLimitPerUniqueValue: true
        limit: 1

# A run whose process died is marked as failed instead of blocking its tenant for ever.
run_monitoring:
  enabled: true
  start_timeout_seconds: 180

# Requests are retried inside a run; what is left over is done by the next tick.
run_retries:
  enabled: false

retention:
  schedule:
    purge_after_days:
      skipped: 7
      failure: 30
      success: 30
  sensor:
    purge_after_days:
      skipped: 2
      failure: 30
      success: 30
"""

POSTGRES_YAML = f"""
# Runs, events and schedules are in PostgreSQL; the address, with its password, in the environment.
storage:
  postgres:
    postgres_url:
      env: {DATABASE_VARIABLE}
"""
STATEMENT_MILLISECONDS, RECYCLE_SECONDS, MORE_CONNECTIONS = 60_000, 3600, 20
"""Of pooled connections: what a statement may take, how old one gets, how many at most besides."""


def dagster_home(home: Path) -> Path:
    """The directory of the instance: DAGSTER_HOME, else ``<home>/dagster``."""
    configured = os.environ.get(HOME_VARIABLE)
    return Path(configured).expanduser().resolve() if configured else home / "dagster"


def prepare(directory: Path) -> Path:
    """Make the directory and, when it has none, its ``dagster.yaml``: with PostgreSQL when
    BC_PIPELINE_DATABASE_URL names one, else with files.

    Raises:
        ConfigError: BC_PIPELINE_DATABASE_URL is no such address.
    """
    text = DAGSTER_YAML + (POSTGRES_YAML if database_url() else "")
    directory.mkdir(parents=True, exist_ok=True)
    settings = directory / "dagster.yaml"
    if not settings.exists():
        # Half of it, or an empty one a full disk has left, would be taken for the owner's wish.
        new = directory / f".dagster.yaml.{os.getpid()}"
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(settings)
        finally:
            new.unlink(missing_ok=True)
    return directory


def open_instance(home: Path) -> DagsterInstance:
    """The instance that belongs to BC_PIPELINE_HOME ``home``; close it, or use it in ``with``."""
    directory = prepare(dagster_home(home))
    # Dagster itself, and every process it starts, finds the instance by this variable.
    os.environ[HOME_VARIABLE] = str(directory)
    # Two processes that create the storage at the same moment leave one nobody can open again.
    with FileLock(directory / ".opening.lock"):
        instance = DagsterInstance.get()
        try:
            pool_connections(instance)
            _complete(instance)
        except BaseException:
            instance.dispose()
            raise
    return instance


def pool_connections(instance: DagsterInstance) -> None:
    """Let an instance keep its connections: unpooled, a run in PostgreSQL costs more than twice, in
    files half as much again.

    Raises:
        ConfigError: only one of Dagster's storage and the tenants' locks is in PostgreSQL.
    """
    postgres = "Postgres" in type(instance.run_storage).__name__
    if postgres != (database_url() is not None):
        told = "is not set" if postgres else "is set, but not used in its dagster.yaml"
        raise ConfigError(
            f"Dagster's storage and {DATABASE_VARIABLE} do not agree: the variable {told}. Runs on "
            "several machines are kept apart only if both are PostgreSQL: set the variable "
            "wherever runs are executed, and have dagster.yaml name it under storage"
        )
    if postgres:
        instance.optimize_for_webserver(STATEMENT_MILLISECONDS, RECYCLE_SECONDS, MORE_CONNECTIONS)
    else:
        keep_connections(instance)


def _complete(instance: DagsterInstance) -> None:
    """Make each storage create what it lacks; some of them wait until they are first used."""
    instance.get_runs_count()
    instance.get_dynamic_partitions(partitions.NAME)
    instance.all_instigator_state()
