"""The files of ``deploy/`` are well formed and name what exists. Nobody starts them here."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bc_pipeline.snapshot.shared_lock import SCHEME

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
YAML = sorted(DEPLOY.rglob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").glob("bc-pipeline-*"))
PROGRAMS = {"bc-pipeline", "dagster-daemon", "dagster-webserver", "celery"}


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


@pytest.mark.parametrize("path", YAML, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_yaml_is_well_formed(path: Path):
    assert all(isinstance(each, dict) for each in documents(path))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_well_formed_and_starts_a_program_of_ours(path: Path):
    text = path.read_text("utf-8")
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string(text)

    assert unit["Unit"]["Description"]
    for command in re.findall(r"^ExecStart=/opt/bc-pipeline/bin/(\S+)", text, re.M):
        assert command in PROGRAMS
    if path.suffix == ".timer":
        assert path.with_suffix(".service") in UNITS


@pytest.mark.parametrize("folder", ["systemd", "celery", "compose", "kubernetes"])
def test_each_way_has_a_readme_with_a_health_check(folder: str):
    told = (DEPLOY / folder / "README.md").read_text("utf-8")

    assert "health" in told.lower()
    for link in re.findall(r"\]\(([^)#]+)", told):
        if not link.startswith("http"):
            assert (DEPLOY / folder / link).exists(), link


def test_what_compose_mounts_and_depends_on_is_there():
    [compose] = documents(DEPLOY / "compose" / "compose.yaml")
    services = compose["services"]

    assert set(services) == {"database", "redis", "daemon", "webserver", "worker"}
    for name, service in services.items():
        assert service["healthcheck"]["test"], name
        assert set(service.get("depends_on", {})) <= set(services)
    build = services["daemon"]["build"]
    assert (DEPLOY / "compose" / build["context"] / build["dockerfile"]).exists()
    dockerfile = (DEPLOY / "compose" / "Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.M):
        for source in line.split():
            assert (ROOT / source).exists(), source


def test_the_values_of_kubernetes_and_its_volume_agree():
    [values] = documents(DEPLOY / "kubernetes" / "values.yaml")
    claim, health = documents(DEPLOY / "kubernetes" / "home.yaml")
    [deployment] = values["dagster-user-deployments"]["deployments"]
    pod = health["spec"]["jobTemplate"]["spec"]["template"]["spec"]

    assert values["postgresql"]["postgresqlScheme"] + "://" == SCHEME
    assert (
        deployment["volumes"][0]["persistentVolumeClaim"]["claimName"]
        == (claim["metadata"]["name"])
    )
    assert pod["volumes"] == deployment["volumes"]
    assert pod["containers"][0]["volumeMounts"] == deployment["volumeMounts"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
