"""What a shell completes, asked as bash asks it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bc_pipeline.cli.completion import VARIABLE
from bc_pipeline.cli.listing import COMMANDS
from bc_pipeline.cli.main import run
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.orchestration.conftest import write_tenants

HEAVY = {"dagster", "pandas"}


def completed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> list[str]:
    """The words bash is offered for the last of ``words``."""
    monkeypatch.setenv("COMP_WORDS", " ".join(("bc-pipeline", *words)))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    monkeypatch.setenv(VARIABLE, "bash_complete")
    with pytest.raises(SystemExit):
        run([])
    told = capsys.readouterr()
    assert told.err == ""
    return [line.partition(",")[2] for line in told.out.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ver"], ["verify"]),
        (["status", "ac"], ["acme"]),
        (["sync", "acme", "g"], ["globex"]),
        (["show", "acme", "sell"], ["sell_orders"]),
        (["sync", "acme", "--entity", "optiply/p"], ["optiply/products"]),
        (["export", "acme", "--entity", "vendor"], ["vendors", "vendor_payments"]),
        (["tenants", "remove", "glo"], ["globex"]),
        (["sync", "--dry"], ["--dry-run"]),
    ],
)
def test_commands_tenants_entities_and_options_are_completed(
    capsys: pytest.CaptureFixture[str],
    empty_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    offered: list[str],
):
    write_tenants(empty_home, acme={}, globex={})

    assert set(offered) <= set(completed(capsys, monkeypatch, *words))


def test_given_a_broken_file_then_nothing_is_offered_and_nothing_is_told(
    capsys: pytest.CaptureFixture[str], empty_home: Path, monkeypatch: pytest.MonkeyPatch
):
    (empty_home / "tenants.yaml").write_text("tenants: [")

    assert completed(capsys, monkeypatch, "status", "a") == []


def test_no_command_is_heavy_to_complete():
    script = (
        "import sys\nfrom bc_pipeline.cli.listing import COMMANDS\n"
        "[each.load() for each in COMMANDS.values()]\nprint(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert not HEAVY & {name.split(".")[0] for name in ran.stdout.split()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_asks_us(command: CommandLine, shell: str):
    outcome = command("completion", shell)

    assert outcome.code == 0
    assert f"{VARIABLE}={shell}_complete" in outcome.stdout
    assert command("completion", shell, "--json").json["script"].strip() == outcome.stdout.strip()


def test_bash_itself_completes(empty_home: Path):
    script = (
        'eval "$(bc-pipeline completion bash)"; COMP_WORDS=(bc-pipeline stat); COMP_CWORD=1; '
        '_bc_pipeline_completion bc-pipeline; echo "${COMPREPLY[@]}"'
    )
    binaries = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=False
    )

    assert ran.stdout.split() == [name for name in COMMANDS if name.startswith("stat")]
