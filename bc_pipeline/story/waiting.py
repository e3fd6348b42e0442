"""What waits: records that cannot go on before another one has, and files that nobody has read."""

from __future__ import annotations

import duckdb

from bc_pipeline.catalogue.resources import RESOURCES

_WAITING = """
SELECT '{name}' AS name, count(*) AS n FROM sync.{name}
WHERE state = 'deferred' AND contains(reason, $called || ' is not in Optiply yet')
"""
_CALLED = {"products": "item {}", "suppliers": "vendor {}", "buy_orders": "purchase order {}"}
"""What other records call one they wait for."""


def for_record(cursor: duckdb.DuckDBPyConnection, name: str, number: str | None) -> tuple[str, ...]:
    """How many records of which resource wait for this one.

    Args:
        name: resource of the record.
        number: what people call it.
    """
    if number is None or name not in _CALLED:
        return ()
    sql = " UNION ALL ".join(_WAITING.format(name=each) for each in RESOURCES)
    found = cursor.execute(sql, {"called": _CALLED[name].format(number)}).fetchall()
    return tuple(
        f"{count} of optiply/{waiting} wait until it is in Optiply"
        for waiting, count in found
        if count
    )
