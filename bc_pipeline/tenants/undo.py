"""Secrets that are renewed together with tenants.yaml: the old pair or the new one, always.

A file can be replaced as a whole, several cannot. So before the first one is touched, a note says
what they held. Whoever finds the note, and nobody at work, puts the old secrets back, unless
tenants.yaml, which comes last, has been replaced already.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from bc_pipeline.tenants import files
from bc_pipeline.tenants.secrets import DIRECTORY

NOTE = ".undo.json"


def lock_of(path: Path, wait_seconds: float) -> FileLock:
    """The lock that keeps every other writer from tenants.yaml.

    Args:
        path: of the file; a link stays a link.
        wait_seconds: how long to wait for it.
    """
    target = path.resolve()
    return FileLock(target.with_name(f".{target.name}.lock"), timeout=wait_seconds)


@contextmanager
def replaced(home: Path, file: Path, secrets: Mapping[Path, bytes]) -> Iterator[None]:
    """Around the writing of tenants.yaml: the secrets have been replaced by then, and are as before
    if it fails. To be called inside of the lock.

    Args:
        home: BC_PIPELINE_HOME.
        file: tenants.yaml.
        secrets: path -> new content.

    Raises:
        OSError: something cannot be written.
    """
    if not secrets:
        yield
        return
    (home / DIRECTORY).mkdir(mode=0o700, parents=True, exist_ok=True)
    before = {path: _content(path) for path in secrets}
    note = {
        "file": str(file.resolve()),
        "was": _digest(file),
        "secrets": {
            os.fsdecode(path): None if content is None else b64encode(content).decode()
            for path, content in before.items()
        },
    }
    files.replace(home / DIRECTORY / NOTE, orjson.dumps(note))
    try:
        for path, content in secrets.items():
            files.replace(path, content)
        yield
    except BaseException:
        _put_back(before)
        raise
    finally:
        (home / DIRECTORY / NOTE).unlink(missing_ok=True)


def mend(home: Path) -> str | None:
    """Put back the secrets of somebody who was ended halfway; None where nobody was.

    Args:
        home: BC_PIPELINE_HOME.

    Returns:
        What to tell people.
    """
    path = home / DIRECTORY / NOTE
    if not path.exists():
        return None
    try:
        with lock_of(Path(orjson.loads(path.read_bytes())["file"]), 0):
            note = orjson.loads(path.read_bytes())
            if _digest(Path(note["file"])) != note["was"]:
                path.unlink()
                return None
            before = {
                Path(name): None if content is None else b64decode(content)
                for name, content in note["secrets"].items()
            }
            _put_back(before)
            path.unlink()
    except (Timeout, *files.UNUSABLE):
        return None  # somebody is at work on it, or it is not ours to mend
    names = ", ".join(sorted(each.name for each in before))
    return (
        f"connecting was ended halfway; {names} below {path.parent} are as they were before, as is "
        "tenants.yaml. Connect again"
    )


def _put_back(before: Mapping[Path, bytes | None]) -> None:
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
        elif _content(path) != content:
            files.replace(path, content)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _digest(path: Path) -> str | None:
    content = _content(path)
    return None if content is None else sha256(content).hexdigest()
