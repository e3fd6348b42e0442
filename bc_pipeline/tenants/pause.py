"""A tenant that somebody has paused: as good as ``enabled: false`` until it is resumed, without
touching tenants.yaml. The note stands beside its snapshot, so it holds on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

from bc_pipeline import clock
from bc_pipeline.errors import PipelineError
from bc_pipeline.tenants import files
from bc_pipeline.values import storable

FILE = "paused.json"
RESUMED_FILE = "resumed.json"


@dataclass(frozen=True)
class Pause:
    """Since when, by whom and why; empty texts = nobody said."""

    at: datetime
    by: str = ""
    why: str = ""

    def in_words(self) -> str:
        """``paused since 2026-08-22 10:29 UTC by Anna: stock-taking``"""
        by = f" by {self.by}" if self.by else ""
        why = f": {self.why}" if self.why else ""
        return f"paused since {self.at:%Y-%m-%d %H:%M} UTC{by}{why}"


def pause(snapshot_dir: Path, *, by: str = "", why: str = "") -> Pause:
    """Pause a tenant; one that is paused stays so, as it was. A run at work comes to its end.

    Args:
        snapshot_dir: the tenant's.
        by: who wants it.
        why: for whoever finds it paused.

    Raises:
        PipelineError: the note cannot be written.
    """
    known = paused(snapshot_dir)
    if known is not None:
        return known
    found = Pause(clock.now(), _line(by), _line(why))
    with _told_when_not_written(snapshot_dir):
        snapshot_dir.mkdir(parents=True, exist_ok=True)
        files.replace(snapshot_dir / FILE, orjson.dumps(asdict(found)))
    return found


def resume(snapshot_dir: Path) -> Pause | None:
    """End the pause; what it was, None when there was none. When it ended is noted: its time makes
    nothing late.

    Raises:
        PipelineError: the note cannot be taken away.
    """
    known = paused(snapshot_dir)
    if known is not None:
        with suppress(OSError):  # it only spares a false alarm
            note = orjson.dumps({"at": clock.now()})
            files.replace(snapshot_dir / RESUMED_FILE, note, durable=False)
    with _told_when_not_written(snapshot_dir):
        (snapshot_dir / FILE).unlink(missing_ok=True)
    return known


def paused(snapshot_dir: Path) -> Pause | None:
    """The pause of a tenant; None when there is none. A note nobody can read is a pause too: it is
    there because somebody wanted one."""
    path = snapshot_dir / FILE
    try:
        known = orjson.loads(path.read_bytes())
        return Pause(datetime.fromisoformat(known["at"]), str(known["by"]), str(known["why"]))
    except FileNotFoundError:
        return None
    except files.UNUSABLE:
        return Pause(datetime.fromtimestamp(0, tz=clock.now().tzinfo), why=f"{path} is unreadable")


def resumed_at(snapshot_dir: Path) -> datetime | None:
    """When the last pause of a tenant ended; None when it never had one."""
    try:
        return datetime.fromisoformat(
            orjson.loads((snapshot_dir / RESUMED_FILE).read_bytes())["at"]
        )
    except files.UNUSABLE:
        return None


def _line(text: str) -> str:
    """What somebody typed, as one line for everybody's terminal."""
    return " ".join(storable(text).split())


@contextmanager
def _told_when_not_written(snapshot_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PipelineError(
            f"nothing has changed: {snapshot_dir / FILE} cannot be written ({error.strerror})"
        ) from None
