"""From lines of files to records waiting to be written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bc_pipeline.business_central.client import Company
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.company import company_of
from bc_pipeline.to_business_central.contradictions import contradictions
from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.inbox.inbox import WaitingLine
from bc_pipeline.to_business_central.unified import as_payload, payload_hash


@dataclass(frozen=True)
class Waiting:
    """What waits of one entity, in the order it came.

    Args:
        refused: those that name a company that is not there, or that another line of their file
            contradicts, with the reason.
    """

    pendings: list[Pending] = field(default_factory=list)
    refused: list[tuple[Pending, RecordError]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pendings) + len(self.refused)


def waiting(lines: Iterable[WaitingLine], home: Company, companies: Sequence[Company]) -> Waiting:
    """The records of these lines with their companies.

    Args:
        lines: with a record each.
        home: the config company: of records that name none.
        companies: every company there is.
    """
    read = [_pending(line, home, companies) for line in lines]
    contradicted = contradictions([pending for pending, error in read if error is None])
    found = Waiting()
    for pending, error in read:
        if pending.source is not None:
            error = error or contradicted.get(pending.source)
        if error is None:
            found.pendings.append(pending)
        else:
            found.refused.append((pending, error))
    return found


def _pending(
    waiting_line: WaitingLine, home: Company, companies: Sequence[Company]
) -> tuple[Pending, RecordError | None]:
    stream, record = waiting_line.line.stream, waiting_line.line.record
    assert stream is not None and record is not None
    company, error = company_of(record, home, companies)
    key = stream.key(record)
    pending = Pending(
        entity=stream.entity,
        # The same externalId in two companies means two records.
        key=key if company == home else f"{company.id or company.name}/{key}",
        payload_hash=payload_hash(record),
        record=record,
        payload=as_payload(record),
        company=company,
        external_id=record.external_id,
        source=waiting_line.source,
    )
    return pending, error
