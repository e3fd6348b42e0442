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

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from selenium.webdriver import Chrome  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

from bc_pipeline.automation.instance import prepare  # noqa: E402
from bc_pipeline.sandbox import Sandbox  # noqa: E402
from bc_pipeline_tests.ui import chromium, dagster_dev  # noqa: E402

DOCS = ROOT / "docs"
PAGES = {
    "asset_graph.png": ("/asset-groups/", "bc/items", 1900, 1150),
    "asset_page.png": (
        "/assets/optiply/products?view=partitions&partition=cronus",
        "quarantined",
        1600,
        1500,
    ),
    "asset_checks.png": ("/assets/optiply/products?view=checks", "counts_agree", 1600, 900),
    "partitions.png": ("/assets/optiply/buy_orders?view=partitions", "wholesale", 1600, 1000),
}
SETTLE_SECONDS = 8


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as directory, Sandbox(wholesale_items=200) as sandbox:
        home = Path(directory)
        prepare(home / "dagster")
        sandbox.write_tenants(home)
        sync_all(home)
        with dagster_dev(home) as url:
            for name, (path, text, width, height) in PAGES.items():
                with chromium(width, height) as browser:
                    photograph(browser, url + path, text, DOCS / name)


def sync_all(home: Path) -> None:
    """Give the pages something to show."""
    environment = {**os.environ, "BC_PIPELINE_HOME": str(home)}
    environment.pop("DAGSTER_HOME", None)
    command = [sys.executable, "-m", "bc_pipeline", "sync", "--all"]
    subprocess.run(command, env=environment, check=True)  # noqa: S603


def photograph(browser: Chrome, url: str, text: str, path: Path) -> None:
    """Open a page, wait until it shows ``text`` and has come to rest, and save it."""
    browser.get(url)
    body = (By.TAG_NAME, "body")
    shown = text.rpartition("/")[2]
    WebDriverWait(browser, 60).until(lambda page: shown in page.find_element(*body).text)
    time.sleep(SETTLE_SECONDS)
    browser.save_screenshot(str(path))


if __name__ == "__main__":
    main()
