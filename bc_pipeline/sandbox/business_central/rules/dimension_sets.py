"""Dimensions of documents and journal lines: inherited and checked (rules.md 5.13, 5.14, 9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bc_pipeline.sandbox.bookkeeping.dimension_sets import DimensionSet
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import BLANK_ENUM, ZERO_GUID
from bc_pipeline.sandbox.odata_errors import BcError, dialog

CODE_MANDATORY = "Code_x0020_Mandatory"
SAME_CODE = "Same_x0020_Code"
NO_CODE = "No_x0020_Code"
# Kinds of dimension values nothing can be posted to.
_TOTALS = {"Heading", "Total", "End_x002D_Total"}


def shortcut_codes(ctx: WriteContext, chosen: Mapping[str, str]) -> Row:
    """``shortcutDimension1Code`` and ``2Code`` of a header that has a set: its values of the
    global dimensions."""
    codes: Row = {}
    for place, code in enumerate((*ctx.settings.global_dimensions, "", "")[:2], start=1):
        found = ctx.find("dimensions", code=code) if code else []
        value = ctx.get("dimensionValues", chosen.get(found[0]["id"], "")) if found else None
        codes[f"shortcutDimension{place}Code"] = value["code"] if value else ""
    return codes


# --- inherited -----------------------------------------------------------------------------------


def default_dimensions(ctx: WriteContext, master: Row) -> list[Row]:
    """Default dimensions of a vendor, customer, item, or (hidden in the API, 8.1) G/L account;
    those of a dimension that was deleted count no longer."""
    defaults = [
        *ctx.find("defaultDimensions", parentId=master["id"]),
        *master.get("#defaultDimensions", ()),
    ]
    return [row for row in defaults if ctx.get("dimensions", row["dimensionId"]) is not None]


def inherited(ctx: WriteContext, masters: Iterable[Row]) -> DimensionSet:
    """The set that default dimensions give a new document or line (5.13).

    Args:
        masters: whose default dimensions count, the most important first.
    """
    chosen: DimensionSet = {}
    for master in masters:
        for default in default_dimensions(ctx, master):
            if default["dimensionValueId"] != ZERO_GUID:
                chosen.setdefault(default["dimensionId"], default["dimensionValueId"])
    return chosen


# --- checked -------------------------------------------------------------------------------------


def check_usable(dimension: Row, value: Row | None) -> None:
    """Refuses a blocked dimension, a blocked value, and a value that is a total (9, 8.4)."""
    if dimension.get("#blocked"):
        raise dialog(f"Dimension {dimension['code']} is blocked.")
    if value is None:
        return
    if value.get("#blocked"):
        raise dialog(f"Dimension Value {dimension['code']} - {value['code']} is blocked.")
    if value.get("#valueType") in _TOTALS:
        raise dialog(
            f"Dimension Value Type for Dimension Value {dimension['code']} - {value['code']} must "
            f"not be {value['#valueType']}."
        )


def check_posting(ctx: WriteContext, chosen: Mapping[str, str], masters: Iterable[Row]) -> None:
    """What posting demands of a set: nothing blocked, and the posting rules of the default
    dimensions of all that is involved (5.14)."""
    for dimension_id, value_id in chosen.items():
        check_usable(
            ctx.company.tables["dimensions"][dimension_id],
            ctx.company.tables["dimensionValues"][value_id],
        )
    for master in masters:
        for default in default_dimensions(ctx, master):
            error = _broken_rule(ctx, default, chosen, master)
            if error is not None:
                raise error


def _broken_rule(
    ctx: WriteContext, default: Row, chosen: Mapping[str, str], master: Row
) -> BcError | None:
    rule = default.get("postingValidation", BLANK_ENUM)
    used = chosen.get(default["dimensionId"])
    code = ctx.company.tables["dimensions"][default["dimensionId"]]["code"]
    of = f"{master['number']} {master['displayName']}"
    if rule == CODE_MANDATORY and used is None:
        return dialog(f"Select a Dimension Value Code for the Dimension Code {code} for {of}.")
    if rule == NO_CODE and used is not None:
        return dialog(f"The Dimension Code {code} must not be mentioned for {of}.")
    wanted = default["dimensionValueId"]
    if rule == SAME_CODE and (used or ZERO_GUID) != wanted:
        value = ctx.get("dimensionValues", wanted)
        return dialog(
            f"The Dimension Value Code must be {value['code'] if value else 'blank'} for "
            f"Dimension Code {code} for {of}."
        )
    return None
