"""What a writer of an entity is, and what it is given to work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bc_pipeline.business_central.client import BusinessCentral, Company, company_path
from bc_pipeline.business_central.lookup.dimensions import Dimensions
from bc_pipeline.business_central.lookup.reference_data import KindName, ReferenceData
from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.report import EntityResult
from bc_pipeline.tenants.export_settings import ExportSettings
from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.ledger import Ledger
from bc_pipeline.to_business_central.unified import UnifiedRecord, payload_hash
from bc_pipeline.to_optiply.resource_sync import SyncContext
from bc_pipeline.values import by_code

# A stream of unified records: its model, and how its records are known.


@dataclass(frozen=True)
class Stream:
    """One stream.

    Args:
        entity: as in the ledger and in task names.
        model: of its records.
        natural_keys: what tells a record without externalId from others, best first; each a set
            of fields that belong together.
        number: the field that says who the record is in Business Central, whatever its
            externalId; None where that takes more than a number.
    """

    entity: str
    model: type[UnifiedRecord]
    natural_keys: tuple[tuple[str, ...], ...]
    number: str | None = None

    @property
    def name(self) -> str:
        """As in file names and Singer messages."""
        return EXPORTS[self.entity].stream or self.entity

    def key(self, record: UnifiedRecord) -> str:
        """The same for the same record whenever it comes, within one company.

        Its externalId; else its natural key, upper and lower case alike as in Business Central;
        else what it consists of.
        """
        if record.external_id is not None:
            return record.external_id
        for fields in self.natural_keys:
            values = [getattr(record, name) for name in fields]
            if all(value is not None for value in values):
                told = (f"{n}={by_code(v)}" for n, v in zip(fields, values, strict=True))
                return "; ".join(told)
        return f"content={payload_hash(record)}"


@dataclass(kw_only=True)
class ExportRun(SyncContext):
    """What the exports of one run work with.

    Args:
        started_at: when the run began.
        dry_run: nothing is sent, no file is touched; ``bc`` notes the requests.
    """

    bc: BusinessCentral
    started_at: datetime
    dry_run: bool = False

    @property
    def exports(self) -> ExportSettings:
        """The tenant's settings for what is written."""
        return self.tenant.exports

    @property
    def today(self) -> date:
        """The date in the tenant's time zone."""
        return self.started_at.astimezone(self.tenant.sync.zone()).date()


@dataclass(kw_only=True)
class EntityRun(ExportRun):
    """The same for one entity: also what finding its pendings works with, where they come in no
    files.

    Args:
        home: the config company; asks Business Central when it is not known yet. Call it only when
            something is pending, so that a run without anything costs no request.
    """

    home: Callable[[], Company]
    ledger: Ledger
    result: EntityResult


@dataclass(kw_only=True)
class ExportContext(EntityRun):
    """What a writer works with: one entity, one company, one run.

    Args:
        company: the one all the pendings of the call belong to.
        now: when the run began, as Business Central's clock showed it.
    """

    company: Company
    reference: ReferenceData
    dimensions: Dimensions
    now: datetime

    def url(self, path: str) -> str:
        """Absolute URL of something of the company in the standard API."""
        return self.bc.company_url(path, self.company)

    def path(self, path: str) -> str:
        """The same relative to the root of the API, as parts of a ``$batch`` want it."""
        return company_path(self.company, path)

    def warn(self, pending: Pending, kind: str, text: str) -> None:
        """What a person should know about a record that was written: counted, and kept."""
        self.count_warning(kind)
        self.keep_warning(pending, kind, text)

    def count_warning(self, kind: str) -> None:
        """One more of this kind in the run's result."""
        self.result.warnings[kind] = self.result.warnings.get(kind, 0) + 1

    def keep_warning(self, pending: Pending, kind: str, text: str) -> None:
        """The text, where warnings of reads are kept too."""
        with self.snapshot.transaction() as cursor:
            cursor.execute(
                "INSERT INTO ops.warnings (run_no, entity, remote_id, kind, message) "
                "VALUES (?, ?, ?, ?, ?)",
                [self.run_no, self.result.name, pending.key, kind, text],
            )


@dataclass(frozen=True)
class Writer:
    """How one entity is written.

    Args:
        needs: the kinds of reference data these records need.
        validate: raises RecordError for what can be known before anything is written.
        write: settles or holds each of them: one company, in file order, never two with one key.
        complete: whether a record that is done and has not changed needs nothing more; None: it
            does not.
        find: the records of an entity that comes in no files.
        finished: told of the same, when every one of its pendings has been settled or held.
        stream: of an entity whose records come in files: what they are.
    """

    needs: Callable[[Sequence[Pending]], frozenset[KindName]]
    validate: Callable[[ExportContext, Pending], None]
    write: Callable[[ExportContext, Sequence[Pending]], None]
    complete: Callable[[ExportContext, Pending], bool] | None = None
    find: Callable[[EntityRun], Sequence[Pending]] | None = None
    finished: Callable[[EntityRun], None] | None = None
    stream: Stream | None = None
