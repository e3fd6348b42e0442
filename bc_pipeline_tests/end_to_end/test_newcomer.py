"""A new user, from a clean clone, with README and docs and nothing else: see it work, connect a
shop, switch the schedule on, have something go wrong, be told, repair it. In under ten minutes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline_tests.alerts.receiver import NO_DIGEST, SECRET, Receiver

pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 600
SECONDS_TO_START = 60
BROWSER = """\
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=60).read()
"""
"""A browser whose person signs in and accepts whatever page it is shown."""


@dataclass
class Newcomer:
    """Somebody at a shell in a clone."""

    clone: Path
    environment: dict[str, str]

    def types(self, line: str, *replies: str) -> subprocess.CompletedProcess[str]:
        """A command line, with replies to what it asks."""
        return subprocess.run(
            line,
            shell=True,
            cwd=self.clone,
            env=self.environment,
            input="".join(f"{each}\n" for each in replies),
            capture_output=True,
            text=True,
            check=False,
        )

    def succeeds(self, line: str, *replies: str) -> str:
        """The same; what it printed, for it has to go well."""
        done = self.types(line, *replies)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    @contextmanager
    def leaves_running(self, line: str) -> Iterator[dict[str, Any]]:
        """A command in another terminal, once it has printed its JSON document."""
        log = self.clone / "other-terminal.txt"
        with log.open("wb") as printed:
            process = subprocess.Popen(
                f"exec {line}",
                shell=True,
                cwd=self.clone,
                env=self.environment,
                stdout=printed,
            )
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while not log.read_text("utf-8").rstrip().endswith("}"):
                assert time.monotonic() < deadline and process.poll() is None, log.read_text(
                    "utf-8"
                )
                time.sleep(0.2)
            yield json.loads(log.read_text("utf-8"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    """A clean clone, with what make would install in its ``.venv``, and a browser."""
    if not (ROOT / ".git").exists() or not shutil.which("git") or not shutil.which("make"):
        pytest.skip("needs git, make, and the repository")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    binaries = clone / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for program in ("python", "bc-pipeline", "dagster"):
        launcher = binaries / program
        launcher.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).with_name(program)}" "$@"\n')
        launcher.chmod(0o755)
    (clone / ".venv" / ".installed").touch()
    browser = tmp_path / "browser.py"
    browser.write_text(BROWSER)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BC_PIPELINE_", "DAGSTER_"))
    }
    environment |= {"PYTHONPATH": str(clone), "BROWSER": f"{sys.executable} {browser} %s &"}
    return Newcomer(clone, environment)


def names_who_is_told(home: Path, address: str) -> None:
    """What docs/alerts.md says to write, into tenants.yaml."""
    (home / "secrets" / "webhook.secret").write_text(SECRET)
    settings = home / "tenants.yaml"
    alerts = (
        "defaults:\n"
        "  alerts:\n"
        f"    - url: {address}\n"
        "      secret: {file: secrets/webhook.secret}\n"
        f"      on: [{', '.join(NO_DIGEST)}]\n"
    )
    settings.write_text(alerts + settings.read_text("utf-8"), "utf-8")


def test_from_a_clean_clone_to_a_repaired_shop_in_under_ten_minutes(newcomer: Newcomer):
    began = time.monotonic()

    # README: see it work.
    assert "4. The tick after that: nothing to do" in newcomer.succeeds("make demo")

    sandbox_runs = newcomer.leaves_running(".venv/bin/bc-pipeline sandbox --port 0 --json")
    with sandbox_runs as sandbox, Receiver() as receiver:
        url, app = sandbox["url"], sandbox["app"]
        connect = f".venv/bin/bc-pipeline connect acme --sandbox {url}"

        # docs/connect.md: five questions, and the browser.
        replies = (" ".join(app.values()), "2", " ".join(sandbox["optiply"].values()), "all", "y")
        connected = newcomer.succeeds(connect, *replies)
        assert "Next: bc-pipeline sync acme" in connected
        names_who_is_told(newcomer.clone / "var", receiver.url)
        newcomer.succeeds(".venv/bin/bc-pipeline alerts test acme")
        receiver.received.clear()

        # docs/operations.md: the first sync, the schedule, and what a tick of it does.
        newcomer.succeeds(".venv/bin/bc-pipeline sync acme")
        switched = newcomer.succeeds(
            "DAGSTER_HOME=$PWD/var/dagster .venv/bin/dagster schedule start every_30_minutes"
        )
        assert "every_30_minutes" in switched
        newcomer.succeeds(".venv/bin/bc-pipeline sync --all")
        newcomer.succeeds(".venv/bin/bc-pipeline status --exit-code")
        assert receiver.received == []

        # Somebody withdraws the consent.
        newcomer.succeeds(f".venv/bin/bc-pipeline sandbox sign-out --url {url}")
        failed = newcomer.types(".venv/bin/bc-pipeline sync --all")
        looked = newcomer.types(".venv/bin/bc-pipeline status --exit-code")
        assert failed.returncode == looked.returncode == 1
        (alert,) = receiver.received
        assert alert.verified
        assert (alert.data["kind"], alert.data["tenant"]) == ("token", "acme")
        for told in (failed.stdout, looked.stdout, alert.data["text"]):
            assert "bc-pipeline connect acme" in told, "it does not say what to do"

        # It is repaired as the message says.
        newcomer.succeeds(connect, "y")
        newcomer.succeeds(".venv/bin/bc-pipeline sync --all")
        newcomer.succeeds(".venv/bin/bc-pipeline status --exit-code")
        assert receiver.received[-1].data["event"] == "recovered"

    assert time.monotonic() - began < MOST_SECONDS
