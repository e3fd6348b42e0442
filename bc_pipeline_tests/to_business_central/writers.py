"""A writer whose Business Central is a dictionary, in place of a real one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.export_types import Intent, Outcome, Pending
from bc_pipeline.to_business_central.writer import ExportContext, Writer
from bc_pipeline.to_business_central.writers import WRITERS

Answer = Callable[[ExportContext, Pending], Outcome | None]


@dataclass
class FakeWriter:
    """Writes records as a real writer would.

    Args:
        entity: whose writer it replaces.
        kinds: reference data it says it needs.
        refused: record names it refuses, with the reason.
        answer: what becomes of a record that is not refused; None leaves it without an end.
        calls: names of the records of each call.
        rows: what Business Central holds: company and key -> how often written.
    """

    entity: str
    kinds: frozenset[str] = frozenset()
    refused: dict[str, str] = field(default_factory=dict)
    answer: Answer | None = None
    calls: list[list[str]] = field(default_factory=list)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)

    def needs(self, pendings: Sequence[Pending]) -> frozenset[str]:
        return self.kinds

    def validate(self, context: ExportContext, pending: Pending) -> None:
        if pending.name in self.refused:
            raise RecordError("InvalidDimensionValue", self.refused[pending.name])

    def write(self, context: ExportContext, pendings: Sequence[Pending]) -> None:
        self.calls.append([pending.name for pending in pendings])
        for pending in pendings:
            outcome = self._outcome(context, pending)
            if outcome is not None:
                context.ledger.settle([(pending, outcome)])

    def _outcome(self, context: ExportContext, pending: Pending) -> Outcome | None:
        try:
            self.validate(context, pending)
        except RecordError as error:
            return Outcome.failed(error)
        context.ledger.intend([Intent(pending, "post")])
        if self.answer is not None:
            return self.answer(context, pending)
        place = (context.company.name, pending.key)
        self.rows[place] = self.rows.get(place, 0) + 1
        known = pending.entry is not None and pending.entry.bc_id is not None
        return Outcome("updated" if known else "created", f"id-{pending.key}", pending.key.upper())

    def install(self, patch: pytest.MonkeyPatch) -> FakeWriter:
        """Take the place of the entity's writer."""
        real = WRITERS[self.entity]
        finders = (real.find and (lambda context: ()), real.finished and (lambda context: None))
        writer = Writer(self.needs, self.validate, self.write, None, *finders, real.stream)
        patch.setitem(WRITERS, self.entity, writer)
        return self
