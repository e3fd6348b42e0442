"""Takes the pictures in docs/ from the running UI: python docs/screenshots.py

Needs Chromium with its driver. Starts the sandbox and `dagster dev` on a temporary home, brings
both tenants up to date once, and photographs what people see.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from selenium.webdriver import Chrome  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

from bc_pipeline.assets.table import ENTRIES  # noqa: E402
from bc_pipeline.assets.table import GROUPS as GROUPS_BY_PREFIX  # noqa: E402
from bc_pipeline.automation.instance import prepare  # noqa: E402
from bc_pipeline.sandbox import Sandbox  # noqa: E402
from bc_pipeline_tests.ui import chromium, dagster_dev  # noqa: E402

DOCS = ROOT / "docs"
SETTLE_SECONDS = 6
GROUPS = ",".join(f"global@global:{group}" for group in GROUPS_BY_PREFIX.values())
"""Both groups of the graph opened, as the UI writes it into its address."""


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as directory, Sandbox(wholesale_items=200) as sandbox:
        home = Path(directory)
        prepare(home / "dagster")
        sandbox.write_tenants(home)
        sync_all(home)
        with dagster_dev(home) as url:
            products = f"{url}/assets/optiply/products"
            with chromium(1500, 1500) as browser:
                open_page(browser, f"{url}/asset-groups?expanded={quote(GROUPS)}", "Materialize")
                show_whole_graph(browser)
                save(browser, "asset_graph.png")
            with chromium(1500, 1500) as browser:
                open_page(browser, f"{products}?view=partitions&partition=cronus", "quarantined")
                save(browser, "asset_page.png")
            with chromium(1500, 1000) as browser:
                open_page(browser, f"{products}?view=checks&checkDetail=counts_agree", "wanted")
                save(browser, "asset_checks.png")
                open_page(browser, f"{url}/assets/bc/item_page?view=partitions", "wholesale")
                save(browser, "partitions.png")


def sync_all(home: Path) -> None:
    """Give the pages something to show."""
    environment = {**os.environ, "BC_PIPELINE_HOME": str(home)}
    environment.pop("DAGSTER_HOME", None)
    command = [sys.executable, "-m", "bc_pipeline", "sync", "--all"]
    subprocess.run(command, env=environment, check=True)  # noqa: S603


def open_page(browser: Chrome, url: str, text: str) -> None:
    """Open a page and wait until it shows ``text`` and has come to rest."""
    browser.get(url)
    WebDriverWait(browser, 60).until(lambda _: text in page_text(browser))
    time.sleep(SETTLE_SECONDS)


def show_whole_graph(browser: Chrome) -> None:
    """Make room, then zoom out until every asset is in the picture."""
    jump = browser.find_element(By.CSS_SELECTOR, "input[placeholder='Jump to…']")
    jump.find_element(By.XPATH, "following::button[1]").click()
    zoom_out = browser.find_elements(By.CSS_SELECTOR, "[class*='SVGViewport_iconButton']")[-1]
    for _ in range(12):
        nodes = page_text(browser)
        if all(label(entry.entity) in nodes for entry in ENTRIES):
            break
        zoom_out.click()
        time.sleep(1)
    time.sleep(SETTLE_SECONDS)


def label(name: str) -> str:
    """What a node of the graph surely shows of a name: long ones lose their middle."""
    return name[:4]


def page_text(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "body").text


def save(browser: Chrome, name: str) -> None:
    """Save the picture; RuntimeError when that failed."""
    if not browser.save_screenshot(str(DOCS / name)):
        raise RuntimeError(f"{name} could not be written")


if __name__ == "__main__":
    main()
