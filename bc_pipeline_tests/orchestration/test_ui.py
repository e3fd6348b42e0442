"""Dagster as people use it: UI, backfill over tenants, re-execution from failure."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from bc_pipeline.orchestration.instance import prepare
from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.ui import chromium, chromium_path, dagster_dev

pytestmark = pytest.mark.timeout(400)

WAIT_SECONDS = 120

RUNS = """
query ($tags: [ExecutionTag!]) {
  runsOrError(filter: {tags: $tags}) {
    ... on Runs { results { runId status parentRunId stepKeysToExecute tags { key value } } }
  }
}
"""
BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
REEXECUTE = """
mutation ($params: ReexecutionParams!) {
  launchRunReexecution(reexecutionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""

LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
  }
}
"""
CHECK_ROWS = """
{ assetNodeOrError(assetKey: {path: ["bc", "items"]}) { ... on AssetNode {
  assetChecksOrError { ... on AssetChecks { checks {
    name partitionStatuses { ... on AssetCheckDefaultPartitionStatuses {
      succeededPartitions failedPartitions } } } } } } } }
"""


@dataclass
class Ui:
    """Dagster's UI over the sandbox's two tenants."""

    url: str
    sandbox: Sandbox

    def ask(self, query: str, **variables: Any) -> Any:
        """A GraphQL request, as the UI's own pages send them."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]

    def runs(self, **tags: str) -> list[dict[str, Any]]:
        wanted = [{"key": f"dagster/{key}", "value": value} for key, value in tags.items()]
        found: list[dict[str, Any]] = self.ask(RUNS, tags=wanted)["runsOrError"]["results"]
        return found

    def backfill(self, names: list[str], tenants: list[str]) -> str:
        """Materialise assets for several tenants; the id of the backfill."""
        selection = [{"path": name.split("/")} for name in names]
        params = {"assetSelection": selection, "partitionNames": tenants, "tags": []}
        answer = self.ask(BACKFILL, params=params)["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def materialise(self, asset: str) -> None:
        """An asset that belongs to no tenant, once it has been."""
        params = {
            "selector": {
                "repositoryLocationName": "bc_pipeline.definitions",
                "repositoryName": "__repository__",
                "jobName": "__ASSET_JOB",
                "assetSelection": [{"path": [asset]}],
            },
            "runConfigData": {},
            "executionMetadata": {"tags": [{"key": "dagster/from_test", "value": asset}]},
        }
        answer = self.ask(LAUNCH, params=params)["launchPipelineExecution"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        (run,) = self.finished(1, from_test=asset)
        assert run["status"] == "SUCCESS"

    def launch(self, job: str, tenant: str, config: dict[str, Any]) -> None:
        """A job from its launchpad, for one tenant."""
        params = {
            "selector": {
                "repositoryLocationName": "bc_pipeline.definitions",
                "repositoryName": "__repository__",
                "jobName": job,
            },
            "runConfigData": {"ops": {f"{job}_now": {"config": config}}},
            "executionMetadata": {
                "tags": [
                    {"key": "dagster/partition", "value": tenant},
                    {"key": "dagster/from_test", "value": job},
                ]
            },
        }
        answer = self.ask(LAUNCH, params=params)["launchPipelineExecution"]
        assert answer["__typename"] == "LaunchRunSuccess", answer

    def finished(self, count: int, **tags: str) -> list[dict[str, Any]]:
        """The runs with these tags, once there are ``count`` and all have ended."""

        def ended() -> list[dict[str, Any]]:
            runs = self.runs(**tags)
            over = [run for run in runs if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")]
            return over if len(over) == len(runs) == count else []

        return until(ended)


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    home: Path = tmp_path_factory.mktemp("ui")
    prepare(home / "dagster")
    with Sandbox(wholesale_items=20) as sandbox:
        sandbox.write_tenants(home)
        with dagster_dev(home) as url:
            found = Ui(url, sandbox)
            until(lambda: len(tenants(found)) == 2)
            yield found


def tenants(ui: Ui) -> list[str]:
    """The partitions the sensor has added."""
    query = """{ assetNodeOrError(assetKey: {path: ["bc", "companies"]}) {
        ... on AssetNode { partitionKeys } } }"""
    keys: list[str] = ui.ask(query)["assetNodeOrError"]["partitionKeys"]
    return keys


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.5)
    raise AssertionError(f"not within {WAIT_SECONDS} seconds")


@pytest.mark.browser
@pytest.mark.skipif(
    chromium_path() is None, reason="BROWSER TEST NOT RUN: no chromium with chromedriver here"
)
def test_one_asset_of_one_tenant_is_materialised_in_the_browser_and_is_green(ui: Ui):
    with chromium() as browser:

        def find(xpath: str) -> list[WebElement]:
            return browser.find_elements(By.XPATH, xpath)

        def click(xpath: str, *, opens: str | None = None) -> None:
            """Click, and again when the page was not ready for it."""

            def clicked() -> bool:
                if opens and find(opens):
                    return True
                for element in find(xpath)[:1]:
                    element.click()
                    return not opens
                return False

            until(clicked)

        browser.implicitly_wait(2)
        partition_box = "//*[contains(text(), 'Select a partition')]"
        browser.get(f"{ui.url}/assets/bc/companies")
        until(lambda: find("//*[contains(text(), 'Never materialized')]"))
        click("//button[starts-with(normalize-space(.), 'Materialize')]", opens=partition_box)
        click(partition_box)
        click("//span[normalize-space(text()) = 'cronus']")
        click("//button[normalize-space(.) = 'Launch 1 run']")
        (run,) = ui.finished(1, partition="cronus", from_ui="true")
        browser.get(f"{ui.url}/assets/bc/companies?view=partitions&partition=cronus")
        until(lambda: find("//*[text() = 'Materialized']"))
        until(lambda: "CRONUS International Ltd." in browser.page_source)
        browser.get(f"{ui.url}/assets/bc/companies?view=checks")
        until(lambda: find("//*[text() = 'Succeeded']"))

    assert run["status"] == "SUCCESS"


def test_given_a_backfill_over_two_tenants_then_each_gets_one_run(ui: Ui):
    backfill = ui.backfill(["bc/companies", "bc/items"], ["cronus", "wholesale"])

    runs = ui.finished(2, backfill=backfill)

    assert [run["status"] for run in runs] == ["SUCCESS", "SUCCESS"]
    partitions = [
        tag["value"] for run in runs for tag in run["tags"] if tag["key"].endswith("/partition")
    ]
    assert sorted(partitions) == ["cronus", "wholesale"]
    checks = ui.ask(CHECK_ROWS)["assetNodeOrError"]["assetChecksOrError"]["checks"]
    (complete,) = (each for each in checks if each["name"] == "read_complete")
    assert sorted(complete["partitionStatuses"]["succeededPartitions"]) == ["cronus", "wholesale"]
    outcomes = [tag["value"] for run in runs for tag in run["tags"] if "outcome" in tag["key"]]
    assert outcomes == ["success", "success"]


def test_given_a_support_person_pauses_and_resumes_a_tenant_then_the_runs_tell_it(ui: Ui):
    ui.launch("pause", "cronus", {"by": "Anna", "why": "stock-taking"})
    (paused,) = ui.finished(1, from_test="pause")
    assert paused["status"] == "SUCCESS"
    assert {"key": "bc_pipeline/by", "value": "Anna"} in paused["tags"]
    ui.launch("resume", "cronus", {})
    (resumed,) = ui.finished(1, from_test="resume")
    assert resumed["status"] == "SUCCESS"


@pytest.mark.browser
@pytest.mark.skipif(
    chromium_path() is None, reason="BROWSER TEST NOT RUN: no chromium with chromedriver here"
)
def test_the_overview_shows_both_tenants_in_the_browser(ui: Ui):
    ui.materialise("tenants")

    with chromium() as browser:
        browser.implicitly_wait(2)
        browser.get(f"{ui.url}/assets/tenants?view=events")
        until(lambda: "need_somebody" in browser.page_source)
        until(lambda: "Show Markdown" in browser.page_source or "wholesale" in browser.page_source)


def test_given_a_failed_run_when_executed_again_from_failure_then_only_the_rest_runs(ui: Ui):
    fault = ui.sandbox.faults.add("bc", action="status", path="/vendors", times=None, status=400)
    backfill = ui.backfill(["bc/companies", "bc/vendors"], ["cronus"])
    (failed,) = ui.finished(1, backfill=backfill)
    assert fault.hits
    ui.sandbox.faults.clear()

    params = {"parentRunId": failed["runId"], "strategy": "FROM_FAILURE"}
    answer = ui.ask(REEXECUTE, params=params)["launchRunReexecution"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    (again,) = ui.finished(1, parent_run_id=failed["runId"])

    assert failed["status"] == "FAILURE"
    assert again["status"] == "SUCCESS"
    assert again["stepKeysToExecute"] == ["bc__vendors"]
