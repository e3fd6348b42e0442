"""What a story consists of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Read:
    """One entity of Business Central that the record is made from.

    Attributes:
        entity: task name, ``bc/items``.
        place: where it is read, in words.
        read_at: when it was last read to its end, or found unchanged; None: never.
        changed_at: when what is known of the record arrived or last changed.
        trouble: why it could not be read last time.
    """

    entity: str
    place: str
    read_at: datetime | None
    changed_at: datetime | None = None
    trouble: str | None = None


@dataclass(frozen=True)
class Value:
    """One attribute of Optiply.

    Attributes:
        wanted: as the mirror has it now, canonical; None: nothing is sent.
        sent: as it was last sent.
        sources: the columns it is made from.
        rule: how, in words.
    """

    name: str
    wanted: Any
    sent: Any
    sources: tuple[str, ...]
    rule: str


@dataclass(frozen=True)
class Sending:
    """One time something was sent.

    Attributes:
        run_id: None when the run is not known any more.
        attributes: what was sent; None: all of it, as it was sent last.
    """

    at: datetime
    action: str
    run_id: str | None
    optiply_id: int | None
    attributes: Mapping[str, Any] | None


@dataclass(frozen=True)
class Order:
    """What is sold on one sales order and not shipped.

    Attributes:
        quantity, unit: as the order says.
        taken: in Optiply's units; None: not taken off.
    """

    number: str | None
    quantity: Decimal | None
    unit: str
    taken: Decimal | None


@dataclass(frozen=True)
class Stock:
    """The stock level as a sum, in Optiply's units.

    Attributes:
        level: as the mirror has it now; None: none is sent.
        sent: as it was last sent.
        inventory, sold: its two terms, before it is rounded down.
        in_base_units, base_unit: the inventory as Business Central counts it, and in what.
        places: what lies where in base units, empty when the source does not tell places apart.
        orders: what is sold on which order; empty also where one figure tells it.
        source: where the inventory comes from, in words.
        counted: which places count, in words.
        notes: what else one must know of the figure, a sentence each.
        read_at, sent_at, sent_by: when both terms were read; when the figure was sent last, and by
            which run.
        text: the sum itself.
    """

    level: int | None
    inventory: Decimal | None
    sold: Decimal | None
    in_base_units: Decimal | None
    base_unit: str
    places: Mapping[str, Decimal]
    orders: Sequence[Order]
    source: str
    counted: str
    notes: tuple[str, ...] = ()
    sent: int | None = None
    read_at: datetime | None = None
    sent_at: datetime | None = None
    sent_by: str | None = None
    text: str = ""


@dataclass(frozen=True)
class RecordState:
    """How a record stands.

    Attributes:
        state: one word, as in the id map or ledger; ``wanted``: nothing was booked of it yet.
        told: what that means, a sentence.
        reason: why, in the operator's words.
        todo: what a person can do about it; None: nothing has to be done.
        next_attempt: when it is tried again; None where there is no need.
        tries: how often it was tried in vain.
    """

    state: str
    told: str
    reason: str | None = None
    todo: str | None = None
    next_attempt: str | None = None
    tries: int = 0


@dataclass(frozen=True)
class Story:
    """All that is known of one record.

    Attributes:
        entity: task name.
        key: remote id, or key in the ledger.
        number, name: what people call it.
        ids: the ids it has in both systems, by what they are called.
        facts: lines about what belongs to it (lines of an order, its receipts, files), by title.
        waits: what waits for it, a line each.
        data: rows as they stand in the snapshot, for programs.
    """

    entity: str
    key: str
    number: str | None
    name: str | None
    standing: RecordState
    ids: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[Read, ...] = ()
    stock: Stock | None = None
    values: tuple[Value, ...] = ()
    facts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    history: tuple[Sending, ...] = ()
    history_note: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """One JSON object; ``state`` and the like stand beside the raw rows."""
        told = asdict(self)
        data = told.pop("data")
        told["attributes"] = told.pop("values")
        return {**told, **data}
