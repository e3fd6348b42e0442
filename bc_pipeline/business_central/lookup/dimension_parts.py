"""What to send so that a record has the dimension values it wants, and whether it could be posted.

Dimensions that are not wanted are left alone; none is ever removed (target_behaviour.md 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bc_pipeline.business_central.batch import Part
from bc_pipeline.values import by_code, by_id

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class DimensionValue:
    """One dimension and the value a record has in it. Ids are lower case."""

    dimension_id: str
    dimension_code: str
    value_id: str
    value_code: str


def default_dimension_parts(
    parent_path: str, present_rows: Rows, wanted: Sequence[DimensionValue], prefix_id: str
) -> list[Part]:
    """Default dimensions of a customer, vendor or item: POST new ones, PATCH other values.

    Args:
        parent_path: of the record relative to the root of the API.
        present_rows: its ``defaultDimensions`` as BC has them.
        wanted: values to be set.
        prefix_id: begins the ids of the parts.

    Returns:
        Nothing for values that are there already (rules.md 8.5: one row per dimension).
    """
    present = {by_id(row.get("dimensionId")): row for row in present_rows}
    return _parts(
        f"{parent_path}/defaultDimensions",
        prefix_id,
        [
            (default_dimension(value), str(row["id"]) if row else None, "dimensionValueId")
            for value in wanted
            for row in [present.get(value.dimension_id)]
            if row is None or by_id(row.get("dimensionValueId")) != value.value_id
        ],
    )


def dimension_set_parts(
    parent_path: str, present_rows: Rows, wanted: Sequence[DimensionValue], prefix_id: str
) -> list[Part]:
    """Dimensions of a document, line or journal line: POST new ones, PATCH other values.

    The id of a row is that of its dimension (rules.md 9.2). A dimension that is there already,
    inherited for example, can only be PATCHed, and only in its value (9.5, 9.6).

    Args:
        parent_path: of the document or line relative to the root of the API.
        present_rows: its ``dimensionSetLines`` as BC has them now.
        wanted: values to be set.
        prefix_id: begins the ids of the parts.

    Returns:
        Nothing for values that are there already.
    """
    present = {by_id(row.get("id")): row for row in present_rows}
    return _parts(
        f"{parent_path}/dimensionSetLines",
        prefix_id,
        [
            (dimension_set_line(value), value.dimension_id if row else None, "valueId")
            for value in wanted
            for row in [present.get(value.dimension_id)]
            if row is None or not _has(row, value)
        ],
    )


def _parts(
    place: str, prefix_id: str, changes: Iterable[tuple[dict[str, str], str | None, str]]
) -> list[Part]:
    """A part for each new row, and for each row there is that gets another value.

    Args:
        changes: the row as it is to be, its id when it is there, and the property of its value.
    """
    return [
        Part(f"{prefix_id}.{number}", "POST", place, row)
        if id is None
        else Part(f"{prefix_id}.{number}", "PATCH", f"{place}({id})", {value: row[value]})
        for number, (row, id, value) in enumerate(changes)
    ]


def default_dimension(value: DimensionValue) -> dict[str, str]:
    """A new row of ``defaultDimensions``, alone or nested in its record (rules.md 8.2)."""
    return {"dimensionId": value.dimension_id, "dimensionValueId": value.value_id}


def dimension_set_line(value: DimensionValue) -> dict[str, str]:
    """A new row of ``dimensionSetLines``; the dimension has to come first (rules.md 9.3)."""
    return {"id": value.dimension_id, "valueId": value.value_id}


def posting_rules_broken(
    default_dimension_rows: Rows, wanted_or_present: Iterable[DimensionValue | Mapping[str, Any]]
) -> str | None:
    """Why posting would refuse a document's dimensions, as far as it can be foreseen.

    Value posting rules are enforced only when a document is posted (rules.md 5.14, 8.6).

    Args:
        default_dimension_rows: ``defaultDimensions`` of a vendor, customer or item in it.
        wanted_or_present: all dimensions the document or line will have: values, or
            ``dimensionSetLines`` as BC has them.

    Returns:
        The first rule broken, in words; None when none is.
    """
    values = {by_code(code): by_code(value) for code, value in map(_codes, wanted_or_present)}
    for row in default_dimension_rows:
        dimension = by_code(row.get("dimensionCode"))
        default = by_code(row.get("dimensionValueCode"))
        has = values.get(dimension, "")
        match _rule(row):
            case "code mandatory" if not has:
                return f"dimension {dimension} must have a value (Code Mandatory)"
            case "same code" if has != default:
                must = f"must be {default}" if default else "must have no value"
                return f"dimension {dimension} {must}, not {has or 'blank'} (Same Code)"
            case "no code" if has:
                return f"dimension {dimension} must have no value, not {has} (No Code)"
    return None


def _rule(row: Mapping[str, Any]) -> str:
    """``postingValidation``, which BC sends encoded or plain (behaviour.md 7)."""
    return str(row.get("postingValidation") or "").replace("_x0020_", " ").strip().lower()


def _codes(value: DimensionValue | Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(value, DimensionValue):
        return value.dimension_code, value.value_code
    return str(value.get("code") or ""), str(value.get("valueCode") or "")


def _has(row: Mapping[str, Any], value: DimensionValue) -> bool:
    shown = by_id(row.get("valueId"))
    # Not every parent shows the id; the code of a value is unique inside its dimension.
    return shown == value.value_id if shown else by_code(row.get("valueCode")) == value.value_code
