from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.reading.paging import LONGEST_EXACT_DIGITS
from bc_pipeline.snapshot.mirror.pages import MalformedRows, PageLoader
from bc_pipeline.snapshot.schema import create_statement
from bc_pipeline_tests.slow import examples
from bc_pipeline_tests.snapshot.mirror.rows import EXPAND, LINES, ORDERS, line, order, write_page

ITEMS = TABLES["items"]
# fmt: off
ORDINARY = [
    "0", "-0", "0.1", "6.00002", "1e-5", "1E+3", "0.29", "1.005", "99999.99999", "100000.00001",
    "123456789.12345", "-99999999.99999", "999999999999.99", "999999999999999", "0.0000000001",
]
LONG = [
    "12345678901234567.89", "99999999999999.99999", "9007199254740993", "922337203685477.5807",
    "1234567890123456789012345678.5", "1.2345678901", "-70368744177664.015625",
]
# fmt: on


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in (ITEMS, ORDERS, LINES):
            connection.execute(create_statement(table.name, table))
        yield connection


def load_items(
    connection: duckdb.DuckDBPyConnection, directory: Path, rows: Any, *, exact: bool = False
) -> list[dict[str, Any]]:
    connection.execute("DELETE FROM items")
    loader = PageLoader(connection, ITEMS, None, None)
    loader.insert(
        write_page(directory, rows), exact=exact, rows_into="items", lines_into="", constants={}
    )
    found = connection.execute("SELECT * FROM items ORDER BY id")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def price(
    connection: duckdb.DuckDBPyConnection, directory: Path, number: str, *, exact: bool
) -> Decimal:
    written = f'"{number}"' if exact else number
    (row,) = load_items(
        connection, directory, f'[{{"id": "a", "unitPrice": {written}}}]', exact=exact
    )
    return row["unitPrice"]


def test_given_a_row_then_each_property_has_its_type(connection, tmp_path: Path):
    (row,) = load_items(
        connection,
        tmp_path,
        [
            {
                "@odata.etag": 'W/"x"',
                "id": "a",
                "number": "1896-S",
                "displayName": 'Bureau "Athene" – 東京 \\ \t',
                "type": "Non_x002D_Inventory",
                "blocked": True,
                "gtin": "",
                "inventory": -3.5,
                "unitPrice": 1000.8,
                "lastModifiedDateTime": "2020-08-21T00:24:19.347Z",
                "addedInBc31": {"nested": [1, 2]},
            }
        ],
    )

    assert row["number"] == "1896-S"
    assert row["displayName"] == 'Bureau "Athene" – 東京 \\ \t'
    assert row["type"] == "Non_x002D_Inventory"
    assert row["blocked"] is True
    assert row["gtin"] == ""
    assert row["inventory"] == Decimal("-3.5")
    assert row["unitPrice"] == Decimal("1000.8")
    assert row["lastModifiedDateTime"] == datetime(2020, 8, 21, 0, 24, 19, 347000, tzinfo=UTC)
    assert row["unitCost"] is None, "a property that is not sent is NULL"


def test_given_zero_dates_then_they_are_kept_as_sent(connection, tmp_path: Path):
    (row,) = load_items(
        connection, tmp_path, [{"id": "a", "lastModifiedDateTime": "0001-01-01T00:00:00Z"}]
    )
    assert row["lastModifiedDateTime"] == datetime(1, 1, 1, tzinfo=UTC)

    connection.execute("DELETE FROM sales_orders")
    PageLoader(connection, ORDERS, None, None).insert(
        write_page(tmp_path, [{"id": "o", "orderDate": "0001-01-01", "postingDate": None}]),
        exact=False,
        rows_into="sales_orders",
        lines_into="",
        constants={},
    )
    assert connection.execute("SELECT orderDate, postingDate FROM sales_orders").fetchall() == [
        (date(1, 1, 1), None)
    ]


@pytest.mark.parametrize("number", ORDINARY)
def test_given_a_number_of_ordinary_length_then_it_is_exact(connection, tmp_path: Path, number):
    assert price(connection, tmp_path, number, exact=False) == Decimal(number)


@pytest.mark.parametrize("number", LONG)
def test_given_a_long_number_sent_as_text_then_it_is_exact(connection, tmp_path: Path, number):
    assert price(connection, tmp_path, number, exact=True) == Decimal(number)


