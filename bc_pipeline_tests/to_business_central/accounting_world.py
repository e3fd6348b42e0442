"""A tenant whose Business Central is the sandbox, for writing unified records to it: every test
speaks HTTP, and can lose an answer or end the process at any request."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from bc_pipeline.business_central.answers import decoded, encoded
from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.business_central.dry_run import DryRunBusinessCentral
from bc_pipeline.business_central.lookup.dimensions import Dimensions
from bc_pipeline.business_central.lookup.reference_data import ReferenceData
from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.errors import RecordError
from bc_pipeline.http.repeating import Backoff
from bc_pipeline.report import EntityResult
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.company.company import Company as SandboxCompany
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.tenants.tenant_config import load_dimension_mappings
from bc_pipeline.to_business_central.export_types import Pending, Source
from bc_pipeline.to_business_central.inbox.records import Reading, read_record
from bc_pipeline.to_business_central.ledger import Ledger
from bc_pipeline.to_business_central.unified import as_payload, payload_hash
from bc_pipeline.to_business_central.waves import write_all
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.to_business_central.writers import STREAMS, WRITERS

QUICK = Backoff(base_seconds=0.001, cap_seconds=0.002)
MAPPINGS = {"department": "DEPARTMENT", "group": "CUSTOMERGROUP"}
Record = Mapping[str, Any]


class Killed(BaseException):
    """The process is gone: nothing of ours may catch it."""


@dataclass(frozen=True)
class Sent:
    """A request about to be sent."""

    method: str
    url: str
    body: Any

    @property
    def writes(self) -> bool:
        """Whether it changes anything, itself or in one of its parts."""
        parts = decoded(encoded(self.body)).get("requests", []) if self.body else []
        return any(part["method"] != "GET" for part in parts)


Intercept = Callable[[Sent, Callable[[], Any]], Any]


class Result(EntityResult):
    """What one run did, and each record's end by the name an operator knows it by."""

    ends: dict[str, dict[str, Any]]
    requests_sent: int

    @property
    def counts(self) -> dict[str, int]:
        names = ("created", "updated", "unchanged", "deferred", "quarantined")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


