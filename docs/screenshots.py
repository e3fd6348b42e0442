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
from base64 import b64decode
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from selenium.webdriver import Chrome  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

from bc_pipeline.assets.table import GROUPS as GROUPS_BY_PREFIX  # noqa: E402
from bc_pipeline.automation.instance import prepare  # noqa: E402
from bc_pipeline.sandbox import Sandbox  # noqa: E402
from bc_pipeline_tests.ui import chromium, dagster_dev  # noqa: E402

DOCS = ROOT / "docs"
SETTLE_SECONDS = 6
GROUPS = ",".join(f"global@global:{group}" for group in GROUPS_BY_PREFIX.values())
"""Both groups of the graph opened, as the UI writes it into its address."""
JUMP_TO = "//input[starts-with(@placeholder, 'Jump to')]"


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as directory, Sandbox(wholesale_items=200) as sandbox:
        home = Path(directory)
        prepare(home / "dagster")
        sandbox.write_tenants(home)
        sync_all(home)
        with dagster_dev(home) as url:
            products = f"{url}/assets/optiply/products"
            with chromium(1250, 2250) as browser:  # as tall as the graph
                open_page(browser, f"{url}/asset-groups?expanded={quote(GROUPS)}", "Materialize")
                browser.find_element(By.XPATH, JUMP_TO + "/following::button[1]").click()
                press(browser, "Hide navigation")
                save_part(browser, "asset_graph.png", width=780, height=1960, scale=1.4)
            with chromium(1500, 1300) as browser:
                open_page(browser, products, "Latest check results")
                press(browser, "Columns")
                save(browser, "asset_page.png")
                open_page(browser, f"{products}?view=checks&checkDetail=counts_agree", "wanted")
                save(browser, "asset_checks.png")
                view = "view=partitions&partition=cronus"
                open_page(browser, f"{url}/assets/optiply/buy_orders?{view}", "quarantined")
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


def press(browser: Chrome, text: str) -> None:
    """Click the button that says ``text``, where there is one."""
    for button in browser.find_elements(By.TAG_NAME, "button"):
        if button.text == text:
            button.click()
            time.sleep(2)
            break


def page_text(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "body").text


def save(browser: Chrome, name: str) -> None:
    """Save the picture; RuntimeError when that failed."""
    if not browser.save_screenshot(str(DOCS / name)):
        raise RuntimeError(f"{name} could not be written")


def save_part(browser: Chrome, name: str, *, width: int, height: int, scale: float) -> None:
    """Save the upper left part of the page, magnified so that small letters can be read."""
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": scale}
    answer = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})
    (DOCS / name).write_bytes(b64decode(answer["data"]))


if __name__ == "__main__":
    main()
