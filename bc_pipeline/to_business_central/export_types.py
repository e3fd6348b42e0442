"""What the parts of an export hand to each other. Plain data, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bc_pipeline.business_central.client import Company
from bc_pipeline.business_central.lookup.dimensions import MappingFinding
from bc_pipeline.errors import RecordError

Action = Literal["created", "updated", "unchanged", "posted", "skipped", "failed"]
LedgerState = Literal["intent", "created", "linked", "done", "blocked", "ambiguous", "failed"]
HoldKind = Literal["ambiguous", "blocked", "deferred"]

UNRESOLVED: frozenset[LedgerState] = frozenset({"intent", "created", "ambiguous"})
"""A request may have changed Business Central, and its outcome is not known to the end."""
IN_DOUBT = "in_doubt"
"""In the detail of the ledger: refused before anybody saw what became of an earlier request."""


@dataclass(frozen=True)
class LedgerEntry:
    """What the ledger knows about one record.

    Args:
        state: ``intent``: about to change BC; ``created``: its BC id is known, steps remain;
            ``linked``: both sides know each other; ``done``; ``failed``: refused for a reason;
            ``blocked``: waits for somebody; ``ambiguous``: BC shows something unclear.
        step: the last step begun or finished, in the words of the entity's writer.
        action: what the last write that ended well has done.
        missed_lookups: how often the record was looked for in BC in vain, since the last answer.
        blocked_runs: runs that have found it blocked, one after another.
        record: the record as it came, for sending it again.
        detail: what the writer has noted, such as the ids of lines.
    """

    entity: str
    key: str
    payload_hash: str | None
    state: LedgerState
    step: str | None = None
    bc_company: str | None = None
    bc_id: str | None = None
    bc_number: str | None = None
    action: Action | None = None
    error_class: str | None = None
    reason: str | None = None
    attempts: int = 0
    missed_lookups: int = 0
    blocked_runs: int = 0
    record: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)
    external_id: str | None = None
    file: str | None = None
    line: int | None = None
    run_no: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def unresolved(self) -> bool:
        """Whether BC must be looked at before anything is sent again."""
        return self.state in UNRESOLVED or bool(self.detail.get(IN_DOUBT))


@dataclass(frozen=True)
class Source:
    """Where a record came from: one line of one generation of a file.

    Args:
        generation: 1 for the first content seen under that name, 2 for the next one.
    """

    file: str
    generation: int
    line: int


@dataclass(frozen=True)
class Pending:
    """One record waiting to be written.

    Args:
        entity: as in the ledger, such as ``customers``.
        key: the same for the same record whenever it comes.
        payload_hash: tells whether the record has changed.
        record: a model of ``unified.py``; of purchase orders what their source makes.
        payload: the record as JSON values (decimals as text), kept for sending it again.
        company: the company it goes to.
        source: the line it came from; None of purchase orders.
        entry: what the ledger knew about it when this run (or wave) began.
    """

    entity: str
    key: str
    payload_hash: str
    record: Any
    payload: Mapping[str, Any]
    company: Company
    external_id: str | None = None
    source: Source | None = None
    entry: LedgerEntry | None = None

    @property
    def file(self) -> str | None:
        return self.source.file if self.source else None

    @property
    def line(self) -> int | None:
        return self.source.line if self.source else None

    @property
    def name(self) -> str:
        """What an operator calls the record."""
        return self.external_id or self.key


@dataclass(frozen=True)
class Intent:
    """A request is about to change Business Central for this record.

    Args:
        step: which one, in the writer's words.
        detail: merged into the entry's detail.
    """

    pending: Pending
    step: str
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """The one end of a record in this run.

    Args:
        bc_id, bc_number: of the BC record, when known.
        error_class, message: why it failed.
        detail: merged into the entry's detail.
    """

    action: Action
    bc_id: str | None = None
    bc_number: str | None = None
    error_class: str | None = None
    message: str | None = None
    detail: Mapping[str, Any] | None = None

    @classmethod
    def failed(
        cls,
        error: RecordError,
        *,
        bc_id: str | None = None,
        bc_number: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """The outcome of a record that was refused."""
        return cls("failed", bc_id, bc_number, error.error_class, error.message, detail)

    @property
    def success(self) -> bool:
        return self.action != "failed"


@dataclass(frozen=True)
class Offender:
    """A pending record that will be refused, known before anything is written."""

    key: str
    external_id: str | None
    file: str | None
    line: int | None
    error_class: str
    reason: str


@dataclass(frozen=True)
class Preparation:
    """What is known about an entity before anything of it is written.

    Args:
        entity: task name, ``outbound/customers``.
        pending: records waiting.
        mappings: the dimension mapping against the config company; None when nothing is pending.
        offenders: the records that will be refused.
    """

    entity: str
    pending: int = 0
    mappings: MappingFinding | None = None
    offenders: tuple[Offender, ...] = ()


# Records that wait: for another record, or for somebody to look.

ESCALATED_AFTER = 3
"""Runs a record may be blocked before a person is asked to look (flows.md 5)."""

COMPANY_NOT_FOUND = "CompanyNotFound"
"""Error class of records that name a company that is not there."""
LACKS_ANOTHER = frozenset({"RecordNotFound", "InvalidRecordState"})
"""Error classes of records whose vendor is not there, or whose bill is not posted yet."""


def escalated(reason: str, kind: HoldKind, entry: LedgerEntry | None) -> str:
    """The reason, with more weight when the record has been blocked for long."""
    runs = entry.blocked_runs if entry is not None and kind == "blocked" else 0
    if runs < ESCALATED_AFTER:
        return reason
    return f"{reason} (for {runs} runs now: somebody has to look)"


def lacks_another(outcome: Outcome) -> bool:
    """Whether the record failed because another one is not there, or not ready."""
    return outcome.error_class in LACKS_ANOTHER
