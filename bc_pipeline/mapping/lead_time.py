"""Date formulas of Business Central as days (mapping.md 9)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bc_pipeline.mapping.values import literal

DAYS = {"D": 1, "W": 7, "M": 30, "Q": 90, "Y": 365, "WD": None}
"""Days of one unit. Working days have no fixed length: 5 of them are 7 days."""

MAX_DAYS = 365


def days(formula: str, letters: Mapping[str, str]) -> str:
    """SQL: the days of a date formula, null when blank, negative, ``C..`` or not understood.

    Args:
        formula: SQL expression of the formula, e.g. ``p.Lead_Time_Calculation``.
        letters: translated unit -> English unit, from the configuration. They win over English
            ones, as the same letter means different things in different languages.
    """
    units = {unit: unit for unit in DAYS} | {key.upper(): unit for key, unit in letters.items()}
    names = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
    part = rf"([+-]?[0-9]{{1,5}})({names})"
    counts = f"regexp_extract_all({_bare(formula)}, {literal(part)}, 1)"
    found = f"regexp_extract_all({_bare(formula)}, {literal(part)}, 2)"
    length = " ".join(
        f"WHEN {literal(unit)} THEN {_length('CAST(z[1] AS BIGINT)', meaning)}"
        for unit, meaning in units.items()
    )
    total = (
        f"list_sum(list_transform(list_zip({counts}, {found}), "
        f"lambda z: CASE z[2] {length} END))::BIGINT"
    )
    whole = rf"([+-]?[0-9]{{1,5}}({names}))+"
    return (
        f"CASE WHEN regexp_full_match({_bare(formula)}, {literal(whole)}) AND {total} >= 0 "
        f"THEN {total} END"
    )


def delivery_time(formula: str, letters: Mapping[str, str]) -> str:
    """SQL: a lead time as Optiply takes it: 1 to 365 days, 0 is null (mapping.md 3)."""
    value = days(formula, letters)
    # Not ``least(value, 365)``: of a null and a number that is the number.
    return f"CASE WHEN {value} > {MAX_DAYS} THEN {MAX_DAYS} ELSE nullif({value}, 0) END"


def not_understood(formula: str, letters: Mapping[str, str]) -> str:
    """SQL: true when there is a formula but no number of days."""
    return f"({_bare(formula)} <> '' AND ({days(formula, letters)}) IS NULL)"


def _bare(formula: str) -> str:
    return f"upper(regexp_replace(coalesce(code({formula}), ''), '[<> ]', '', 'g'))"


def _length(count: str, unit: str) -> str:
    per_unit = DAYS[unit]
    if per_unit is not None:
        return f"{count} * {per_unit}"
    # Rounded up to whole days: (7 n + 4) // 5; a minus sign makes it a subtraction of the same.
    return f"sign({count}) * ((abs({count}) * 7 + 4) // 5)"
