"""What the upsert works with: a record on its way, and what an entity adds to the general way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from bc_pipeline.business_central.batch import MAX_PARTS, Part, PartAnswer
from bc_pipeline.business_central.lookup.dimensions import DimensionValue
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.export_types import LedgerEntry, Pending
from bc_pipeline.to_business_central.writer import ExportContext

CREATE, UPDATE, DIMENSIONS = "create", "update", "dimensions"
"""Steps in the ledger: the POST; a change of a record that was there; what follows the POST."""
MADE, SINCE = "made", "since"
"""Detail in the ledger: id of what the POST has made; when the first POST was about to be sent."""


@dataclass
class Work:
    """One record on its way.

    Attributes:
        name: tells the records of a call apart, as part of the ids of their requests.
        body: the properties the record gives, as BC wants them.
        dimensions: the values it is to have.
        link: id of the BC record that it became in an earlier run or step.
        doubt_since: a POST may have been applied since then, and nothing is known about it.
        created: BC has the record because of us, or it may.
        changed: a change was sent and worked, or may have.
        row: what BC has for it, as last seen; None: nothing.
        deep: dimensions may go along in the POST.
        sends: how often something was sent that did not end well.
        slow: the last time BC ran out of time, and may still be at work on it.
        problem: why it cannot be written.
        unclear: why what BC shows allows no decision.
        refusal: BC's last answer, when looking again may cure it.
    """

    pending: Pending
    body: dict[str, Any]
    dimensions: tuple[DimensionValue, ...] = ()
    link: str | None = None
    doubt_since: datetime | None = None
    created: bool = False
    changed: bool = False
    row: Mapping[str, Any] | None = None
    deep: bool = True
    sends: int = 0
    slow: bool = False
    problem: RecordError | None = None
    unclear: str | None = None
    refusal: RecordError | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Takes over what an earlier run has left."""
        entry = self.pending.entry
        if entry is None or entry.bc_company != self.pending.company.id:
            return
        self.link = entry.bc_id
        if entry.unresolved:
            self.created = entry.step in (CREATE, DIMENSIONS)
            self.changed = entry.step == UPDATE
            if entry.step == CREATE:
                self.doubt_since = _since(entry)
            elif entry.step == DIMENSIONS:
                self.link = str(entry.detail.get(MADE) or self.link)
        elif entry.state == "failed" and entry.step == CREATE:
            # A refusal is no proof that nothing happened (platform 6): look before sending again.
            self.doubt_since = _since(entry)

    @property
    def may_be_there(self) -> bool:
        """BC may have it because of us, whether it has been seen there or not."""
        return bool(self.link or self.doubt_since or self.sends)

    @property
    def bc_id(self) -> str | None:
        """Of what BC has for it."""
        return str(self.row["id"]) if self.row else None

    def saw(self, row: Mapping[str, Any] | None) -> None:
        """Note what BC has for it now."""
        self.row = row
        if row is not None:
            self.doubt_since = None


TargetWork = TypeVar("TargetWork", bound=Work, contravariant=True)


class Target(Protocol[TargetWork]):
    """What an entity adds to the general way."""

    @property
    def number(self) -> str:
        """Property an operator knows a record by."""

    @property
    def deep_insert(self) -> str | None:
        """Navigation that dimensions go into with a POST; None: they follow it."""

    def find(self, context: ExportContext, works: Sequence[TargetWork]) -> None:
        """Look at BC in few requests: ``saw`` of each, or its ``problem``, or ``unclear``.

        Raises:
            RequestFailed, ReadFailed: BC could not say.
        """

    def claims(self, work: TargetWork) -> frozenset[tuple[str, ...]]:
        """What only one record may write at a time, such as a number."""

    def check_new(self, work: TargetWork) -> None:
        """Raises RecordError for what a new record may not lack."""

    def changes(self, work: TargetWork) -> dict[str, Any]:
        """What of the body is to be sent."""

    def nested(self, work: TargetWork) -> list[dict[str, Any]]:
        """The dimensions as they go into ``deep_insert``."""

    def dimension_parts(self, path: str, work: TargetWork, prefix_id: str) -> list[Part]:
        """The requests that bring the dimensions of the row at ``path`` to what is wanted."""

    def collection(self, work: TargetWork) -> str:
        """Where it is POSTed to, below the company."""

    def record_path(self, work: TargetWork) -> str:
        """Where its row is, below the company."""


def _since(entry: LedgerEntry) -> datetime | None:
    noted = entry.detail.get(SINCE)
    return datetime.fromisoformat(noted) if isinstance(noted, str) else entry.created_at


# Putting requests of many records into batches, and telling whose request was refused.

AnyWork = TypeVar("AnyWork", bound=Work)


@dataclass(frozen=True)
class Unit(Generic[AnyWork]):
    """A record and the requests that change it."""

    work: AnyWork
    parts: tuple[Part, ...]


def refused(
    units: Sequence[Unit[AnyWork]], answers: Mapping[str, PartAnswer]
) -> list[tuple[Unit[AnyWork], PartAnswer]]:
    """Who leaves a batch that was taken back: the record refused, or all when nobody was."""
    first = [(unit, answers[unit.parts[0].id]) for unit in units]
    if any(answer.uncertain or answer.later for _, answer in first):
        return first
    for unit in units:
        for part in unit.parts:
            # The others are only told that they were taken back along with it.
            if answers[part.id].body is not None:
                return [(unit, answers[part.id])]
    return first if len(units) == 1 else []


def packs(units: Iterable[Unit[AnyWork]]) -> Iterator[list[Unit[AnyWork]]]:
    """As many records as fit into one batch, whole."""
    pack: list[Unit[AnyWork]] = []
    size = 0
    for unit in units:
        if size + len(unit.parts) > MAX_PARTS:
            yield pack
            pack, size = [], 0
        pack.append(unit)
        size += len(unit.parts)
    if pack:
        yield pack
