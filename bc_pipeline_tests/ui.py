"""Dagster's real UI and a real browser, for the browser test and for docs/screenshots.py."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

SECONDS_TO_START = 120
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str | None:
    """Chromium on this machine, None when there is none or no driver for it."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    return browser if browser and shutil.which("chromedriver") else None


@contextmanager
def chromium(width: int = 1600, height: int = 1000) -> Iterator[Chrome]:
    """Headless Chromium with a fresh profile."""
    options = ChromeOptions()
    options.binary_location = chromium_path() or ""
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*CHROMIUM_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.add_argument(f"--window-size={width},{height}")
        driver = Chrome(options, Service(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


def as_wide_as(browser: Chrome, width: int, *, dark: bool = False) -> None:
    """Shows the page as on a screen of this width, a phone's when it is narrow."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def picture(browser: Chrome, part: dict[str, int]) -> bytes:
    """A part of the page as PNG, also of what one would have to scroll to.

    Args:
        browser: showing the page.
        part: ``x``, ``y``, ``width`` and ``height``.
    """
    asked = {"captureBeyondViewport": True, "clip": {**part, "scale": 1}}
    return b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", asked)["data"])


@contextmanager
def dagster_dev(home: Path, module: str = "bc_pipeline.definitions") -> Iterator[str]:
    """``dagster dev`` (UI and daemon) on a home; gives its URL once it answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = ["-m", module, "-h", "127.0.0.1", "-p", str(port)]
    with process(home, "dagster", "dev", *command):
        wait_for(f"{url}/server_info")
        yield url


@contextmanager
def process(home: Path, program: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of this Python's on a home, with everything it starts ended afterwards."""
    environment = {
        **os.environ,
        "BC_PIPELINE_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
    }
    environment.pop("BC_PIPELINE_TENANTS", None)
    with (home / "dagster.log").open("wb") as log:
        started = subprocess.Popen(
            [Path(sys.executable).with_name(program), *arguments],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield started
        finally:
            _end(started)


def wait_for(url: str) -> None:
    """Until the URL answers; TimeoutError when it never does."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise TimeoutError(f"{url} did not answer within {SECONDS_TO_START} seconds")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _end(started: subprocess.Popen[bytes]) -> None:
    """First politely, then all that is left of its process group."""
    if started.poll() is None:
        started.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            started.wait(timeout=20)
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()
