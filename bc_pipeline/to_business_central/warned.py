"""What a person should know about a record that was written; kept with the run's warnings."""

from __future__ import annotations

from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.writer import ExportContext


def warn(context: ExportContext, pending: Pending, kind: str, text: str) -> None:
    """Counts a warning and keeps its text."""
    count(context, kind)
    keep(context, pending, kind, text)


def count(context: ExportContext, kind: str) -> None:
    """One more of this kind in the run's result."""
    context.result.warnings[kind] = context.result.warnings.get(kind, 0) + 1


def keep(context: ExportContext, pending: Pending, kind: str, text: str) -> None:
    """The text, where warnings of reads are kept too."""
    with context.snapshot.transaction() as cursor:
        cursor.execute(
            "INSERT INTO ops.warnings (run_no, entity, remote_id, kind, message) "
            "VALUES (?, ?, ?, ?, ?)",
            [context.run_no, context.result.name, pending.key, kind, text],
        )
