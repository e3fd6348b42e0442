"""What the kinds of Optiply's attributes are: in the snapshot, compared, and on the wire.

Canonical values are JSON: texts, whole numbers, booleans and null as they are; money, totals and
decimals as text (``"12.50"``); instants as ``YYYY-MM-DDTHH:MM:SSZ``; order lines as a list sorted
by product (mapping.md 1.5-1.8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

KindName = Literal[
    "text", "integer", "decimal", "money", "total", "flag", "instant", "texts", "lines"
]
CENT = Decimal("0.01")


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return value


def _flag(value: Any) -> bool:  # noqa: ANN401 - any JSON
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _cents(value: Any) -> str:  # noqa: ANN401 - any JSON
    return str(Decimal(str(value)).quantize(CENT))


def _number(value: Any) -> str:  # noqa: ANN401 - any JSON
    return str(Decimal(str(value)))


def _instant(value: Any) -> str:  # noqa: ANN401 - any JSON
    moment = datetime.fromisoformat(str(value))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - any JSON
    return [str(text) for text in value]


@dataclass(frozen=True)
class AttributeKind:
    """One kind of attribute.

    Args:
        sql_type: of its column in the wanted table.
        canonical: a value as Optiply answers it, in canonical form; ValueError, TypeError,
            OverflowError or InvalidOperation for what it cannot be.
        canonical_sql: the same of a column, ``{0}``.
        wire: a canonical value, not null, as it is sent.
        plain: a value, not null, in a form in which equal values are the same.
    """

    sql_type: str
    canonical: Callable[[Any], Any]
    canonical_sql: str = "{0}"
    wire: Callable[[Any], Any] = _as_it_is
    plain: Callable[[Any], Any] = _as_it_is


_MONEY = "DECIMAL(38,2)"
_MONEY_SQL = f"CAST(CAST({{0}} AS {_MONEY}) AS VARCHAR)"

ATTRIBUTE_KINDS: Mapping[KindName, AttributeKind] = {
    "text": AttributeKind("VARCHAR", str),
    "integer": AttributeKind("BIGINT", int),
    "decimal": AttributeKind(
        "DECIMAL(38,10)", _number, "CAST({0} AS VARCHAR)", wire=Decimal, plain=Decimal
    ),
    # An exact number on the wire; a total is a text there.
    "money": AttributeKind(_MONEY, _cents, _MONEY_SQL, wire=Decimal),
    "total": AttributeKind(_MONEY, _cents, _MONEY_SQL),
    "flag": AttributeKind("BOOLEAN", _flag),
    "instant": AttributeKind(
        "TIMESTAMPTZ",
        _instant,
        # By way of microseconds, so that the session's time zone plays no part.
        "strftime(make_timestamp(epoch_us({0})), '%Y-%m-%dT%H:%M:%SZ')",
    ),
    "texts": AttributeKind("VARCHAR[]", _texts),
    "lines": AttributeKind(
        f'STRUCT("productId" BIGINT, "quantity" BIGINT, "subtotalValue" {_MONEY})[]',
        _as_it_is,
        "list_transform(list_sort({0}), lambda line: {{'productId': line.productId, "
        "'quantity': line.quantity, 'subtotalValue': "
        f"CAST(CAST(line.subtotalValue AS {_MONEY}) AS VARCHAR)}}}})",
    ),
}
