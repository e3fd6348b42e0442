"""Files that other processes may be reading: replaced as a whole, private, safe from a crash."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replaces a file, mode 0600; when this returns it survives a crash of the machine.

    Args:
        path: in a directory that exists.
        content: all of it.
        durable: False where losing it does no harm; it is never seen half written all the same.

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
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    """Makes the rename itself durable, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
