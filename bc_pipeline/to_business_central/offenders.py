"""Which waiting records will be refused, known before anything is written."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from bc_pipeline.catalogue.exports import Export
from bc_pipeline.errors import PipelineError, RecordError
from bc_pipeline.to_business_central.export_types import Offender, Pending
from bc_pipeline.to_business_central.waves import is_unchanged
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.to_business_central.writers import writer_of

logger = logging.getLogger(__name__)


def offenders_among(
    export: Export, contexts: Mapping[str, ExportContext], pendings: Sequence[Pending]
) -> list[Offender]:
    """Those that will be refused, as far as that can be known."""
    found: list[Offender] = []
    for pending in pendings:
        context = contexts[pending.company.id]
        if is_unchanged(export, context, pending):
            continue
        try:
            writer_of(export).validate(context, pending)
        except RecordError as error:
            found.append(offender(pending, error))
        except PipelineError:
            raise
        except Exception:
            # A mistake of ours about one record: its writer will meet it again, and hold it alone.
            logger.exception("%s: validating a record failed unexpectedly", export.task)
    return found


def offender(pending: Pending, error: RecordError) -> Offender:
    """The record and why it is refused."""
    return Offender(
        pending.key,
        pending.external_id,
        pending.file,
        pending.line,
        error.error_class,
        error.message,
    )
