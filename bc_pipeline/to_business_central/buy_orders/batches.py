"""What went wrong in a batch, as one error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bc_pipeline.business_central.batch import Part, PartAnswer
from bc_pipeline.business_central.lookup.by_property import failure
from bc_pipeline.errors import PipelineError
from bc_pipeline.to_business_central.writer import ExportContext

ROLLED_BACK = 424
"""Status of a part that was only taken back together with the one that was refused."""


def error_of(
    context: ExportContext, parts: Sequence[Part], answers: Mapping[str, PartAnswer]
) -> PipelineError | None:
    """The error to raise for a batch: one that leaves it unclear what was done, else the refusal
    itself; None when every part worked."""
    failed = [part for part in parts if not answers[part.id].ok]
    if not failed:
        return None
    failed.sort(key=lambda part: _weight(answers[part.id]))
    return failure(context.bc, failed[0].path, answers[failed[0].id])


def _weight(answer: PartAnswer) -> int:
    if answer.uncertain:
        return 0
    return 2 if answer.status in (None, ROLLED_BACK) else 1
