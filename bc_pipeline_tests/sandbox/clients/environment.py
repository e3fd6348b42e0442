"""The virtual environment of the clients, made once in ``.venv-clients``.

``python -m bc_pipeline_tests.sandbox.clients.environment`` makes it; so does the first test that
needs it. Where the package registry cannot be reached the clients' tests are skipped, saying so;
any other failure is one.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).resolve().parent
VENV = HERE.parents[2] / ".venv-clients"
PYTHON = VENV / ("Scripts" if os.name == "nt" else "bin") / "python"
_STAMP = VENV / ".installed"
_FILES = tuple(
    HERE / name for name in ("requirements.txt", "constraints.txt", "requirements-any-python.txt")
)
# What pip says when nobody answers, as opposed to an answer it does not like.
_NO_ANSWER = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Connection refused",
    "Network is unreachable",
)


class RegistryUnreachable(Exception):
    """The clients are not installed, and cannot be now."""


def clients_python() -> Path:
    """The Python that has the clients.

    Raises:
        RegistryUnreachable: they are not installed and the registry does not answer.
        RuntimeError: they could not be installed for another reason.
    """
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in _FILES)).hexdigest()
    with FileLock(f"{VENV}.lock"):
        if not _STAMP.exists() or _STAMP.read_text("utf-8") != wanted:
            step(sys.executable, "-m", "venv", "--clear", f"{VENV}")
            main, versions, any_python = map(str, _FILES)
            _pip("-r", main, "-c", versions)
            _pip("-r", any_python, "--no-deps", "--ignore-requires-python")
            _STAMP.write_text(wanted, "utf-8")
    return PYTHON


def _pip(*arguments: str) -> None:
    # Compiled when first used, and then only what is used.
    options = ("--quiet", "--disable-pip-version-check", "--no-compile", "--retries", "2")
    step(f"{PYTHON}", "-m", "pip", "install", *options, *arguments)


def step(*command: str) -> None:
    """One command of the installation.

    Raises:
        RegistryUnreachable, RuntimeError: as for the whole.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    said = f"{done.stdout}{done.stderr}"
    if any(sign in said for sign in _NO_ANSWER):
        raise RegistryUnreachable(said[-500:])
    raise RuntimeError(f"{' '.join(command)} failed:\n{said[-3000:]}")


def main() -> None:
    """Make the environment; without a registry say what will be skipped, and go on."""
    try:
        sys.stdout.write(f"{clients_python()}\n")
    except RegistryUnreachable as error:
        sys.stderr.write(f"{error}\nTHE TESTS WITH REAL CLIENTS WILL BE SKIPPED: no registry.\n")


if __name__ == "__main__":
    main()
