"""What the exports of one run work with, and what of it each writer is given."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.lookup.dimensions import Dimensions
from bc_pipeline.business_central.lookup.reference_data import ReferenceData
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.report import EntityResult, ProgressListener
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.ledger import Ledger
from bc_pipeline.to_business_central.writer import ExportContext, SourceContext


@dataclass(frozen=True)
class ExportRun:
    """The surroundings of the exports of one run.

    Args:
        started_at: when the run began.
        dry_run: nothing is sent, no file is touched; ``bc`` notes the requests.
    """

    tenant: Tenant
    snapshot: Snapshot
    bc: BusinessCentral
    optiply: Optiply
    run_no: int
    cancel: threading.Event
    started_at: datetime
    dry_run: bool = False
    listener: ProgressListener | None = None

    @property
    def today(self) -> date:
        """The date in the tenant's time zone."""
        return self.started_at.astimezone(self.tenant.sync.zone()).date()

    def context(
        self,
        bc: BusinessCentral,
        company: Company,
        reference: ReferenceData,
        dimensions: Dimensions,
        ledger: Ledger,
        result: EntityResult,
    ) -> ExportContext:
        """What a writer works with in one company."""
        return ExportContext(
            tenant=self.tenant,
            exports=self.tenant.exports,
            bc=bc,
            snapshot=self.snapshot,
            company=company,
            reference=reference,
            dimensions=dimensions,
            ledger=ledger,
            result=result,
            cancel=self.cancel,
            now=bc.http.clock.at(self.started_at),
            today=self.today,
            run_no=self.run_no,
            dry_run=self.dry_run,
            optiply=self.optiply,
        )

    def source(
        self, company: Callable[[], Company], ledger: Ledger, result: EntityResult
    ) -> SourceContext:
        """What finding the pendings of an entity that comes in no files works with."""
        return SourceContext(
            tenant=self.tenant,
            exports=self.tenant.exports,
            optiply=self.optiply,
            snapshot=self.snapshot,
            company=company,
            ledger=ledger,
            result=result,
            cancel=self.cancel,
            now=self.started_at,
            today=self.today,
            run_no=self.run_no,
            dry_run=self.dry_run,
        )
