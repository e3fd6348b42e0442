"""What the settings of buy orders name in Business Central, compared with what it has (decisions
18)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bc_pipeline.reading import named_settings
from bc_pipeline.tenants.tenant_config import DimensionMappings, load_dimension_mappings
from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_code, listed

UNKNOWN_NAME = "unknown_name"
"""Error class of an order that waits because of a setting."""
_KEY = "exports.buy_order_dimensions"


def check(context: ExportContext) -> None:
    """Make sure that what the settings name is there.

    Raises:
        Blocked: it is not; no buy order can be made.
        AuthError, Cancelled, ReadFailed, RequestFailed: Business Central could not say.
    """
    if found := faults(context):
        raise Blocked(UNKNOWN_NAME, "; ".join(found))


def faults(context: ExportContext) -> list[str]:
    """What is wrong with the settings, each with the key, the name, and what there is.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: Business Central could not say.
    """
    found = []
    for naming in named_settings.OF_EXPORTS:
        if any(naming.given(context.tenant)):
            finding = named_settings.compared(
                naming, context.tenant, context.reference.rows("locations")
            )
            found += [finding.message] if finding else []
    if context.exports.buy_order_dimensions:
        mappings = load_dimension_mappings(context.tenant.snapshot_dir)
        rows = context.reference.rows("dimensions")
        found += dimension_faults(context.exports.buy_order_dimensions, mappings, rows)
    return found


def dimension_faults(
    given: Mapping[str, str], mappings: DimensionMappings, dimensions: Iterable[Mapping[str, Any]]
) -> list[str]:
    """What is wrong with the dimension values that every purchase order gets.

    Args:
        given: prefix of a record field -> code of a value.
        mappings: which dimension a prefix means.
        dimensions: all there are, with ``code``, ``dimensionValues``, ``blocked`` where known.
    """
    known = {by_code(row["code"]): row for row in dimensions}
    told = list(_mistakes(given, mappings, known))
    return [f"{_KEY}: {'; '.join(told)}. Buy orders wait until this is corrected"] if told else []


def _mistakes(
    given: Mapping[str, str], mappings: DimensionMappings, known: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    for prefix, code in given.items():
        name = mappings.codes.get(prefix)
        if name is None:
            mapped = ", ".join(sorted(mappings.codes)) or "none"
            yield (
                f"it names {prefix!r}, which {mappings.path.name} does not map to a dimension "
                f"({prefix} is not mapped, mapped are: {mapped})"
            )
            continue
        dimension = known.get(by_code(name))
        if dimension is None:
            yield f"there is no dimension {name}; there are: {_list(known.values())}"
            continue
        values = {by_code(row["code"]): row for row in dimension["dimensionValues"]}
        value = values.get(by_code(code))
        if value is None:
            yield f"{by_code(name)} has no value {code}; it has {_list(values.values())}"
        elif value.get("blocked"):
            yield f"value {value['code']} of {dimension['code']} is blocked"


def _list(rows: Iterable[Mapping[str, Any]]) -> str:
    return listed(sorted(str(row["code"]) for row in rows), named_settings.MOST_NAMED) or "none"