class AccountingWorld:
    """The tenant ``cronus`` of a running sandbox; local currency GBP."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox = sandbox
        self.home = home
        sandbox.write_tenants(home)
        self.tenant: Tenant = registry.load(home).get("cronus")
        config = {"dynamics-bc": {"dimension_mappings": MAPPINGS}}
        self.tenant.snapshot_dir.mkdir(parents=True, exist_ok=True)
        (self.tenant.snapshot_dir / "tenant-config.json").write_text(json.dumps(config))
        # While it is open, a run shares what DuckDB has of the file instead of loading it anew,
        # which takes longer than the run. What a run has not committed is gone all the same.
        self._kept_open = Snapshot.open(self.tenant.snapshot_dir)
        self._runs = 0
        self.intercept: Intercept | None = None

    @property
    def company(self) -> SandboxCompany:
        return self.sandbox.business_central.companies[self.tenant.business_central.company]

    def rows(self, entity_set: str, **equal: Any) -> list[dict[str, Any]]:
        """What BC has, with everything a row hides."""
        rows = list(self.company.tables[entity_set].values())
        return [row for row in rows if all(row.get(k) == v for k, v in equal.items())]

    def add(self, entity_set: str, **changes: Any) -> dict[str, Any]:
        """A row somebody else makes: like the first one, with changes."""
        ours = ("@odata.etag", "lastModifiedDateTime")
        first = {k: v for k, v in self.rows(entity_set)[0].items() if k not in ours}
        return self.company.insert(entity_set, first | changes)

    def default_dimensions(self, id: str) -> dict[str, str]:
        """Code of the value by code of the dimension."""
        rows = self.rows("defaultDimensions", parentId=id)
        return {row["dimensionCode"]: row["dimensionValueCode"] for row in rows}

    def dimensions(self, id: str) -> dict[str, str]:
        """The same of a document or journal line."""
        return {
            row["code"]: row["valueCode"] for row in self.rows("dimensionSetLines", parentId=id)
        }

    def requests(self) -> list[Any]:
        """Requests to Business Central since the log was cleared."""
        return [each for each in self.sandbox.requests if each.system == "bc"]

    def run(self, entity: str, *records: Record, dry_run: bool = False) -> Result:
        """One run with one file of these records, in a process of its own."""
        with self._context(entity, dry_run) as context:
            pendings = [
                self._pending(context, entity, line, record)
                for line, record in enumerate(records, start=1)
            ]
            self.sandbox.requests.clear()
            write_all(EXPORTS[entity], {context.company.id: context}, pendings)
            result = context.result
            assert isinstance(result, Result)
            result.ends = _ends(context, entity)
            result.requests_sent = len(self.requests())
            return result

    def validate(self, entity: str, record: Record) -> RecordError | None:
        """What is known to be wrong before anything is written."""
        with self._context(entity, False) as context:
            pending = self._pending(context, entity, 1, record)
            try:
                WRITERS[entity].validate(context, pending)
            except RecordError as error:
                return error
        return None

    def _pending(self, context: ExportContext, entity: str, line: int, fields: Record) -> Pending:
        stream = STREAMS[entity]
        record, _ = read_record(stream, fields, Reading(frozenset(MAPPINGS)))
        source = Source(f"{stream.name}.jsonl", self._runs, line)
        return Pending(
            entity,
            stream.key(record),
            payload_hash(record),
            record,
            as_payload(record),
            context.company,
            record.external_id,
            source,
        )

    @contextmanager
    def _context(self, entity: str, dry_run: bool) -> Iterator[ExportContext]:
        self._runs += 1
        kind = DryRunBusinessCentral if dry_run else BusinessCentral
        result = Result(name=f"outbound/{entity}")
        with (
            kind(self.tenant, TokenStore(self.home), backoff=QUICK) as bc,
            Snapshot.open(self.tenant.snapshot_dir) as snapshot,
        ):
            self._tap(bc)
            company = bc.preflight()
            reference = ReferenceData(bc, company, snapshot=snapshot, run_no=self._runs)
            mappings = load_dimension_mappings(self.tenant.snapshot_dir)
            now = bc.http.clock.at(datetime.now(UTC))
            nothing = cast(Any, None)
            yield ExportContext(
                self.tenant,
                snapshot,
                nothing,
                nothing,
                self._runs,
                threading.Event(),
                bc=bc,
                started_at=datetime.now(UTC),
                dry_run=dry_run,
                home=lambda: company,
                company=company,
                reference=reference,
                dimensions=Dimensions(reference, mappings),
                ledger=Ledger(snapshot, entity, self._runs, result),
                result=result,
                now=now,
            )

    def operations(self, method: str, entity_set: str) -> list[Any]:
        """Operations of the last run on an entity set, those inside batches one by one."""
        found = self.sandbox.requests.operations("bc")
        ends = re.compile(rf"/{entity_set}(\([^)]*\))?(\?.*)?$")
        return [each for each in found if each.method == method and ends.search(each.target)]

    def run_killed(self, request: int, moment: str, entity: str, *records: Record) -> None:
        """A run whose process ends before or after its n-th request, if it sends that many."""
        sent = 0

        def intercept(_: Sent, send: Callable[[], Any]) -> Any:
            nonlocal sent
            sent += 1
            if sent == request and moment == "before":
                raise Killed
            answer = send()
            if sent == request:
                raise Killed
            return answer

        self.intercept = intercept
        with suppress(Killed):
            self.run(entity, *records)
        self.intercept = None

    def strike_writes(self, action: Any, times: int | None = 1, **options: Any) -> None:
        """Spoils the answers to requests that change something, and to no others."""
        left = times

        def intercept(request: Sent, send: Callable[[], Any]) -> Any:
            nonlocal left
            if request.writes and left != 0:
                left = None if left is None else left - 1
                self.sandbox.faults.add("bc", action=action, **options)
            return send()

        self.intercept = intercept

    def before_request(self, number: int, act: Callable[[], object]) -> None:
        """Does something just before the n-th request of the next run is sent."""
        sent = 0

        def intercept(_: Sent, send: Callable[[], Any]) -> Any:
            nonlocal sent
            sent += 1
            if sent == number:
                act()
            return send()

        self.intercept = intercept

    def _tap(self, bc: BusinessCentral) -> None:
        """Lets a test stand between us and every request."""
        send = bc.http.request

        def request(method: str, url: str, *rest: Any, **options: Any) -> Any:
            if self.intercept is None:
                return send(method, url, *rest, **options)
            sent = Sent(method, url, options.get("body"))
            return self.intercept(sent, lambda: send(method, url, *rest, **options))

        bc.http.request = request  # type: ignore[method-assign]


def _ends(context: ExportContext, entity: str) -> dict[str, dict[str, Any]]:
    with context.snapshot.cursor() as cursor:
        found = cursor.execute(
            "SELECT coalesce(external_id, key), state, action, bc_id, bc_number, error_class,"
            " reason FROM outbound.ledger WHERE entity = ?",
            [entity],
        ).fetchall()
    names = ("state", "action", "id", "number", "error", "reason")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in found}