@settings(
    max_examples=examples(40, 400),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    digits=st.lists(
        st.tuples(
            st.integers(min_value=-(10**LONGEST_EXACT_DIGITS) + 1, max_value=10**15 - 1),
            st.integers(min_value=0, max_value=10),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_given_any_numbers_of_up_to_15_digits_then_they_are_exact(
    connection, tmp_path: Path, digits
):
    numbers = [Decimal(whole).scaleb(-scale) for whole, scale in digits]
    rows = ", ".join(
        f'{{"id": "{place:04d}", "unitPrice": {number:f}}}' for place, number in enumerate(numbers)
    )

    found = load_items(connection, tmp_path, f"[{rows}]")

    assert [row["unitPrice"] for row in found] == numbers


def test_given_lines_then_they_carry_the_id_of_their_document(connection, tmp_path: Path):
    rows = [order("o1", "1", line("a"), line("b", 2.5)), order("o2"), order("o3", "3", line("c"))]
    rows[0][EXPAND][1]["documentId"] = "o1"

    connection.execute("DELETE FROM sales_orders")
    count = PageLoader(connection, ORDERS, LINES, EXPAND).insert(
        write_page(tmp_path, rows),
        exact=False,
        rows_into="sales_orders",
        lines_into="sales_order_lines",
        constants={"_seen_run": "7"},
    )

    assert count == 3
    assert connection.execute(
        "SELECT documentId, id, quantity, _seen_run FROM sales_order_lines ORDER BY id"
    ).fetchall() == [
        ("o1", "a", Decimal(1), 7),
        ("o1", "b", Decimal("2.5"), 7),
        ("o3", "c", Decimal(1), 7),
    ]


def test_given_rows_that_differ_in_one_column_then_their_hashes_differ(connection, tmp_path: Path):
    base = {"id": "a", "number": "1", "gtin": None, "inventory": 1, "blocked": False}
    others = [{"number": "2"}, {"gtin": ""}, {"inventory": 1.00001}, {"blocked": None}]

    hashes = {
        load_items(connection, tmp_path, [{**base, **other}])[0]["_row_hash"]
        for other in [{}, *others]
    }
    again = load_items(connection, tmp_path, [{**base, "unknown": 5}])[0]["_row_hash"]

    assert len(hashes) == 5
    assert again in hashes


@pytest.mark.parametrize(
    "rows",
    [
        '[{"id": "a"}, {"id": "b"',
        '[{"id": "a"}, {"id": "b"}',
        '[{"id": "a"} {"id": "b"}]',
        '[{"id": "a"}], "more": [{"id": "b"}]',
        '[{"id": "a"}, null]',
        '[{"id": "a"}, 5]',
        '[{"number": "1"}]',
        '[{"id": null}]',
        '[{"id": "a", "unitPrice": "twelve"}]',
        '[{"id": "a", "unitPrice": 1e40}]',
        '[{"id": "a", "blocked": "perhaps"}]',
        '[{"id": "a", "lastModifiedDateTime": "yesterday"}]',
        '[{"id": "a", "displayName": "\\ud800"}]',
        "nothing",
    ],
)
def test_given_rows_that_cannot_be_meant_then_the_page_is_malformed(
    connection, tmp_path: Path, rows: str
):
    with pytest.raises(MalformedRows):
        load_items(connection, tmp_path, rows)


def test_given_a_malformed_page_then_the_error_names_the_place_and_quotes_nothing(
    connection, tmp_path: Path
):
    with pytest.raises(MalformedRows, match="record/value 2") as caught:
        load_items(connection, tmp_path, '[{"id": "a"}, {"id": "b", "unitPrice": "Mrs. Jansen"}]')

    assert "Jansen" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("lines", ["[null]", "[5]", '"x"', '[{"sequence": 1}]'])
def test_given_lines_that_cannot_be_meant_then_the_page_is_malformed(
    connection, tmp_path: Path, lines: str
):
    with pytest.raises(MalformedRows):
        PageLoader(connection, ORDERS, LINES, EXPAND).insert(
            write_page(tmp_path, f'[{{"id": "a", "{EXPAND}": {lines}}}]'),
            exact=False,
            rows_into="sales_orders",
            lines_into="sales_order_lines",
            constants={},
        )


def test_given_a_page_cut_at_any_byte_then_it_is_never_a_shorter_page(connection, tmp_path: Path):
    whole = json.dumps([{"id": "a", "unitPrice": 12.5}, {"id": "b", "displayName": "x]y}"}])
    for end in range(1, len(whole)):
        cut = whole[:end]
        # What leaves the envelope is an array: it ends in a bracket.
        if cut.endswith("]"):
            with pytest.raises(MalformedRows):
                load_items(connection, tmp_path, cut)


@pytest.mark.covers("decision 25")
@pytest.mark.parametrize("lines", [f', "{EXPAND}": null', ""], ids=["null", "absent"])
def test_given_lines_that_did_not_come_then_that_is_no_document_without_lines(
    connection, tmp_path: Path, lines: str
):
    with pytest.raises(MalformedRows, match="without the lines that were asked for"):
        PageLoader(connection, ORDERS, LINES, EXPAND).insert(
            write_page(tmp_path, f'[{{"id": "a"{lines}}}]'),
            exact=False,
            rows_into="sales_orders",
            lines_into="sales_order_lines",
            constants={},
        )
