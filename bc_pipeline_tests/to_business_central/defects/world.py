"""A tenant whose files are exported to the sandbox by whole runs, without Dagster."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.http.repeating import Backoff
from bc_pipeline.report import RunSummary
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.request_log import LoggedOperation, LoggedRequest
from bc_pipeline.to_business_central.writers import stream_named
from bc_pipeline_tests.end_to_end.accounting import drop, results
from bc_pipeline_tests.end_to_end.installation import Installation

Record = Mapping[str, Any]
MAPPINGS = {"department": "DEPARTMENT", "group": "CUSTOMERGROUP", "area": "AREA"}
ATTEMPTS = 3
COUNTED = ("created", "updated", "unchanged", "deferred", "quarantined")


@dataclass(frozen=True)
class Report:
    """One run.

    Args:
        ends: result line by external id; a record that is held has none.
        lines: all result lines.
    """

    summary: RunSummary
    ends: Mapping[str, Record]
    lines: Sequence[Record]

    @property
    def counts(self) -> dict[str, int]:
        """How the records of all entities ended, without zeros."""
        total: Counter[str] = Counter()
        for _, result in self.summary.outbound_entities():
            total.update({name: getattr(result, name) for name in COUNTED})
        return {name: count for name, count in total.items() if count}

    @property
    def reasons(self) -> str:
        """Everything the run says about what did not go well."""
        told = [problem.reason for problem in self.summary.problems]
        return "\n".join([self.summary.reason or "", *told])

    def error(self, name: str) -> str:
        """Class of the error a record ended with."""
        return str(self.ends[name]["error"]["class"])

    def message(self, name: str) -> str:
        """Its reason."""
        return str(self.ends[name]["error"]["message"])


@dataclass
class World:
    """One installation of its own against a sandbox that scenarios share.

    Args:
        sandbox: shared; record numbers are each scenario's own.
        home: BC_PIPELINE_HOME.
        patch: undone after the scenario.
        name: the tenant; ``cronus`` has local currency GBP and signs in as a person.
    """

    sandbox: Sandbox
    home: Path
    patch: pytest.MonkeyPatch
    name: str = "cronus"
    installation: Installation = field(init=False)
    snapshot_dir: Path = field(init=False)
    company: Company = field(init=False)
    dropped: list[str] = field(default_factory=list, init=False)
    since: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.patch.setattr(Backoff, "seconds", lambda self, attempt: 0.001)
        self.installation = Installation.create(self.sandbox, self.home)
        self.configure("exports", accounting=True, post_documents=True)
        self.configure("business_central", max_attempts=ATTEMPTS)
        tenant = self.installation.tenant(self.name)
        self.snapshot_dir = tenant.snapshot_dir
        self.company = self.sandbox.business_central.companies[tenant.business_central.company]
        self.map_dimensions(MAPPINGS)

    # --- what a scenario changes ----------------------------------------------------------------

    def configure(self, section: str, **settings: Any) -> None:
        """Settings of the tenant in ``tenants.yaml``."""
        self.installation.change_settings(self.name, section, **settings)

    def map_dimensions(self, mappings: Mapping[str, str] | None) -> None:
        """``tenant-config.json``; None takes it away."""
        path = self.snapshot_dir / "tenant-config.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        if mappings is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(json.dumps({"dynamics-bc": {"dimension_mappings": mappings}}))

    def another(self, sandbox: Sandbox | None = None, name: str | None = None) -> World:
        """Another installation, which knows nothing of this one."""
        home = self.home / "another"
        home.mkdir()
        return World(sandbox or self.sandbox, home, self.patch, name or self.name)

    def fail(self, action: Any, path: str, *, times: int | None = 1, **options: Any) -> None:
        """Spoils requests to BC whose path and query match, inside batches and outside."""
        for operation in (False, True):
            self.sandbox.faults.add(
                "bc", action=action, path=path, times=times, operation=operation, **options
            )

    def mend(self) -> None:
        """No more faults."""
        self.sandbox.faults.clear()

    # --- runs -----------------------------------------------------------------------------------

    def export(self, **records: list[Record]) -> Report:
        """Drops a file for each stream given, and runs their entities."""
        self.dropped = [f"{stream}.{self.sandbox.requests.total}" for stream in records]
        for name, lines in zip(self.dropped, records.values(), strict=True):
            drop(self.outbound, name, [dict(line) for line in lines])
        return self.run(*records)

    def run(self, *streams: str) -> Report:
        """A run of the entities of these streams; told are the files dropped last."""
        self.since = self.sandbox.requests.total
        entities = tuple(f"outbound/{stream_named(name).entity}" for name in streams)
        summary = self.installation.sync(self.name, entities=entities)
        told = [(name, line) for name in self.dropped for line in self._results(name)]
        ends = {(name, line["line"]) for name, line in told}
        assert len(ends) == len(told), "a record ended twice"
        lines = [line for _, line in told]
        return Report(summary, {line["externalId"]: line for line in lines}, lines)

    def _results(self, name: str) -> list[dict[str, Any]]:
        path = self.outbound / "results" / f"{name}.jsonl.results.jsonl"
        return results(self.outbound, name) if path.exists() else []

    @property
    def waiting(self) -> list[str]:
        """Files that still have to be written."""
        return sorted(path.name for path in self.outbound.glob("*.jsonl"))

    @property
    def outbound(self) -> Path:
        return self.snapshot_dir / "outbound"

    # --- what was asked of Business Central in the last run -------------------------------------

    def requests(self) -> list[LoggedRequest]:
        """Requests of the last run."""
        return self.sandbox.requests.of("bc", after=self.since)

    def operations(self, method: str, entity_set: str) -> list[LoggedOperation]:
        """Operations of the last run on an entity set, those in batches one by one."""
        ends = re.compile(rf"/{entity_set}(\([^)]*\))?(\?.*)?$")
        asked = self.sandbox.requests.operations("bc", after=self.since)
        return [each for each in asked if each.method == method and ends.search(each.target)]

    # --- what Business Central holds ------------------------------------------------------------

    def rows(self, entity_set: str, **equal: Any) -> list[Row]:
        return self.company.find(entity_set, **equal)

    def row(self, entity_set: str, **equal: Any) -> Row:
        (found,) = self.rows(entity_set, **equal)
        return found

    def bill(self, number: str) -> Row:
        return self.row("purchaseInvoices", vendorInvoiceNumber=number)

    def lines(self, number: str, *names: str) -> list[tuple[Any, ...]]:
        """Properties of the lines of a bill, in order."""
        rows = self.rows("purchaseInvoiceLines", documentId=self.bill(number)["id"])
        ordered = sorted(rows, key=lambda row: int(row["sequence"]))
        return [tuple(row[name] for name in names) for row in ordered]

    def booked(self, number: str) -> list[str]:
        """Signed amounts of the general ledger entries of a document."""
        entries = self.rows("generalLedgerEntries", documentNumber=number.upper())
        ordered = sorted(entries, key=lambda row: int(row["entryNumber"]))
        return [str(row["debitAmount"] - row["creditAmount"]) for row in ordered]

    def default_dimensions(self, id: str) -> dict[str, str]:
        rows = self.rows("defaultDimensions", parentId=id)
        return {row["dimensionCode"]: row["dimensionValueCode"] for row in rows}

    def dimensions(self, id: str) -> dict[str, str]:
        """Dimension set of a document or line."""
        rows = self.rows("dimensionSetLines", parentId=id)
        return {row["code"]: row["valueCode"] for row in rows}
