"""The tutorial tells the truth: its commands, one after another, do what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.few_documents import keep_few_invoices

pytestmark = [pytest.mark.readme, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "docs/tutorial.md").read_text("utf-8")
MADE = ("make demo", "make dev")
"""Tested with the README."""


def blocks() -> list[str]:
    """Its shell blocks, but for those tested elsewhere, in which this Python is the `.venv`."""
    found = re.findall(r"```sh\n(.*?)```", TUTORIAL, re.DOTALL)
    return [block for block in found if block.strip() not in MADE]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """What `make dev` leaves running, without the UI, and its address."""
    launcher = tmp_path / ".venv" / "bin" / "bc-pipeline"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bc_pipeline "$@"\n')
    launcher.chmod(0o755)
    home = tmp_path / "var" / "dev"
    home.mkdir(parents=True)
    with Sandbox(wholesale_items=30) as sandbox:
        keep_few_invoices(sandbox)
        sandbox.write_tenants(home, exports=True)
        yield tmp_path, sandbox.base_url


def test_the_tutorial_as_one_types_it(checkout: tuple[Path, str]):
    folder, address = checkout
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("BC_PIPE", "DAGSTER"))}
    environment |= {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    script = "".join(f"{block}echo '----' $?\n" for block in blocks())
    script = script.replace("sandbox order cronus", f"sandbox order cronus --url {address}")

    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.split(r"---- (\d)\n", done.stdout)
    first, ordered, story, refused, repaired = told[0:10:2]

    assert told[1:10:2] == ["0", "0", "0", "1", "0"], done.stderr
    assert "optiply/products" in first + done.stderr
    assert "outbound/purchase_orders" in ordered + done.stderr
    assert re.search(r"^Stock: \d+ ", story, re.MULTILINE)
    assert "has no value WEB" in refused + done.stderr
    assert "crm-17" in repaired and "created" in repaired
