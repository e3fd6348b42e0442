"""What goes into a tenant's run and what comes out of it. Plain data, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Literal, Protocol

RunStatus = Literal["success", "partial", "failed", "skipped"]
ProblemKind = Literal[
    "quarantined",
    "deferred",
    "blocked",
    "ambiguous",
    "auth",
    "config",
    "throttled",
    "guard",
    "read",
]

PREVIEW_ROWS = 10
"""How many changes an entity's result shows as a sample; the counts are always complete."""


_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)


@dataclass(frozen=True)
class Launch:
    """How one run was asked for (flows.md 10).

    Args:
        full: forget bookmarks for this run, read everything again, keep the id map.
        since: read incremental entities from this date instead of from their bookmark.
        entities: task names (``optiply/products`` or just ``products``); empty means all.
        dry_run: work on a throw-away copy of the snapshot, send nothing that changes Optiply or
            Business Central, and move no file.
        looked: a look has told right before the run that nothing but what is selected has changed.
    """

    full: bool = False
    since: date | None = None
    entities: tuple[str, ...] = ()
    dry_run: bool = False
    looked: bool = False


class AsJson:
    """A dataclass whose fields are its JSON."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload]


@dataclass(frozen=True)
class Problem(AsJson):
    """Something an operator should know; ``reason`` is in the operator's words.

    ``remote_id`` is None when the whole entity is meant.
    """

    entity: str
    remote_id: str | None
    kind: ProblemKind
    reason: str

    @property
    def record(self) -> str:
        """What stands for the record where the reason tells its number: nothing in place of a
        GUID, which tells people nothing."""
        return "" if self.remote_id is None or _GUID.match(self.remote_id) else self.remote_id


@dataclass
class RequestCounts(AsJson):
    """Requests sent to one system: all of them, the repeats among them, the 429s met."""

    total: int = 0
    retried: int = 0
    throttled: int = 0


@dataclass
class Counts:
    """Every record of an entity ends in exactly one of these (flows.md 8)."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    skipped: int = 0
    deferred: int = 0
    quarantined: int = 0

    def as_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNT_NAMES}


COUNT_NAMES: tuple[str, ...] = tuple(f.name for f in fields(Counts))


@dataclass
class EntityResult(Counts):
    """What one task of a run did. ``rows`` are mirror rows for ``bc/*``, wanted rows for
    ``optiply/*``, waiting records for ``outbound/*``; ``seconds`` is wall-clock time of the task
    itself. ``adopted`` rows stood in Optiply before the first run and were taken over; they are
    counted as what else happens to them, too. ``unsettled`` records may end otherwise with another
    try, although nothing changes; ``renumbered`` ones are another row in Optiply than before.
    ``requests_noted`` is what a dry run would have sent
    to Business Central for the task, as in ``RunSummary``."""

    name: str = ""
    rows: int = 0
    adopted: int = 0
    unsettled: int = 0
    renumbered: int = 0
    requests: int = 0
    retried: int = 0
    throttled: int = 0
    seconds: float = 0.0
    pages: int = 0
    complete: bool = True
    mode: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    requests_noted: list[dict[str, Any]] = field(default_factory=list)

    def preview(self, change: dict[str, Any]) -> None:
        """Keep ``change`` as part of the sample, while there is room."""
        if len(self.changes) < PREVIEW_ROWS:
            self.changes.append(change)


class ProgressListener(Protocol):
    """Told while a run works; called from several threads, must return quickly."""

    def progress(self, entity: str, done: int, total: int, requests: int, rate: float) -> None:
        """``done`` of ``total`` records handled (``total`` 0 = not known yet), ``requests`` sent
        for the entity so far, at ``rate`` per second."""


@dataclass
class RunSummary:
    """The outcome of one tenant's run.

    Args:
        requests_noted: of a dry run, what it would have sent to Business Central, as ``{"method",
            "path", "body"}`` in order.
    """

    tenant: str
    run_id: str
    status: RunStatus = "success"
    seconds: float = 0.0
    reason: str | None = None
    dry_run: bool = False
    entities: dict[str, EntityResult] = field(default_factory=dict)
    business_central: RequestCounts = field(default_factory=RequestCounts)
    optiply: RequestCounts = field(default_factory=RequestCounts)
    checks: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    failed: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    requests_noted: list[dict[str, Any]] = field(default_factory=list)

    @property
    def exit_failure(self) -> bool:
        """True when the command line should exit 1: the run or a whole entity failed."""
        return self.status == "failed" or bool(self.failed)

    @property
    def adopted(self) -> dict[str, int]:
        """Entity -> rows that stood in Optiply already and were taken over (decisions 4)."""
        return {name: result.adopted for name, result in self.entities.items() if result.adopted}

    def optiply_entities(self) -> Iterator[tuple[str, EntityResult]]:
        """The entities written to Optiply, in the order of the run."""
        return ((n, r) for n, r in self.entities.items() if n.startswith("optiply/"))

    def outbound_entities(self) -> Iterator[tuple[str, EntityResult]]:
        """The entities written to Business Central, in the order of the run."""
        return ((n, r) for n, r in self.entities.items() if n.startswith("outbound/"))

    def as_json(self) -> dict[str, Any]:
        """One tenant's object in the JSON of ``sync`` and ``export``; of a first run also
        ``adopted``, of a dry run with exports also ``requests_noted``."""
        written = (*self.optiply_entities(), *self.outbound_entities())
        adopted = {"adopted": self.adopted} if self.adopted else {}
        noted = {"requests_noted": self.requests_noted} if self.requests_noted else {}
        return {
            "status": self.status,
            "run_id": self.run_id,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
            "entities": {name: result.as_json() for name, result in written},
            "requests": {
                "business_central": self.business_central.as_json(),
                "optiply": self.optiply.as_json(),
            },
            "checks": dict(self.checks),
            "problems": [problem.as_json() for problem in self.problems],
            **adopted,
            **noted,
        }
