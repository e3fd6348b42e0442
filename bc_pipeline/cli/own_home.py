"""A home of one program's own, such as ``var/dev``: who comes second touches nothing of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants.registry import HOME_VARIABLE, TENANTS_VARIABLE

LOCALHOST = "127.0.0.1"


@contextmanager
def owned(home: Path) -> Iterator[None]:
    """Nobody else begins to work in ``home`` meanwhile.

    Raises:
        ConfigError: somebody already does.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{home}.lock")  # beside it, because the home itself is emptied
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ConfigError(
            f"{home} is in use by another process. End that one first, or work elsewhere with "
            f"{HOME_VARIABLE}=<directory>"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Inside the block, this process and those it starts work in ``home``, with a Dagster instance
    of its own."""
    own = {HOME_VARIABLE: str(home), "DAGSTER_HOME": str(home / "dagster")}
    saved = {name: os.environ.get(name) for name in (*own, TENANTS_VARIABLE)}
    os.environ.update(own)
    os.environ.pop(TENANTS_VARIABLE, None)
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def refuse_taken(ports: Mapping[int, str]) -> None:
    """Make sure that ports are free.

    Args:
        ports: each with the option that chooses another one.

    Raises:
        ConfigError: some are taken; names them.
    """
    taken = {port: option for port, option in ports.items() if _is_taken(port)}
    if taken:
        told = " and ".join(f"port {port} (choose another with {taken[port]})" for port in taken)
        raise ConfigError(
            f"{told} {'is' if len(taken) == 1 else 'are'} taken, perhaps by another one of these "
            "that still runs; nothing was started or changed"
        )


def first_free(port: int) -> int:
    """A free port: this one, or the next one that is."""
    while _is_taken(port):
        port += 1
    return port


def _is_taken(port: int) -> bool:
    try:
        with socket.create_server((LOCALHOST, port)):
            return False
    except OSError:
        return True
