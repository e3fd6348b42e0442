from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from zlib import crc32

import pytest
import yaml
from dagster import DagsterInstance

from bc_pipeline.orchestration.assets import tenant_run
from bc_pipeline.orchestration.instance import open_instance
from bc_pipeline_tests.orchestration.engine_double import EngineDouble, Script
from bc_pipeline_tests.templates import Templates, memory_instance

SETTINGS: dict[str, dict[str, object]] = {
    "business_central": {
        "environment_name": "Production",
        "company": "CRONUS",
        "client_id": "app",
        "client_secret": "s3cr3t-of-bc",
    },
    "optiply": {
        "client_id": "app",
        "client_secret": "s3cr3t-of-optiply",
        "username": "user",
        "password": "s3cr3t-password",
        "account_id": 1,
        "coupling_id": 2,
    },
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """BC_PIPELINE_HOME with the tenants acme and globex."""
    return settle(tmp_path, monkeypatch)


def settle(home: Path, patch: pytest.MonkeyPatch) -> Path:
    """Makes a directory BC_PIPELINE_HOME, with the tenants acme and globex."""
    patch.setenv("BC_PIPELINE_HOME", str(home))
    patch.delenv("BC_PIPELINE_TENANTS", raising=False)
    write_tenants(home, acme={}, globex={})
    return home


def write_tenants(home: Path, **tenants: dict[str, object]) -> None:
    """tenants.yaml with sound settings, a company and account for each, and its own on top."""
    document = {"tenants": {name: settings_of(name) | extra for name, extra in tenants.items()}}
    (home / "tenants.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def settings_of(tenant: str) -> dict[str, dict[str, object]]:
    """Sound settings of a tenant."""
    own = deepcopy(SETTINGS)
    own["business_central"]["entra_tenant"] = f"{tenant}.example"
    own["optiply"]["account_id"] = crc32(tenant.encode())
    return own


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with memory_instance("acme", "globex") as found:
        yield found


@pytest.fixture
def disk_instance(
    home: Path, templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DagsterInstance]:
    """An instance as an installation has it; schedules need one that other processes can open."""
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    templates.copy_instance(home)
    with open_instance(home) as found:
        found.add_dynamic_partitions("tenants", ["acme", "globex"])
        yield found


@pytest.fixture
def script(home: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    return scripted(monkeypatch)


def scripted(patch: pytest.MonkeyPatch) -> Script:
    """The engine does nothing but what this says."""
    found = Script()
    patch.setattr(EngineDouble, "script", found, raising=False)
    patch.setattr(tenant_run, "TenantRun", EngineDouble)
    return found
