"""``<snapshot_dir>/outbound/``: which files lie there.

A file is called ``<Entity>[.anything].<format>``, or ``<anything>.singer``. Everything else there,
such as a producer's temporary name, is left alone; what is named after an entity and in no format
we read is told. Nothing here opens a file, or needs to know who writes what is in it.
"""

from __future__ import annotations

from pathlib import Path

from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.to_business_central.inbox.endings import (
    READERS,
    file_format,
    is_singer,
    is_temporary,
)

DIRECTORY = "outbound"
_STREAMS = {export.stream.casefold() for export in EXPORTS.values() if export.stream}


def directory(snapshot_dir: Path) -> Path:
    """Where a tenant's files are dropped."""
    return snapshot_dir / DIRECTORY


def waiting(snapshot_dir: Path) -> list[Path]:
    """The files a run has to look at, oldest first; also those named after no known entity."""
    found: list[tuple[int, str, Path]] = []
    place = directory(snapshot_dir)
    if place.is_dir():
        for path in place.iterdir():
            try:
                if _is_candidate(path):
                    found.append((path.stat().st_mtime_ns, path.name, path))
            except FileNotFoundError:
                continue  # taken away by its producer meanwhile
    return [path for _, _, path in sorted(found)]


def not_read(snapshot_dir: Path) -> list[str]:
    """Names of files that are for us by their beginning, and in a format nobody reads."""
    place = directory(snapshot_dir)
    paths = sorted(place.iterdir()) if place.is_dir() else []
    return [path.name for path in paths if _is_of_no_format(path)]


def _is_candidate(path: Path) -> bool:
    return _is_finished(path) and file_format(path.name) in READERS


def _is_of_no_format(path: Path) -> bool:
    named = _is_named_after_an_entity(path.name) and not is_temporary(path.name)
    return named and file_format(path.name) not in READERS and _is_finished(path)


def _is_finished(path: Path) -> bool:
    name = path.name
    # Nothing can note or tell a name that is no text, such as one in another encoding.
    is_text = name.encode(errors="replace").decode() == name
    return is_text and name[0] != "." and path.is_file()


def _is_named_after_an_entity(name: str) -> bool:
    return not is_singer(name) and name.split(".", 1)[0].casefold() in _STREAMS
