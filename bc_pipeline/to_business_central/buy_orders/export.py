"""Buy orders as an entity that is written: where they come from, what they need, who writes."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.business_central.lookup.reference_data import KindName
from bc_pipeline.to_business_central.buy_orders.prepare import validate
from bc_pipeline.to_business_central.buy_orders.source import find, finished
from bc_pipeline.to_business_central.buy_orders.writer import write
from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.writer import ExportContext, Writer

_NEEDS: frozenset[KindName] = frozenset({"company_information", "dimensions", "locations"})
"""Reference data buy orders may need: currency, header dimensions, location."""


def _needs(pendings: Sequence[Pending]) -> frozenset[KindName]:
    return _NEEDS if pendings else frozenset()


def _complete(context: ExportContext, pending: Pending) -> bool:
    """Never: an order that is done comes again only when there is something left to do."""
    return False


WRITER = Writer(_needs, validate, write, _complete, find, finished)
