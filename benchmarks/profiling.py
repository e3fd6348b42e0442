"""Where the time of a command goes: the stacks of its threads, looked at a hundred times a second.

    python -m benchmarks.profiling FILE (-m MODULE | SCRIPT) [ARGUMENT ...]

writes FILE when the command has come to its end: the places with the most samples, and their
shares. A place is the innermost function of this project that is at work; what it calls of a
library counts as its own, but for the libraries named here. Threads that wait are left out.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import TypedDict

from benchmarks.measuring import environment

EVERY_SECONDS = 0.01
MOST = 6
IMPORTS = "imports"
LIBRARIES = {
    "/dagster/": "Dagster",
    "/sqlalchemy/": "Dagster's storage",
    "/alembic/": "Dagster's storage",
    "/urllib3/": "HTTP",
    "/requests/": "HTTP",
    "/http/client.py": "HTTP",
    "/json/": "json",
    "importlib": IMPORTS,
}
_WAITING = {
    ("threading.py", "wait"),
    ("threading.py", "_wait_for_tstate_lock"),
    ("queue.py", "get"),
    ("thread.py", "_worker"),
    ("selectors.py", "select"),
    ("socket.py", "readinto"),
    ("socket.py", "accept"),
    ("subprocess.py", "_try_wait"),
    ("ssl.py", "read"),
    ("connection.py", "wait"),
    ("_base.py", "wait"),
    ("store.py", "writing"),
    ("store.py", "transaction"),
}
"""Innermost functions of a thread that does nothing."""


class Share(TypedDict):
    """A place, and how much of the time was spent there."""

    where: str
    share: float


class Sampler:
    """Looks at all threads but its own, until it is stopped."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def shares(self) -> list[Share]:
        """The places with the most samples, most first."""
        total = sum(self._seen.values()) or 1
        return [
            Share(where=where, share=round(count / total, 3))
            for where, count in self._seen.most_common(MOST)
        ]

    def _look(self) -> None:
        own = threading.get_ident()
        while not self._done.wait(EVERY_SECONDS):
            for thread, frame in sys._current_frames().items():
                if thread != own and not _waits(frame):
                    self._seen[_place(frame)] += 1


def _waits(frame: FrameType) -> bool:
    return (Path(frame.f_code.co_filename).name, frame.f_code.co_name) in _WAITING


def _place(innermost: FrameType) -> str:
    frame: FrameType | None = innermost
    while frame is not None:
        file = frame.f_code.co_filename.replace("\\", "/")
        if "/bc_pipeline/" in file:
            module = file.rpartition("/bc_pipeline/")[2].removesuffix(".py").replace("/", ".")
            return f"{module}.{frame.f_code.co_name}"
        for part, name in LIBRARIES.items():
            if part in file:
                return name
        frame = frame.f_back
    return "other"


def of(command: list[str], **variables: str) -> list[Share]:
    """The shares of a command of this Python; it runs in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "shares.json"
        words = [sys.executable, "-m", "benchmarks.profiling", f"{file}", *command]
        subprocess.run(words, stdout=subprocess.DEVNULL, env=environment(**variables), check=True)
        shares: list[Share] = json.loads(file.read_text("utf-8"))
    return shares


def without_imports(shares: list[Share]) -> list[Share]:
    """The shares of what is measured beyond start-up."""
    rest = [each for each in shares if each["where"] != IMPORTS]
    left = 1.0 - sum(each["share"] for each in shares if each["where"] == IMPORTS)
    return [Share(where=e["where"], share=round(e["share"] / left, 3)) for e in rest]


def main() -> None:
    file, *command = sys.argv[1:]
    with Sampler() as sampler:
        try:
            if command[0] == "-m":
                sys.argv = command[1:]
                runpy.run_module(command[1], run_name="__main__", alter_sys=True)
            else:
                sys.argv = command
                runpy.run_path(command[0], run_name="__main__")
        except SystemExit as error:
            if error.code not in (None, 0):
                raise
        finally:
            Path(file).write_text(json.dumps(sampler.shares()), "utf-8")


if __name__ == "__main__":
    main()
