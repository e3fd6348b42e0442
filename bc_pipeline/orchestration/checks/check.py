"""What a check is: a plain function over a tenant's snapshot, declared with a name and a severity.

Checks are evaluated by the asset's own step, so every partition run has its own results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import duckdb

from bc_pipeline.report import EntityResult
from bc_pipeline.snapshot.rows import rows
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.export_types import Preparation

SAMPLE_ROWS = 20

Severity = Literal["error", "warn"]
Outcome = Literal["passed", "warned", "failed"]


@dataclass(frozen=True)
class CheckInput:
    """What a check may look at.

    Attributes:
        name: the asset, e.g. ``optiply/products``.
        tenant: whose snapshot it is.
        cursor: a connection to the snapshot, as the run sees it.
        result: what the run did for this asset.
        now: UTC.
        preparation: of an ``outbound/*`` asset, what is about to be written; None without a run.
    """

    name: str
    tenant: Tenant
    cursor: duckdb.DuckDBPyConnection
    result: EntityResult
    now: datetime
    preparation: Preparation | None = None

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """The answer of a query as dictionaries."""
        return rows(self.cursor, sql, parameters)


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        passed: whether all is well.
        description: one sentence for an operator.
        sample: some of the records concerned, at most ``SAMPLE_ROWS``.
        metadata: figures for the check's page.
        severity: instead of the check's own, when the case at hand is milder or graver.
    """

    passed: bool
    description: str
    sample: Sequence[Mapping[str, Any]] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity | None = None

    @classmethod
    def of_rows(
        cls, found: Sequence[Mapping[str, Any]], fine: str, wrong: str, figure: str, **further: int
    ) -> Finding:
        """Of a check that looks for records which should not be there.

        Args:
            found: the records, best those first that should be looked at first.
            fine: what is said when there are none.
            wrong: what is said of some, after their number.
            figure: what their number is called on the check's page.
            further: other figures there.
        """
        if not found:
            return cls(True, fine)
        return cls(
            False,
            f"{len(found)} {wrong}",
            sample=found[:SAMPLE_ROWS],
            metadata={figure: len(found), **further},
        )


@dataclass(frozen=True)
class Check:
    """One declared check.

    Attributes:
        name: as shown in Dagster and in the JSON of ``sync``.
        description: what it guards against.
        severity: ``warn`` does not mark the asset as broken, ``error`` does.
        applies_to: whether an asset, given by name, has it.
        evaluate: the check itself.
        before: evaluated before anything is written, not after.
        blocking: as an error it keeps the asset from being written.
        always: evaluated also when the entity failed, so that its page shows how it stands.
        of_age: tells how old something is, which a dry run does not change.
    """

    name: str
    description: str
    severity: Severity
    applies_to: Callable[[str], bool]
    evaluate: Callable[[CheckInput], Finding]
    before: bool = False
    blocking: bool = False
    always: bool = False
    of_age: bool = False


def outcome(finding: Finding, severity: Severity) -> Outcome:
    """The finding in the words of the JSON of ``sync``.

    Args:
        finding: what was found.
        severity: the check's own, which the finding may override.
    """
    if finding.passed:
        return "passed"
    return "failed" if (finding.severity or severity) == "error" else "warned"
