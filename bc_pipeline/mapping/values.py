"""Values of Business Central as values of Optiply: text, keys, dates, money (mapping.md 1).

The rules are SQL macros, so that a mapping reads like its table of fields. ``install`` makes them
known to one connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import duckdb

from bc_pipeline.values import ZERO_GUID

MAX_TEXT = 255
MAX_PRICE = Decimal("999999999.99")
MAX_STOCK = 9_999_999

NUMBER = "DECIMAL(38,10)"
MONEY = "DECIMAL(38,2)"

Literal = str | int | Decimal | bool | date | datetime | None


def literal(value: Literal) -> str:
    """A Python value as SQL; texts are quoted, so values of the configuration are safe."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return f"CAST('{value}' AS {NUMBER})"
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


def rows(columns: Sequence[str], types: Sequence[str], values: Iterable[Sequence[Literal]]) -> str:
    """A SELECT with the given rows, typed, which also works without any row."""
    names = ", ".join(
        f"CAST(column{at} AS {kind}) AS {name}"
        for at, (name, kind) in enumerate(zip(columns, types, strict=True))
    )
    lines = [f"({', '.join(literal(value) for value in row)})" for row in values]
    if not lines:
        nothing = ", ".join(
            f"CAST(NULL AS {kind}) AS {name}" for name, kind in zip(columns, types, strict=True)
        )
        return f"SELECT {nothing} WHERE false"
    # DuckDB calls the columns of VALUES col0, col1, ...: name them instead of relying on it.
    aliases = ", ".join(f"column{at}" for at in range(len(columns)))
    return f"SELECT {names} FROM (VALUES {', '.join(lines)}) AS given({aliases})"


_WHITESPACE = (
    r"\t-\r\x1c- \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
)
"""The characters Python's ``str.strip`` removes, for patterns; SQL alone trims only spaces."""


def _trimmed(value: str, around: str, nothing: str = "") -> str:
    """SQL: ``value`` without these characters around it, null when nothing else is left.

    A pattern, because ``trim`` with characters of one's own takes ten times as long; and with
    ``nothing`` in it, because each ``nullif`` doubles what DuckDB has to bind.

    Args:
        value: an expression.
        around: inside of a pattern's ``[]``.
        nothing: a pattern of what means nothing as well.
    """
    pattern = f"^[{around}]*(?:{nothing})?[{around}]*$|^[{around}]+|[{around}]+$"
    return f"regexp_replace({value}, {literal(pattern)}, '', 'g')"


_BLANK_MEMBER = "_x0020_"
_ONE_LINE = "replace(replace(t, chr(13), ''), chr(10), '')"


def _member() -> str:
    """Decodes the characters BC writes as ``_xHHHH_`` in enum members (behaviour.md 7)."""
    decoded = "t"
    for code, character in (
        ("_x0020_", " "),
        ("_x002D_", "-"),
        ("_x002E_", "."),
        ("_x002F_", "/"),
        ("_x0028_", "("),
        ("_x0029_", ")"),
    ):
        decoded = f"replace({decoded}, '{code}', '{character}')"
    return decoded


MACROS: dict[str, str] = {
    # A code or number used as a key: blank is null (mapping.md 1.2).
    "code(t)": f"nullif({_trimmed('t', _WHITESPACE, _BLANK_MEMBER)}, '')",
    # Text for people (mapping.md 1.4): CR and LF removed, trimmed, cut.
    "text(t)": (f"nullif(left({_trimmed(_ONE_LINE, _WHITESPACE, _BLANK_MEMBER)}, {MAX_TEXT}), '')"),
    # Member of an enum, decoded; the blank member is null.
    "member(t)": f"nullif(trim({_member()}), '')",
    # Id of a record (mapping.md 1.1): lower case, no braces; the zero id is null.
    "guid(t)": f"nullif(lower({_trimmed('t', '{} ', ZERO_GUID)}), '')",
    # BC's empty date and date-time are null (mapping.md 1.3).
    "day(d)": "nullif(d, DATE '0001-01-01')",
    "stamp(t)": "nullif(t, TIMESTAMPTZ '0001-01-01 00:00:00+00')",
    # A date is midnight UTC of that date, never shifted (mapping.md 1.3).
    "midnight(d)": "CAST(d AS TIMESTAMP) AT TIME ZONE 'UTC'",
    # Money (mapping.md 1.5): DuckDB rounds decimals half away from zero, as ROUND_HALF_UP does.
    "money(x)": f"CAST(round(x, 2) AS {MONEY})",
    # amount * numerator / denominator as money. DuckDB divides decimals as floating point, so the
    # division is done in whole numbers: the amount in units of 1e-10, half a cent added, cut.
    # Null when a number is too large to be exact.
    "money_ratio(amount, numerator, denominator)": (
        "TRY(CAST((CASE WHEN amount < 0 THEN -1 ELSE 1 END) * "
        f"((2 * CAST(abs(CAST(amount AS {NUMBER})) * 10000000000 AS HUGEINT) * "
        "CAST(numerator AS HUGEINT) + CAST(denominator AS HUGEINT) * 100000000) // "
        "(2 * CAST(denominator AS HUGEINT) * 100000000)) AS DECIMAL(38,0)) * "
        f"CAST(0.01 AS DECIMAL(3,2)))::{MONEY}"
    ),
    # A decimal as a whole number of 1e-10, for ``money_ratio``.
    "scaled(x)": f"CAST(CAST(x AS {NUMBER}) * 10000000000 AS HUGEINT)",
    # A whole number without the factors it shares with another: keeps fractions small.
    "reduced(x, other)": "CAST(x AS HUGEINT) // gcd(CAST(x AS HUGEINT), CAST(other AS HUGEINT))",
    # Quantities (mapping.md 1.6).
    "rounded(x)": "CAST(round(x, 0) AS BIGINT)",
    "floored(x)": "CAST(floor(x) AS BIGINT)",
    "at_least_one(x)": "CASE WHEN ceil(x) >= 1 THEN CAST(ceil(x) AS BIGINT) END",
    "order_quantity(x)": "CASE WHEN x > 0 THEN greatest(rounded(x), 1) ELSE rounded(x) END",
    "is_fraction(x)": "x <> round(x, 0)",
    # What a share of an ordered quantity is in whole units, so that shares add up to the ordered
    # whole number: ``done`` of ``ordered``, which is ``whole`` in whole units.
    "whole_share(done, ordered, whole)": (
        "CASE WHEN done >= ordered THEN whole + rounded(done - ordered) "
        "ELSE least(rounded(done), whole) END"
    ),
    # A decimal without trailing zeros, for texts and JSON.
    "plain(x)": (
        "CASE WHEN contains(CAST(x AS VARCHAR), '.') "
        "THEN rtrim(rtrim(CAST(x AS VARCHAR), '0'), '.') ELSE CAST(x AS VARCHAR) END"
    ),
}
"""Signature -> expression. Later macros may use earlier ones."""


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the macros known to this connection only; may be repeated."""
    for signature, expression in MACROS.items():
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {signature} AS {expression}")
