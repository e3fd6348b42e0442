"""The dagster.yaml that is written for an installation."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from dagster import DagsterInstance

from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration.instance import pool_connections, prepare
from bc_pipeline.snapshot.shared_lock import DATABASE_VARIABLE

URL = "postgresql+psycopg2://bc:s3cr3t@db:5432/dagster"


def test_given_a_database_then_dagster_yaml_names_the_variable_and_never_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(DATABASE_VARIABLE, URL)

    written = (prepare(tmp_path) / "dagster.yaml").read_text("utf-8")

    storage = yaml.safe_load(written)["storage"]
    assert storage == {"postgres": {"postgres_url": {"env": DATABASE_VARIABLE}}}
    assert "s3cr3t" not in written


def test_given_no_database_then_the_state_is_in_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)

    assert "storage" not in yaml.safe_load((prepare(tmp_path) / "dagster.yaml").read_text("utf-8"))


def test_given_a_dagster_yaml_without_it_then_runs_on_several_machines_are_not_begun(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv(DATABASE_VARIABLE, URL)

    with (
        DagsterInstance.ephemeral() as instance,
        pytest.raises(ConfigError, match=r"is set, but not used in its dagster\.yaml"),
    ):
        pool_connections(instance)
