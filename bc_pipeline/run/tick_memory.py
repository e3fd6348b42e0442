"""What a tenant's ticks remember from one to the next, in ``tick.json`` beside the snapshot.

It only spares work: without it, or when anything but a run has touched the snapshot since, the next
tick reads and compares everything. It is a file of its own because opening the snapshot would cost
more than all else a tick without changes does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cache
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.run.probe import Mark
from bc_pipeline.snapshot.store import FILE_NAME, is_left_open
from bc_pipeline.tenants import files, tenant_config
from bc_pipeline.tenants.settings import Tenant

MEMORY_FILE = "tick.json"
_OF_NO_TICK: Any = {
    "home": True,
    "snapshot_dir": True,
    "enabled": True,
    "alerts": True,
    "business_central": {"client_secret_expires"},
}
"""Settings that change nothing of what is read or sent."""


@dataclass(frozen=True)
class Memory:
    """What is remembered of one tenant.

    Args:
        made_by: program and settings it holds for; other ones make it void.
        snapshot: the snapshot file as it was left, see ``state_of``; None: touched since.
        company: id, name, display name and version of the config company.
        ticked_at: when everything was last known to be as in Business Central.
        stock_at: the same of stock.
        ran_at: when a tick last had a run.
        swept_at: when everything was last read, asked or not.
        run_no: number of the last run.
        idle: ticks without a run since then.
        attempts: resource -> number of the run that tries a quarantined record of it again.
        unfinished: tasks that did not come to their end.
        marks: path of a question -> what its answer looked like.
        stock_marks: the same, as far as stock has been sent for it.
        standing: task -> counts of its records and its problems, as they stood after its last run.
        orders: what is remembered of looks for new buy orders.
        overran: the last run was ended because it took too long.
    """

    made_by: str
    snapshot: str | None
    company: tuple[str, str, str, str]
    ticked_at: datetime
    ran_at: datetime
    stock_at: datetime | None = None
    swept_at: datetime | None = None
    run_no: int = 0
    idle: int = 0
    attempts: Mapping[str, int] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict)
    stock_marks: Mapping[str, Mark] = field(default_factory=dict)
    standing: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    orders: Mapping[str, Any] = field(default_factory=dict)
    overran: bool = False

    @property
    def next_run_no(self) -> int:
        """The number a run started by the coming tick has: ticks without a run count as well,
        for records are tried again at distances measured in them."""
        return self.run_no + self.idle + 1


_MEMORY = TypeAdapter(Memory)


def load(directory: Path) -> Memory | None:
    """What is remembered; None when there is nothing, or nothing readable."""
    try:
        return _MEMORY.validate_json((directory / MEMORY_FILE).read_bytes())
    except files.UNUSABLE:
        return None


def held(tenant: Tenant) -> Memory | None:
    """What is remembered, if it holds: nothing but runs has touched the snapshot, and program and
    settings are those it was made by."""
    memory = confirmed(tenant)
    if memory is None or memory.snapshot != state_of(tenant.snapshot_dir):
        return None
    return memory


def confirmed(tenant: Tenant) -> Memory | None:
    """What is remembered, for telling how fresh things are: what a tick has confirmed stays true
    when somebody works on the snapshot afterwards."""
    memory = load(tenant.snapshot_dir)
    return memory if memory is not None and memory.made_by == maker(tenant) else None


def save(directory: Path, memory: Memory) -> None:
    """Remember it. Losing it costs a full tick, nothing else, so a failure is not told."""
    try:
        files.replace(directory / MEMORY_FILE, orjson.dumps(asdict(memory)), durable=False)
    except OSError:
        forget(directory)


def forget(directory: Path) -> None:
    """The next tick reads everything."""
    (directory / MEMORY_FILE).unlink(missing_ok=True)


@contextmanager
def kept(tenant: Tenant) -> Iterator[None]:
    """Around a change of the snapshot that no tick looks at: what is remembered goes on holding.
    The snapshot is closed before this ends, and the caller holds the tenant."""
    memory = held(tenant)
    yield
    if memory is not None:
        left = state_of(tenant.snapshot_dir)
        save(tenant.snapshot_dir, replace(memory, snapshot=left))


def note_overrun(directory: Path) -> None:
    """The run that has just ended was cut off: the next one should have time."""
    memory = load(directory)
    if memory is not None:
        save(directory, replace(memory, overran=True))


def has_run(directory: Path) -> bool:
    """Whether there is a snapshot, so that it is not the first run that is to come."""
    return (directory / FILE_NAME).exists()


def wants_time(directory: Path) -> bool:
    """Whether the next run may take long: the first one, or one after another that was cut off."""
    memory = load(directory)
    return not has_run(directory) or (memory is not None and memory.overran)


def state_of(directory: Path) -> str:
    """What tells whether the snapshot file was touched: its size and time of change. Beside it
    stands the log a process leaves that is killed before its changes are in the file."""
    try:
        stat = (directory / FILE_NAME).stat()
    except OSError:
        return ""
    killed = " and its log" if is_left_open(directory) else ""
    return f"{stat.st_size}@{stat.st_mtime_ns}{killed}"


def maker(tenant: Tenant) -> str:
    """What a memory holds for: the program's version, its mappings, and the tenant's settings."""
    settings = tenant.model_dump(mode="json", exclude=_OF_NO_TICK)
    mappings = {name: resource.mapping_version for name, resource in RESOURCES.items()}
    try:
        dimensions = (
            (tenant.snapshot_dir / tenant_config.FILE_NAME).read_bytes().decode(errors="replace")
        )
    except OSError:
        dimensions = ""
    told = orjson.dumps([_version(), mappings, settings, dimensions], option=orjson.OPT_SORT_KEYS)
    return blake2b(told, digest_size=16).hexdigest()


@cache
def _version() -> str:
    return metadata.version("bc-pipeline")
