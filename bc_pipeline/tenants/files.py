"""Files that other processes may be reading: replaced as a whole, private, safe from a crash."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

UNUSABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""What reading a file of ours raises that is not there, was cut off, or has another form. That of
one tenant must not keep the others from being looked at."""


def replace(
    path: Path, content: bytes, *, durable: bool = True, like: os.stat_result | None = None
) -> None:
    """Replaces a file; when this returns it survives a crash of the machine.

    Args:
        path: in a directory that exists.
        content: all of it.
        durable: False where losing it does no harm; it is never seen half written all the same.
        like: of a file whose mode and, where we may, owner it gets; else it is ours, mode 0600.

    Raises:
        OSError: it could not be written; the old one is still there.
    """
    # mkstemp makes the file 0600 from its first byte on.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if like is not None:
            _resemble(temporary, like)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        # The new one is there: who is told of a failure now would believe it is the old one.
        with suppress(OSError):
            _sync_directory(path.parent)


def _resemble(path: Path, like: os.stat_result) -> None:
    """Whoever could read the old file can read the new one, as far as the file system and our
    rights go; before it takes its place, so nobody meets it otherwise."""
    with suppress(OSError):
        path.chmod(stat.S_IMODE(like.st_mode))
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(path, like.st_uid, like.st_gid)


def _sync_directory(directory: Path) -> None:
    """Makes the rename itself durable, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
