"""Canonical values: what counts as a change and how it is sent (mapping.md 1.5-1.8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.catalogue.columns import ensure_tables
from bc_pipeline.catalogue.resources import BUY_ORDERS, PRODUCTS, RESOURCES, SUPPLIERS, Attribute
from bc_pipeline.optiply.client import Record
from bc_pipeline.to_optiply.attribute_values import (
    as_found,
    canonical,
    canonical_sql,
    difference,
    on_the_wire,
    same,
)


@pytest.mark.parametrize(
    ("kind", "answered", "expected"),
    [
        ("money", "12.5", "12.50"),
        ("money", 12, "12.00"),
        ("total", Decimal("0"), "0.00"),
        ("decimal", "3.0", "3.0"),
        ("integer", "42", 42),
        ("flag", "TRUE", True),
        ("flag", False, False),
        ("instant", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05Z"),
        ("instant", "2026-01-02T01:00:00+02:00", "2026-01-01T23:00:00Z"),
        ("texts", ["a"], ["a"]),
        ("text", "x", "x"),
        ("integer", "nan", None),
        ("instant", "soon", None),
        ("instant", "0001-01-01T00:00:00+02:00", None),
        ("money", None, None),
    ],
)
def test_answers_become_canonical(kind: Any, answered: Any, expected: Any) -> None:
    assert canonical(kind, answered) == expected


@given(st.decimals(-9999, 9999, places=3))
def test_decimals_are_compared_by_value(value: Decimal) -> None:
    attribute = Attribute("minimumStock", "decimal")
    assert same(attribute, str(value), str(value.normalize()))
    assert on_the_wire(attribute, str(value)) == value


@pytest.mark.parametrize("name", RESOURCES)
def test_sql_knows_every_declared_attribute_of_the_wanted_rows(name: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA optiply")
        ensure_tables(connection)
        connection.execute(f"INSERT INTO optiply.{name} (remote_id) VALUES ('a')")
        row = connection.execute(
            f"SELECT {canonical_sql(RESOURCES[name])} FROM optiply.{name}"
        ).fetchone()
    assert row is not None
    assert orjson.loads(row[0]) == {a.name: None for a in RESOURCES[name].attributes}


def test_sql_and_answers_meet_in_the_same_form() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA optiply; SET TimeZone = 'America/New_York'")
        ensure_tables(connection)
        connection.execute(
            "INSERT INTO optiply.buy_orders (remote_id, placed, totalValue, supplierId, assembly) "
            "VALUES ('a', TIMESTAMPTZ '2026-01-02 00:00:00+00', 1234.5, 7, false)"
        )
        row = connection.execute(
            f"SELECT {canonical_sql(BUY_ORDERS)} FROM optiply.buy_orders"
        ).fetchone()
    assert row is not None
    wanted = orjson.loads(row[0])
    answer = {
        "placed": "2026-01-02T00:00:00Z",
        "totalValue": "1234.50",
        "supplierId": "7",
        "assembly": False,
    }
    for name, value in answer.items():
        assert canonical(BUY_ORDERS.attribute(name).kind, value) == wanted[name]


def test_a_required_value_is_never_cleared() -> None:
    changes = difference(PRODUCTS, "a", {"name": None}, {"name": "x", "remoteId": "a"})

    assert changes.values == {}


def test_post_only_attributes_stay_out_of_patches() -> None:
    changes = difference(SUPPLIERS, "a", {"type": "producer"}, {"type": "vendor", "remoteId": "a"})

    assert changes.values == {}


def test_an_adopted_open_order_that_optiply_has_completed_is_reopened() -> None:
    record = Record(1, {"completed": "2026-01-01T00:00:00Z", "expectedDeliveryDate": "2026-01-09"})

    found = as_found(BUY_ORDERS, record, "a", {"completed": None}, 5)

    assert difference(BUY_ORDERS, "a", {}, found).values == {"completed": None, "remoteId": "a"}
