"""The Dagster instance of an installation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

OPEN = """
import sys
from pathlib import Path
from bc_pipeline.orchestration.instance import open_instance
with open_instance(Path(sys.argv[1])) as instance:
    print(instance.get_runs_count())
"""


def opening(home: Path) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    return subprocess.Popen(
        [sys.executable, "-c", OPEN, str(home)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_given_two_first_commands_at_the_same_moment_then_the_instance_can_be_opened(
    tmp_path: Path,
):
    first = [opening(tmp_path), opening(tmp_path)]
    assert [process.communicate()[0] for process in first] == ["0\n", "0\n"]

    later = opening(tmp_path)
    assert later.communicate()[0] == "0\n"
