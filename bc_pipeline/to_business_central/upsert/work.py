"""What the upsert works with: a record on its way, and what an entity adds to the general way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from bc_pipeline.business_central.batch import MAX_PARTS, Part, PartAnswer
from bc_pipeline.business_central.lookup.dimensions import DimensionValue
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.export_types import LedgerEntry, Pending
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import guid

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


AnyWork = TypeVar("AnyWork", bound=Work)


class Target(ABC, Generic[AnyWork]):
    """What an entity adds to the general way."""

    number: ClassVar[str]
    """Property an operator knows a record by."""
    dimensions: ClassVar[str]
    """Navigation to the dimensions of a row."""
    deep_insert: ClassVar[str | None] = None
    """Navigation that dimensions go into with a POST; None: they follow it."""
    dimension_changes: ClassVar[staticmethod[..., list[Part]]]
    """What brings the dimensions of a row to what is wanted."""

    @abstractmethod
    def find(self, context: ExportContext, works: Sequence[AnyWork]) -> None:
        """Look at BC in few requests: ``saw`` of each, or its ``problem``, or ``unclear``.

        Raises:
            RequestFailed, ReadFailed: BC could not say.
        """

    @abstractmethod
    def numbered(self, work: AnyWork) -> str:
        """The number no other record may write at a time; blank when it has none."""

    @abstractmethod
    def check_new(self, work: AnyWork) -> None:
        """Raises RecordError for what a new record may not lack."""

    @abstractmethod
    def changes(self, work: AnyWork) -> dict[str, Any]:
        """What of the body is to be sent."""

    @abstractmethod
    def collection(self, work: AnyWork) -> str:
        """Where it is POSTed to, below the company."""

    @abstractmethod
    def record_path(self, work: AnyWork) -> str:
        """Where its row is, below the company."""

    def claims(self, work: AnyWork) -> frozenset[tuple[str, ...]]:
        """What only one record may write at a time: the row, and its number."""
        row = {("id", guid(work.bc_id))} if work.row else set()
        number = self.numbered(work)
        return frozenset(row | ({("number", number)} if number else set()))

    def nested(self, work: AnyWork) -> list[dict[str, str]]:
        """The dimensions as they go into ``deep_insert``."""
        return []

    def dimension_parts(self, path: str, work: AnyWork, prefix_id: str) -> list[Part]:
        """The requests that bring the dimensions of the row at ``path`` to what is wanted."""
        present = work.row.get(self.dimensions) or () if work.row else ()
        return self.dimension_changes(path, present, work.dimensions, prefix_id)


def _since(entry: LedgerEntry) -> datetime | None:
    noted = entry.detail.get(SINCE)
    return datetime.fromisoformat(noted) if isinstance(noted, str) else entry.created_at


# Putting requests of many records into batches, and telling whose request was refused.


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
