"""``connect`` at a real terminal, with a real browser command: what is typed in secret stays so."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry

SECONDS = 60
OPENS = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()"
Reply = tuple[str, str]
"""What to wait for, and what to type then."""


def typed(arguments: Sequence[str], replies: Sequence[Reply], environment: dict[str, str]) -> str:
    """Runs a command line at a terminal; what the terminal shows, its exit code last."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-m", "bc_pipeline", *arguments], environment)
    shown, seen, left, until = "", 0, list(replies), time.monotonic() + SECONDS
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                shown += os.read(terminal, 4096).decode(errors="replace")
            except OSError:
                break
        if left and left[0][0] in shown[seen:]:
            seen = len(shown)
            time.sleep(0.2)  # until echo is off
            os.write(terminal, left.pop(0)[1].encode())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    return f"{shown}\nexit code {code}"


@pytest.fixture
def environment(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path / "home"))
    script = tmp_path / "browser.py"
    script.write_text(OPENS)
    return {**os.environ, "BROWSER": f"{sys.executable} {script} %s", "COLUMNS": "200"}


def test_given_a_terminal_then_a_shop_is_connected_and_no_secret_is_shown(
    sandbox: Sandbox, environment: dict[str, str]
):
    app, credentials = sandbox.app(), sandbox.credentials()

    shown = typed(
        ["connect", "acme", "--sandbox", sandbox.base_url],
        [
            ("not shown:", f"{' '.join(app)}\n"),
            ("stand for?", "2\n"),
            ("or as JSON)", f"{' '.join(credentials.values())}\n"),
            ("[all]", "\n"),
            ("(y/n)", "y\n"),
        ],
        environment,
    )

    assert shown.endswith("exit code 0"), shown
    assert registry.load().get("acme").enabled
    for secret in (app[1], credentials["client_secret"], credentials["password"]):
        assert secret not in shown


def test_given_ctrl_c_while_the_browser_is_waited_for_then_nothing_is_left(
    sandbox: Sandbox, environment: dict[str, str]
):
    shown = typed(
        ["connect", "acme", "--sandbox", sandbox.base_url],
        [("not shown:", f"{' '.join(sandbox.app())}\n"), ("this is the page", "\x03")],
        {**environment, "BROWSER": "true"},
    )

    assert shown.endswith("Interrupted\r\n\nexit code 130")
    assert not registry.home_directory().exists() or not list(registry.home_directory().iterdir())
