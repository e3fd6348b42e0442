"""Buy orders made in Optiply become purchase orders of Business Central (mapping.md 8)."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.business_central.reference import KindName
from bc_pipeline.outbound.model import Pending
from bc_pipeline.outbound.purchase_orders.model import ENTITY, TASK
from bc_pipeline.outbound.purchase_orders.prepare import complete, validate
from bc_pipeline.outbound.purchase_orders.source import find, finished
from bc_pipeline.outbound.purchase_orders.write import write

__all__ = [
    "ENTITY",
    "NEEDS",
    "TASK",
    "complete",
    "find",
    "finished",
    "needs",
    "validate",
    "write",
]

NEEDS: frozenset[KindName] = frozenset({"company_information", "dimensions", "locations"})
"""Reference data buy orders may need: currency, header dimensions, location."""


def needs(pendings: Sequence[Pending]) -> frozenset[KindName]:
    """The kinds of reference data these buy orders need."""
    return NEEDS if pendings else frozenset()
