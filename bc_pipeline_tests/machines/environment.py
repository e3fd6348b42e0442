"""What the tests beyond one machine need: Debian's PostgreSQL and Redis, and the extras of the
project in ``.venv-machines``.

``python -m bc_pipeline_tests.machines.environment`` gets them; so does the first test that needs
them. Where that is not possible the tests are skipped, saying so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from bc_pipeline_tests.sandbox.clients.environment import RegistryUnreachable, step

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv-machines"
_STAMP = VENV / ".installed"
_PACKAGES = ("postgresql", "redis-server")
_APT_SECONDS = 300


class Missing(Exception):
    """Something is not installed, and cannot be now."""


def machines_python() -> Path:
    """The Python that has the project with its extras ``postgres`` and ``celery``.

    Raises:
        Missing: the registry does not answer.
        RuntimeError: they could not be installed for another reason.
    """
    python = VENV / "bin" / "python"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    with FileLock(f"{VENV}.lock"):
        if not _STAMP.exists() or _STAMP.read_text("utf-8") != wanted:
            try:
                step(sys.executable, "-m", "venv", "--clear", f"{VENV}")
                options = ("--quiet", "--disable-pip-version-check", "--retries", "2")
                project = f"{ROOT}[postgres,celery]"
                step(f"{python}", "-m", "pip", "install", *options, "-e", project)
            except RegistryUnreachable as error:
                raise Missing(f"no package registry: {error}") from None
            _STAMP.write_text(wanted, "utf-8")
    return python


def postgres_programs() -> Path:
    """The directory of ``initdb`` and ``pg_ctl``.

    Raises:
        Missing: it is not there, and apt-get cannot bring it.
    """
    _debian(lambda: bool(_postgres_directories()))
    return _postgres_directories()[-1]


def redis_server() -> str:
    """The program.

    Raises:
        Missing: it is not there, and apt-get cannot bring it.
    """
    _debian(lambda: shutil.which("redis-server") is not None)
    return str(shutil.which("redis-server"))


def _postgres_directories() -> list[Path]:
    return sorted(each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _debian(there: Callable[[], bool]) -> None:
    with FileLock(f"{VENV}.lock"):
        if there():
            return
        if os.name == "nt" or os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise Missing(f"{' and '.join(_PACKAGES)}: only root with apt-get installs them")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (("update",), ("install", "-y", "--no-install-recommends", *_PACKAGES)):
            try:
                subprocess.run(
                    ("apt-get", "-qq", *command),
                    env=quiet,
                    capture_output=True,
                    timeout=_APT_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                break
        if not there():
            raise Missing(f"apt-get could not install {' and '.join(_PACKAGES)}")


def main() -> None:
    """Get everything; where that is not possible say what will be skipped, and go on."""
    try:
        sys.stdout.write(f"{postgres_programs()}\n{redis_server()}\n{machines_python()}\n")
    except Missing as error:
        sys.stderr.write(f"{error}\nTHE TESTS BEYOND ONE MACHINE WILL BE SKIPPED.\n")


if __name__ == "__main__":
    main()
