"""Takes the pictures in docs/ from the running UI: make screenshots

Needs Chromium with its driver. `python docs/screenshots.py report` takes only that of the report
page. Starts the sandbox and `dagster dev` on a temporary home, brings
both tenants up to date once, lets a dimension check hold a file back, and photographs what people
see.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dagster import DagsterRunStatus  # noqa: E402
from dagster_graphql import DagsterGraphQLClient  # noqa: E402
from selenium.webdriver import Chrome  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

from bc_pipeline.catalogue.task import BC  # noqa: E402
from bc_pipeline.catalogue.task import GROUPS as GROUPS_BY_PREFIX  # noqa: E402
from bc_pipeline.orchestration.instance import prepare  # noqa: E402
from bc_pipeline.orchestration.sweep_job import SWEEP  # noqa: E402
from bc_pipeline.orchestration.tags import SHARD_TAG  # noqa: E402
from bc_pipeline.sandbox import Sandbox  # noqa: E402
from bc_pipeline.sandbox.changes import random_changes  # noqa: E402
from bc_pipeline_tests.few_documents import keep_few_invoices  # noqa: E402
from bc_pipeline_tests.tenant_page.weeks import Weeks  # noqa: E402
from bc_pipeline_tests.ui import as_wide_as, chromium, dagster_dev, picture  # noqa: E402

DOCS = ROOT / "docs"
SETTLE_SECONDS = 6
OPENED = (group for prefix, group in GROUPS_BY_PREFIX.items() if prefix != BC)
GROUPS = ",".join(f"global@global:{group}" for group in OPENED)
"""The groups of the graph to open, as the UI writes it into its address. What is read stays closed:
opened, it is taller than a page."""
JUMP_TO = "//input[starts-with(@placeholder, 'Jump to')]"


def main() -> None:
    """Take all pictures."""
    report_page()
    if sys.argv[1:] == ["report"]:
        return
    with tempfile.TemporaryDirectory() as directory, Sandbox(wholesale_items=200) as sandbox:
        home = Path(directory)
        prepare(home / "dagster")
        sandbox.write_tenants(home, exports=True)
        run(home, "sync", "--all")
        hold_back(home / "snapshots" / "wholesale")
        run(home, "export", "wholesale", ends_with=1)
        with dagster_dev(home) as url:
            products = f"{url}/assets/optiply/products"
            with chromium(1150, 2000) as browser:  # as tall as the graph
                open_page(browser, f"{url}/asset-groups?expanded={quote(GROUPS)}", "Materialize")
                browser.find_element(By.XPATH, JUMP_TO + "/following::button[1]").click()
                press(browser, "Hide navigation")
                part = {"x": 85, "y": 480, "width": 580, "height": 940}
                save_part(browser, "asset_graph.png", part, scale=1.2)
            sweep(url, sandbox)
            with chromium(1500, 640) as browser:
                open_page(browser, f"{url}/runs", "wholesale")
                save(browser, "sweep_runs.png")
            with chromium(1500, 1300) as browser:
                open_page(browser, products, "Latest check results")
                press(browser, "Columns")
                save(browser, "asset_page.png")
                open_page(browser, f"{products}?view=checks&checkDetail=counts_agree", "wanted")
                choose(browser, "Partitions")
                save(browser, "asset_checks.png")
                view = "view=checks&checkDetail=dimension_mappings_exist"
                open_page(browser, f"{url}/assets/outbound/customers?{view}", "REGION")
                save(browser, "dimension_check.png")
            with chromium(1500, 900) as browser:
                open_page(browser, f"{url}/assets/tenants?view=events", "need_somebody")
                choose(browser, "[Show Markdown]")
                save(browser, "overview.png")


def report_page() -> None:
    """Three weeks of a shop, told on one page."""
    with tempfile.TemporaryDirectory() as directory, Sandbox(wholesale_items=60) as sandbox:
        keep_few_invoices(sandbox)
        weeks = Weeks.begin(sandbox, Path(directory))
        weeks.work("wholesale", [0, 3, 2, 0, 5, 1, 4, 2, 6, 3, 0, 2], timedelta(hours=31))
        weeks.order("wholesale")
        weeks.work("wholesale", [4, 2, 5, 3], timedelta(hours=23))
        sandbox.faults.add("bc", action="status", path="/items", times=None, status=400)
        weeks.work("wholesale", [2], timedelta(hours=12))
        sandbox.faults.clear()
        customer = {"externalId": "crm-17", "companyName": "Example Ltd.", "currency": "XYZ"}
        weeks.drop_file("wholesale", "Customers.jsonl", customer)
        weeks.lose_items("wholesale", 11)
        weeks.work("wholesale", [3], timedelta(minutes=4))
        page = weeks.page("wholesale")
        with chromium(1240, 900) as browser:
            as_wide_as(browser, 1240)
            browser.get(page.as_uri())
            browser.execute_script("document.querySelector('#health').remove()")
            bottom = browser.execute_script(
                "return document.querySelector('#parity').getBoundingClientRect().bottom"
            )
            part = {"x": 0, "y": 0, "width": 1240, "height": int(bottom) + 16}
            (DOCS / "report_page.png").write_bytes(picture(browser, part))


def sweep(url: str, sandbox: Sandbox) -> None:
    """Let stock move, then a sweep find it, as the schedule would start it."""
    for company in sandbox.business_central.companies.values():
        random_changes(company, seed=1, count=3, kinds=["move_stock"])
    parts = urlsplit(url)
    client = DagsterGraphQLClient(parts.hostname or "", port_number=parts.port)
    run_id = client.submit_job_execution(SWEEP, tags={SHARD_TAG: "sync 1/1"})
    while client.get_run_status(run_id) != DagsterRunStatus.SUCCESS:
        time.sleep(1)


def run(home: Path, *arguments: str, ends_with: int = 0) -> None:
    """Run a command line, to give the pages something to show."""
    environment = {**os.environ, "BC_PIPELINE_HOME": str(home)}
    environment.pop("DAGSTER_HOME", None)
    command = [sys.executable, "-m", "bc_pipeline", *arguments]
    code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    if code != ends_with:
        raise RuntimeError(f"{' '.join(arguments)} ended with {code}")


def hold_back(snapshot_dir: Path) -> None:
    """Map a dimension the company does not have, and drop a file that has to wait for it."""
    mappings = {"department": "DEPARTMENT", "region": "REGION"}
    document = {"dynamics-bc": {"dimension_mappings": mappings}}
    (snapshot_dir / "tenant-config.json").write_text(json.dumps(document), "utf-8")
    file = snapshot_dir / "outbound" / "Customers.jsonl"
    file.parent.mkdir(exist_ok=True)
    customer = {"externalId": "crm-17", "companyName": "Example Ltd.", "departmentNumber": "WEB"}
    file.write_text(json.dumps(customer) + "\n", "utf-8")


def open_page(browser: Chrome, url: str, text: str) -> None:
    """Open a page and wait until it shows ``text`` and has come to rest."""
    browser.get(url)
    WebDriverWait(browser, 60).until(lambda _: text in page_text(browser))
    time.sleep(SETTLE_SECONDS)


def press(browser: Chrome, text: str) -> None:
    """Click the button that says ``text``, where there is one."""
    for button in browser.find_elements(By.TAG_NAME, "button"):
        if button.text == text:
            button.click()
            time.sleep(2)
            break


def choose(browser: Chrome, text: str) -> None:
    """Click what says ``text``, the innermost and last of the page."""
    browser.find_elements(By.XPATH, f"//*[normalize-space(text())='{text}']")[-1].click()
    time.sleep(3)


def page_text(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "body").text


def save(browser: Chrome, name: str) -> None:
    """Save the picture; RuntimeError when that failed."""
    if not browser.save_screenshot(str(DOCS / name)):
        raise RuntimeError(f"{name} could not be written")


def save_part(browser: Chrome, name: str, part: dict[str, int], *, scale: float) -> None:
    """Save a part of the page, magnified so that small letters can be read."""
    clip = {**part, "scale": scale}
    answer = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})
    (DOCS / name).write_bytes(b64decode(answer["data"]))


if __name__ == "__main__":
    main()
