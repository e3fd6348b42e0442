"""What orders without lines may be: headers of ours whose lines never came."""

from __future__ import annotations

from bc_pipeline.to_business_central.buy_orders.create import HEADER, LOST_HEADER, POSTED
from bc_pipeline.to_business_central.buy_orders.find import Sighting, guid
from bc_pipeline.to_business_central.buy_orders.sent import LINES, Row
from bc_pipeline.to_business_central.export_types import LedgerEntry


def is_left_behind(entry: LedgerEntry | None, row: Row) -> bool:
    """Whether an order was made by us, and is without any line."""
    return (
        entry is not None
        and entry.bc_id == guid(row)
        and entry.step != POSTED
        and not row.get(LINES)
    )


def header_may_be(entry: LedgerEntry | None, seen: Sighting) -> bool:
    """Whether an order without lines may be a header of ours whose answer was lost."""
    if entry is None or entry.bc_id is not None or not seen.empty:
        return False
    return entry.step == HEADER or bool(entry.detail.get(LOST_HEADER))
