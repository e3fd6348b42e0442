"""PostgreSQL and Redis on ports of their own, empty, for as long as a test takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bc_pipeline_tests.machines import environment
from bc_pipeline_tests.ui import free_port

PASSWORD = "s3cr3t-of-postgres"
START_SECONDS = 30


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a server, as BC_PIPELINE_DATABASE_URL takes it.

    Raises:
        Missing: PostgreSQL is not installed, and cannot be now.
    """
    programs, port = environment.postgres_programs(), free_port()
    # Its own account's, which may not enter the directories of pytest; paths of sockets are short.
    directory = Path(tempfile.mkdtemp(prefix="bcpg"))
    (directory / "password").write_text(PASSWORD)
    user: tuple[str, ...] = ()
    if os.geteuid() == 0:  # it refuses to run as root
        for each in (directory, directory / "password"):
            shutil.chown(each, "postgres")
        user = ("runuser", "-u", "postgres", "--")
    data = f"{directory}/data"
    try:
        _run(
            *(*user, programs / "initdb", "-D", data, "-U", "bc", "-A", "scram-sha-256"),
            f"--pwfile={directory}/password",
        )
        options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = (*user, programs / "pg_ctl", "-D", data, "-w")
        _run(*control, "-o", options, "-l", directory / "log", "start")
        try:
            yield f"postgresql+psycopg2://bc:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            _run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def redis(directory: Path) -> Iterator[str]:
    """The address of a server, as BC_PIPELINE_REDIS_URL takes it.

    Raises:
        Missing: Redis is not installed, and cannot be now.
    """
    program, port = environment.redis_server(), free_port()
    options = ("--port", f"{port}", "--bind", "127.0.0.1", "--save", "", "--dir", f"{directory}")
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        ping = ("redis-cli", "-p", f"{port}", "ping")
        while subprocess.run(ping, capture_output=True, check=False).stdout != b"PONG\n":
            assert time.monotonic() < deadline, "Redis does not answer"
            time.sleep(0.1)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def _run(*command: object) -> None:
    # What it starts goes on and keeps the output open, so nothing is read from it.
    words = [str(each) for each in command]
    done = subprocess.run(words, stdout=subprocess.DEVNULL, cwd="/", check=False)
    assert done.returncode == 0, " ".join(words)
