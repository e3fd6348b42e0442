"""What the exports of one run share: the files, Business Central's reference data, the companies,
and for each entity its pendings and what is known about them before anything is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, fields, replace

from bc_pipeline.business_central.client import Company
from bc_pipeline.business_central.dry_run import noted_by
from bc_pipeline.business_central.lookup.dimensions import Dimensions
from bc_pipeline.business_central.lookup.reference_data import KindName, ReferenceData
from bc_pipeline.catalogue.exports import EXPORTS, Export
from bc_pipeline.errors import AuthError, ConfigError, PipelineError, ReadFailed, RequestFailed
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.report import EntityResult
from bc_pipeline.tenants.tenant_config import DimensionMappings, load_dimension_mappings
from bc_pipeline.to_business_central.export_types import Outcome, Pending, Preparation
from bc_pipeline.to_business_central.inbox.inbox import Inbox, WaitingLine
from bc_pipeline.to_business_central.ledger import Ledger
from bc_pipeline.to_business_central.pendings import Waiting, waiting, without_unknown_words
from bc_pipeline.to_business_central.waves import (
    fail_if_nothing_worked,
    offender,
    offenders_among,
    write_all,
)
from bc_pipeline.to_business_central.writer import EntityRun, ExportContext, ExportRun
from bc_pipeline.to_business_central.writers import STREAMS, writer_of
from bc_pipeline.to_optiply.counting import shorten

MAPPED_IN: KindName = "dimensions"


@dataclass
class _Prepared:
    """An entity before it is written.

    Args:
        contexts: by company id.
        kept: those that cannot be written now, with the reason.
    """

    preparation: Preparation
    ledger: Ledger
    tally: RequestCounter
    waiting: Waiting = field(default_factory=Waiting)
    contexts: dict[str, ExportContext] = field(default_factory=dict)
    kept: list[tuple[Pending, str]] = field(default_factory=list)


class ExportSession:
    """The exports of one run of one tenant; safe to share between the threads of its tasks.

    Args:
        export_run: what the exports work with.
        entities: those of this run.
        connect: makes sure, once, that Business Central lets us in and is the right one; gives the
            config company.
    """

    def __init__(
        self, export_run: ExportRun, entities: Collection[str], connect: Callable[[], Company]
    ) -> None:
        self._export_run = export_run
        self._entities = tuple(entity for entity in EXPORTS if entity in entities)
        self._connect = connect
        self._guard = threading.RLock()
        self._mappings: DimensionMappings | None = None
        self._inbox: Inbox | None = None
        self._references: dict[str, ReferenceData] = {}
        self._kinds: frozenset[KindName] | None = None
        self._preparing = {entity: threading.RLock() for entity in self._entities}
        self._prepared: dict[str, _Prepared | PipelineError] = {}
        self._of_files: dict[str, Waiting] = {}

    @property
    def mappings(self) -> DimensionMappings:
        """The tenant's dimension mapping, as it is when the run first asks.

        Raises:
            ConfigError: ``tenant-config.json`` cannot be used.
        """
        with self._guard:
            if self._mappings is None:
                self._mappings = load_dimension_mappings(self._export_run.tenant.snapshot_dir)
            return self._mappings

    @property
    def inbox(self) -> Inbox:
        """The files of this run.

        Raises:
            ConfigError: as ``mappings``.
        """
        with self._guard:
            if self._inbox is None:
                self._inbox = Inbox(
                    self._export_run.snapshot,
                    self._export_run.tenant.snapshot_dir,
                    [entity for entity in self._entities if EXPORTS[entity].from_files],
                    self.mappings.codes,
                    zone=self._export_run.tenant.sync.zone(),
                    dry_run=self._export_run.dry_run,
                )
            return self._inbox

    def files_wait(self) -> bool:
        """Whether records in files wait; asks nobody."""
        return self.inbox.has_records()

    def is_idle(self, entity: str) -> bool:
        """Whether an entity certainly has nothing to write; asks nobody."""
        try:
            return EXPORTS[entity].from_files and not self.inbox.lines(entity)
        except PipelineError:
            return False

    def prepare(self, entity: str, result: EntityResult) -> Preparation:
        """What is known about an entity before anything is written; found out once.

        Args:
            result: of the entity's task; warnings and problems go there.

        Raises:
            PipelineError: it could not be found out; everything stays as it is.
        """
        with self._preparing[entity]:
            known = self._prepared.get(entity)
            if known is None:
                try:
                    known = self._prepare(EXPORTS[entity], result)
                except PipelineError as error:
                    known = error
                self._prepared[entity] = known
            if isinstance(known, PipelineError):
                raise known
            return known.preparation

    def write(self, entity: str, result: EntityResult) -> None:
        """Write what waits of an entity.

        Raises:
            ConfigError: the dimension mapping does not fit the config company; nothing is written.
            NothingWritten: every record was refused.
            PipelineError: as ``prepare``; AuthError and Cancelled while writing.
        """
        preparation = self.prepare(entity, result)
        prepared = self._prepared[entity]
        assert isinstance(prepared, _Prepared)
        finding = preparation.mappings
        if finding is not None and finding.blocking:
            raise ConfigError(f"nothing was written: {finding.message}")
        export = EXPORTS[entity]
        try:
            self._write(export, prepared, result)
        finally:
            if export.from_files:
                self.inbox.finish()
            shorten(result)
            tally = prepared.tally
            result.requests, result.retried = tally.total, tally.retried
            result.throttled = tally.throttled
            result.requests_noted = noted_by(each.bc for each in prepared.contexts.values())
        fail_if_nothing_worked(result)

    def reference_rows(self, kind: KindName) -> int | None:
        """Read a kind of reference data of the config company if records in files need it.

        Returns:
            number of rows; None when nothing needs it.
        """
        with self._guard:
            kinds = self._kinds_of_files()
            if kind not in kinds:
                return None
            reference = self._reference(self._connect())
            reference.need(*kinds)
            return len(reference.rows(kind))

    def companies(self) -> int | None:
        """The number of companies, when any record in files waits."""
        if not self.files_wait():
            return None
        self._connect()
        return len(self._export_run.bc.companies())

    # -- inside -------------------------------------------------------------------------------

    def _write(self, export: Export, prepared: _Prepared, result: EntityResult) -> None:
        ledger = prepared.ledger
        if export.from_files:
            self.inbox.tell(export.entity, result)
            self.inbox.settle_unreadable(export.entity, result)
        refused = prepared.waiting.refused
        ledger.settle([(pending, Outcome.failed(error)) for pending, error in refused])
        for pending, reason in prepared.kept:
            ledger.hold(pending, reason)
        write_all(
            export,
            prepared.contexts,
            prepared.waiting.pendings,
            lambda done: self._tell(result, done, prepared.tally),
        )
        finished = writer_of(export).finished
        if finished is not None:
            finished(self._run_of(ledger, result))

    def _tell(self, result: EntityResult, done: int, tally: RequestCounter) -> None:
        if self._export_run.listener is not None:
            self._export_run.listener.progress(result.name, done, result.rows, tally.total, 0.0)

    def _prepare(self, export: Export, result: EntityResult) -> _Prepared:
        ledger = Ledger(
            self._export_run.snapshot,
            export.entity,
            self._export_run.run_no,
            result,
            held_elsewhere=lambda: self._held_among(export.refers_to),
        )
        tally = RequestCounter()
        found = (
            self._waiting_in_files(export.entity)
            if export.from_files
            else Waiting(self._found(export, ledger, result))
        )
        result.rows = len(found)
        if not found:
            return _Prepared(Preparation(export.task), ledger, tally)
        home = self._connect()
        companies = {pending.company for pending in found.pendings} | {home}
        contexts = self._contexts(companies, tally, ledger, result)
        kept: list[tuple[Pending, str]] = []
        for company in companies:
            own = [pending for pending in found.pendings if pending.company == company]
            kinds = set(writer_of(export).needs(own)) if own else set()
            if company == home:
                kinds |= {MAPPED_IN, *self._kinds_of_files()}
            try:
                contexts[company.id].reference.need(*kinds)
            except (AuthError, ConfigError, ReadFailed, RequestFailed) as error:
                if company == home:
                    raise
                # The records of the other companies have nothing to do with it.
                kept += [(pending, f"{company.name}: {error}") for pending in own]
        unwritten = {pending.company for pending, _ in kept}
        entries = ledger.entries([pending.key for pending in found.pendings])
        pendings = [
            replace(pending, entry=entries.get(pending.key))
            for pending in found.pendings
            if pending.company not in unwritten
        ]
        finding = contexts[home.id].dimensions.mapping_finding()
        offenders = [offender(pending, error) for pending, error in found.refused]
        offenders += offenders_among(export, contexts, pendings)
        preparation = Preparation(export.task, len(found), finding, tuple(offenders))
        waits = Waiting(pendings, found.refused)
        return _Prepared(preparation, ledger, tally, waits, contexts, kept)

    def _held_among(self, entities: Iterable[str]) -> int:
        """How many records of these entities are held in this run. In a dry run those that are
        only pretended to be there count too: nothing can be found of them."""
        ledgers = [
            each.ledger for each in map(self._prepared.get, entities) if isinstance(each, _Prepared)
        ]
        pretended = sum(each.created for each in ledgers) if self._export_run.dry_run else 0
        return sum(each.held for each in ledgers) + pretended

    def _found(self, export: Export, ledger: Ledger, result: EntityResult) -> list[Pending]:
        find = writer_of(export).find
        return list(find(self._run_of(ledger, result))) if find else []

    def _waiting_in_files(self, entity: str) -> Waiting:
        with self._guard:
            if entity not in self._of_files:
                self._of_files[entity] = self._waiting(self.inbox.lines(entity))
            return self._of_files[entity]

    def _waiting(self, lines: list[WaitingLine]) -> Waiting:
        if not lines:
            return Waiting()
        home, bc = self._connect(), self._export_run.bc
        companies = bc.companies()
        return waiting(without_unknown_words(lines, bc, home, companies), home, companies)

    def _kinds_of_files(self) -> frozenset[KindName]:
        """What the records in files need to know of the config company."""
        with self._guard:
            if self._kinds is None:
                kinds: set[KindName] = set()
                for entity in self._entities:
                    if entity in STREAMS:
                        kinds |= self._kinds_of(EXPORTS[entity])
                self._kinds = frozenset(kinds)
            return self._kinds

    def _kinds_of(self, export: Export) -> frozenset[KindName]:
        pendings = self._waiting_in_files(export.entity).pendings
        home = [pending for pending in pendings if pending.company == self._connect()]
        return frozenset({MAPPED_IN, *writer_of(export).needs(home)}) if home else frozenset()

    def _reference(self, company: Company) -> ReferenceData:
        with self._guard:
            if company.id not in self._references:
                self._references[company.id] = ReferenceData(
                    self._export_run.bc,
                    company,
                    snapshot=self._export_run.snapshot,
                    run_no=self._export_run.run_no,
                )
            return self._references[company.id]

    def _contexts(
        self,
        companies: Iterable[Company],
        tally: RequestCounter,
        ledger: Ledger,
        result: EntityResult,
    ) -> dict[str, ExportContext]:
        run = self._export_run
        shared = vars(self._run_of(ledger, result)) | {"bc": run.bc.tallied(tally)}
        return {
            company.id: ExportContext(
                **shared,
                company=company,
                reference=reference,
                dimensions=Dimensions(reference, self.mappings),
                now=run.bc.http.clock.at(run.started_at),
            )
            for company in companies
            for reference in [self._reference(company)]
        }

    def _run_of(self, ledger: Ledger, result: EntityResult) -> EntityRun:
        shared = {each.name: getattr(self._export_run, each.name) for each in fields(ExportRun)}
        return EntityRun(**shared, home=self._connect, ledger=ledger, result=result)
