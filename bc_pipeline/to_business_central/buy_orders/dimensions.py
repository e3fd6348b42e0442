"""Dimensions every purchase order gets: ``exports.buy_order_dimensions``, by the prefixes of
tenant-config.json (mapping.md 8.4).

They are set after the order was made, on the header and on every line that has what the header
had: a dimension the vendor brings along cannot be sent with the order (rules.md 9.5, 9.10), and a
later change of the header does not reach the lines (rules.md 5.13).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bc_pipeline.business_central.batch import MAX_PARTS, BatchMode, Part
from bc_pipeline.business_central.lookup.dimensions import DimensionValue, dimension_set_parts
from bc_pipeline.business_central.retry import passes
from bc_pipeline.errors import RecordError, RequestFailed
from bc_pipeline.to_business_central.buy_orders.find import guid, order_now
from bc_pipeline.to_business_central.buy_orders.sent import LINES, Row, item_lines
from bc_pipeline.to_business_central.documents.changes import error_of
from bc_pipeline.to_business_central.writer import ExportContext

SETS = "dimensionSetLines"
EXPAND = f"{SETS},{LINES}($expand={SETS})"


def wanted(context: ExportContext) -> tuple[DimensionValue, ...]:
    """The dimension values of every purchase order.

    Raises:
        RecordError: a dimension or value does not exist or is blocked.
        AuthError, Cancelled, ReadFailed, RequestFailed: Business Central could not say.
    """
    given = context.exports.buy_order_dimensions
    if not given:
        return ()
    return context.dimensions.wanted({f"{prefix}Number": code for prefix, code in given.items()})


def apply(context: ExportContext, bc_id: str) -> None:
    """Give a purchase order its dimensions; what is there already is left alone, so it may be
    repeated.

    Raises:
        RecordError: Business Central refuses them.
        AuthError, Cancelled, ReadFailed, RequestFailed: it is not known; try again.
    """
    values = wanted(context)
    if not values:
        return
    row = order_now(context, bc_id, expand=EXPAND)
    if row is None:
        return  # deleted in Business Central meanwhile: the import will notice
    parts = _parts(context, bc_id, row, values)
    # One transaction where it fits: what line and header have in common must not get lost halfway.
    mode: BatchMode = "atomic" if len(parts) <= MAX_PARTS else "independent"
    answers = context.bc.batch(parts, mode=mode) if parts else {}
    error = error_of(context, parts, answers)
    if error is None:
        return
    if not isinstance(error, RequestFailed) or error.uncertain:
        raise error
    if passes(error.status, error.code, error.explanation):
        raise error
    raise RecordError(
        "InvalidDimensionValue",
        f"purchase order {row.get('number')} was made, but Business Central refuses a "
        f"dimension: {error.explanation}",
    )


def _parts(
    context: ExportContext, bc_id: str, row: Row, values: Sequence[DimensionValue]
) -> list[Part]:
    header = list(row.get(SETS) or ())
    before = _codes(header)
    place = context.path(f"purchaseOrders({bc_id})")
    # The lines first: what they had in common with the header shows only until that is changed.
    parts: list[Part] = []
    for number, line in enumerate(item_lines(row)):
        present = list(line.get(SETS) or ())
        has = _codes(present)
        inherited = [v for v in values if has.get(v.dimension_id) == before.get(v.dimension_id)]
        path = context.path(f"{LINES}({guid(line)})")
        parts += dimension_set_parts(path, present, inherited, f"line-{number}")
    return [*parts, *dimension_set_parts(place, header, values, "header")]


def _codes(rows: Iterable[Mapping[str, object]]) -> dict[str, str]:
    return {guid(row): str(row.get("valueCode") or "").upper() for row in rows}
