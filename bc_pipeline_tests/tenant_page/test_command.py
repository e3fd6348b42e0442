"""``bc-pipeline report`` and the job ``report``: where the page goes, and what they say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.cli.main import run
from bc_pipeline.definitions import defs
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.templates import memory_instance

HTML = "<!DOCTYPE html>"


@pytest.fixture
def broken_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One tenant that never ran, and one with wrong settings."""
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    write_tenants(tmp_path, acme={}, broken={"sync": {"x": "s3cr3t"}})
    return tmp_path


@pytest.mark.parametrize("tenant", ["cronus", "wholesale"])
def test_the_page_is_written_below_the_home_and_its_place_is_told(
    home: Path, tenant: str, capsys: pytest.CaptureFixture[str]
):
    assert run(["report", tenant]) == 0

    path = home / "reports" / f"{tenant}.html"
    assert path.read_text("utf-8").startswith(HTML)
    assert path.stat().st_mode & 0o777 == 0o640
    assert str(path) in capsys.readouterr().out


def test_output_names_another_file_or_stdout(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "made" / "page.html"
    assert run(["report", "cronus", "--output", str(path)]) == 0
    capsys.readouterr()
    assert run(["report", "cronus", "--output", "-"]) == 0

    assert path.read_text("utf-8").startswith(HTML)
    assert capsys.readouterr().out.startswith(HTML)


def test_json_is_what_the_page_tells_and_writes_no_file(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    (home / "reports" / "wholesale.html").unlink(missing_ok=True)
    assert run(["report", "wholesale", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["tone"] == "bad"
    assert {each["kind"] for each in told["advice"]} >= {"guard", "blocked"}
    assert told["status"]["stock"]["late"] is False
    assert [each["name"] for each in told["trends"]][:3] == ["runs", "sent", "stock_age"]
    assert told["parity"][0]["entity"] == "optiply/products"
    assert told["settings"]["Environment"]
    assert not (home / "reports" / "wholesale.html").exists()


def test_given_wrong_settings_then_there_is_a_page_that_says_so_and_it_exits_1(broken_home: Path):
    assert run(["report", "broken"]) == 1
    assert run(["report", "acme"]) == 0

    page = (broken_home / "reports" / "broken.html").read_text("utf-8")
    assert "tenants.broken.sync.x: unknown key" in page
    assert "s3cr3t" not in page


def test_given_a_place_that_cannot_be_written_then_it_says_which(
    broken_home: Path, capsys: pytest.CaptureFixture[str]
):
    (broken_home / "file").write_text("")

    assert run(["report", "acme", "--output", str(broken_home / "file" / "page.html")]) == 2

    assert "cannot be written" in capsys.readouterr().err


def told_by_job(tenant: str) -> dict[str, Any]:
    with memory_instance(tenant) as instance:
        result = defs.resolve_job_def("report").execute_in_process(
            instance=instance, partition_key=tenant
        )
    (output,) = (each.step_output_data for each in result.all_events if each.is_successful_output)
    return {name: value.value for name, value in output.metadata.items()}


def test_the_job_tells_in_the_ui_what_stands_on_the_page_and_where_that_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("BC_PIPELINE_REPORTS_URL", raising=False)

    told = told_by_job("wholesale")

    path = home / "reports" / "wholesale.html"
    assert told["page"] == str(path)
    assert path.exists()
    assert "bc-pipeline approve-deletions wholesale products" in told["what_to_do"]
    assert "| optiply/products | guard | 12 |" in told["held_back"]
    assert "█" in told["trends"]
    assert "| optiply/products |" in told["parity"]
    assert "GTINs" in told["data_quality"]


def test_given_a_web_server_shows_the_pages_then_the_job_links_to_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("BC_PIPELINE_REPORTS_URL", "https://reports.example.com/bc/")

    assert told_by_job("cronus")["page"] == "https://reports.example.com/bc/cronus.html"


def test_the_job_tells_of_wrong_settings_as_well(broken_home: Path):
    told = told_by_job("broken")

    assert told["verdict"] == "It cannot run"
    assert "unknown key" in told["what_to_do"]
    assert "s3cr3t" not in str(told)
