"""Whether files can be written where they belong, and what a person is told when they cannot: a
disk that is full, a quota, a file system that became read-only, rights that are missing."""

from __future__ import annotations

import errno
import getpass
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bc_pipeline.errors import CannotStore

TRIED_BYTES = 1 << 20
"""What must be free for a try to count as good: less is gone with the next run."""
SCARCE_BYTES = 200 * TRIED_BYTES
"""Below it somebody should make room: on a disk that is full nothing of Dagster runs, either."""
GOES_ON = "The next run goes on from what was stored last"

_QUOTED = re.compile(r'"(/[^"]+)"')
_DATABASES = ("duckdb", "_duckdb", "sqlite3", "sqlalchemy")
"""Modules whose errors say in words what a file system has answered."""
_VAGUE = ("disk i/o error", "unable to open database file")
"""What SQLite says of several things, a full disk among them."""


@dataclass(frozen=True)
class _Obstacle:
    """Why a file cannot be written.

    Args:
        what: in words.
        todo: what helps.
        texts: how databases tell it.
        of_a_file: means it only where the error names a file.
    """

    what: str
    todo: str
    texts: tuple[str, ...]
    of_a_file: bool = False


_FULL = _Obstacle(
    "the disk is full ({free} left)",
    "Make room on it, or give it more",
    ("no space left on device", "disk is full"),
)
_QUOTA = _Obstacle(
    "the quota is used up",
    "Make room, or have the quota raised",
    ("disk quota exceeded",),
)
_READ_ONLY = _Obstacle(
    "the file system is read-only",
    "Have it mounted for writing; a disk that became read-only by itself may be failing",
    ("read-only file system", "readonly database"),
)
_LIMIT = _Obstacle(
    "a file may not become any larger (ulimit -f)",
    "Raise the limit of whatever starts bc-pipeline, such as LimitFSIZE in its unit",
    ("file too large",),
)
_RIGHTS = _Obstacle(
    "the user {user} may not write there",
    "Give that user the right (chown, chmod), or let the one who owns it run bc-pipeline",
    ("permission denied", "operation not permitted"),
    of_a_file=True,
)
_OBSTACLES: Mapping[int, _Obstacle] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _QUOTA,
    errno.EROFS: _READ_ONLY,
    errno.EFBIG: _LIMIT,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
}


def cannot_store(error: BaseException, directory: Path) -> CannotStore | None:
    """What to tell of an error when it means that a file could not be written.

    Args:
        error: any.
        directory: where it was to be written, unless the error names the file.

    Returns:
        None: it means something else.
    """
    for each in _chain(error):
        if isinstance(each, CannotStore):
            return each
        obstacle = _obstacle(each)
        if obstacle is not None:
            return _told(obstacle, _place(each) or directory)
        if _of_database(each) and any(text in str(each).lower() for text in _VAGUE):
            return _attempt(_standing(directory))
    return None


def tried(directory: Path) -> str | None:
    """Why nothing could be written into a directory just now, or into the one above it where there
    is none yet; None: it could."""
    found = _attempt(_standing(directory))
    return str(found) if found else None


def _attempt(directory: Path) -> CannotStore | None:
    try:
        with tempfile.TemporaryFile(dir=directory, prefix=".disk-") as file:
            # An empty file fits on a full disk.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, TRIED_BYTES)
            else:
                file.write(bytes(TRIED_BYTES))
    except OSError as error:
        return cannot_store(error, directory)
    return None


def scarce(directory: Path) -> str | None:
    """What a file system says of itself without a try: that it is read-only, full, or soon will be;
    None: nothing of that."""
    directory = _standing(directory)
    try:
        told = os.statvfs(directory)
    except (OSError, AttributeError):  # Windows does not say
        return None
    if told.f_flag & os.ST_RDONLY:
        return str(_told(_READ_ONLY, directory))
    free = told.f_bavail * told.f_frsize
    if free < TRIED_BYTES:
        return str(_told(_FULL, directory))
    if free < SCARCE_BYTES:
        return f"the disk of {directory} is nearly full: {_size(free)} left. {_FULL.todo}"
    return None


def _standing(directory: Path) -> Path:
    """The directory, or the nearest above it that is there."""
    return next((each for each in (directory, *directory.parents) if each.is_dir()), directory)


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__


def _obstacle(error: BaseException) -> _Obstacle | None:
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        found = _OBSTACLES.get(error.errno or 0)
        return None if found is None or (found.of_a_file and not error.filename) else found
    if not _of_database(error):
        return None
    text = str(error).lower()
    return next((o for o in _OBSTACLES.values() if any(each in text for each in o.texts)), None)


def _of_database(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in _DATABASES


def _place(error: BaseException) -> Path | None:
    """The directory of the file an error names."""
    named = error.filename if isinstance(error, OSError) else None
    if named is None and (found := _QUOTED.search(str(error))):
        named = found[1]
    return Path(os.fsdecode(named)).parent if isinstance(named, str | bytes) else None


def _told(obstacle: _Obstacle, directory: Path) -> CannotStore:
    what = obstacle.what.format(free=_free(directory), user=_user())
    return CannotStore(f"{directory} cannot be written: {what}. {obstacle.todo}. {GOES_ON}")


def _free(directory: Path) -> str:
    try:
        return _size(shutil.disk_usage(directory).free)
    except OSError:
        return "nothing"


def _size(number: int) -> str:
    return f"{number / (1 << 20):.0f} MB"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # in a container without an entry for it
        return str(os.getuid())
