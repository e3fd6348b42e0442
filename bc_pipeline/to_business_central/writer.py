"""What a writer of an entity is, and what it is given to work with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.lookup.dimensions import Dimensions
from bc_pipeline.business_central.lookup.reference_data import KindName, ReferenceData
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.report import EntityResult
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.export_settings import ExportSettings
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.ledger import Ledger
from bc_pipeline.to_business_central.stream import Stream


@dataclass
class ExportContext:
    """What a writer works with: one entity, one company, one run.

    Args:
        company: the one all the pendings of the call belong to.
        today: the date in the tenant's time zone.
        dry_run: nothing is sent; ``bc`` notes the requests.
        optiply: the tenant's other side; only ``purchase_orders`` uses it.
    """

    tenant: Tenant
    exports: ExportSettings
    bc: BusinessCentral
    snapshot: Snapshot
    company: Company
    reference: ReferenceData
    dimensions: Dimensions
    ledger: Ledger
    result: EntityResult
    cancel: threading.Event
    now: datetime
    today: date
    run_no: int
    dry_run: bool = False
    optiply: Optiply | None = None

    def url(self, path: str) -> str:
        """Absolute URL of something of the company in the standard API."""
        return self.bc.company_url(path, self.company)

    def path(self, path: str) -> str:
        """The same relative to the root of the API, as parts of a ``$batch`` want it."""
        return f"companies({self.company.id})/{path}"


@dataclass
class SourceContext:
    """What finding the pendings of an entity that comes in no files works with.

    Args:
        company: asks Business Central when it is not known yet; call it only when something is
            pending, so that a run without anything costs no request.
    """

    tenant: Tenant
    exports: ExportSettings
    optiply: Optiply
    snapshot: Snapshot
    company: Callable[[], Company]
    ledger: Ledger
    result: EntityResult
    cancel: threading.Event
    now: datetime
    today: date
    run_no: int
    dry_run: bool = False


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
    find: Callable[[SourceContext], Sequence[Pending]] | None = None
    finished: Callable[[SourceContext], None] | None = None
    stream: Stream | None = None
