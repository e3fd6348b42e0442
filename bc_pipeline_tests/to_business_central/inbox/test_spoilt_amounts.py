"""The notation of amounts is that of their whole file; none is read both ways (decision 12)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.inbox.files import FileContent, read_file
from bc_pipeline_tests.to_business_central.inbox.spoilt import PREFIXES, csv_file, payloads


def payments(*amounts: str, delimiter: str = ";") -> FileContent:
    rows = [(f"p-{n}", amount) for n, amount in enumerate(amounts, start=1)]
    return csv_file("BillPayments.csv", ("externalId", "amount"), *rows, delimiter=delimiter)


def read_amounts(content: FileContent) -> list[Decimal]:
    assert [line.error for line in content.lines if line.error] == []
    return [line.record.amount for line in content.lines]  # type: ignore[union-attr]


@pytest.mark.covers("decision 12")
@pytest.mark.parametrize("delimiter", ["\t", "|"])
@pytest.mark.parametrize("cells", [("2.000", "3"), ("1,250", "3")])
def test_given_a_delimiter_that_tells_nothing_then_amounts_have_to(
    cells: tuple[str, ...], delimiter: str
):
    (line,) = payments(*cells, delimiter=delimiter).lines

    assert line.error is not None
    assert f"could be read with decimal point or decimal comma: {cells[0]}" in line.error.message
    assert read_amounts(payments("2.000", "0,5", delimiter=delimiter)) == [2000, Decimal("0.5")]
    assert read_amounts(payments("2.000", "0.5", delimiter=delimiter)) == [2, Decimal("0.5")]


def test_given_lines_ending_with_a_carriage_return_alone_then_the_header_is_one_line():
    text = "externalId;amount;description\r1;1,50;a, b, c, d\r2;2,50;e, f, g, h\r"

    content = read_file("BillPayments.csv", text.encode(), PREFIXES)

    assert read_amounts(content) == [Decimal("1.50"), Decimal("2.50")]


@pytest.mark.covers("decision 12")
@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (("12,50", "2.000", "1.250,00"), ("12.5", "2000", "1250")),
        (("2.000", "12,50"), ("2000", "12.5")),
        (("1.250.000",), ("1250000",)),
        (("1,250", "0,5", "-3,25"), ("1.25", "0.5", "-3.25")),
        (("12.50", "2,000", "1,250.00"), ("12.5", "2000", "1250")),
        (("0.500", "2.000"), ("0.5", "2")),
        (("1500", "-20", "3"), ("1500", "-20", "3")),
    ],
)
def test_given_amounts_then_the_notation_is_that_of_the_whole_file(
    cells: tuple[str, ...], right: tuple[str, ...]
):
    assert read_amounts(payments(*cells)) == [Decimal(amount) for amount in right]


@pytest.mark.covers("decision 12")
def test_given_commas_between_cells_then_a_point_alone_is_for_decimals():
    assert read_amounts(payments("2.000", delimiter=",")) == [Decimal(2)]


@pytest.mark.covers("decision 12")
def test_given_amounts_inside_lists_then_they_count_and_are_read_like_the_others():
    def bill(price: str) -> str:
        return json.dumps([{"itemNumber": "1", "quantity": "1.000", "unitPrice": price}])

    content = csv_file(
        "Bills.csv", ("externalId", "lineItems"), ("a", bill("12,50")), ("b", bill("1.250,00"))
    )

    lines = [payload["lineItems"][0] for payload in payloads(content)]
    assert [(line["quantity"], line["unitPrice"]) for line in lines] == [
        ("1000", "12.50"),
        ("1000", "1250.00"),
    ]


@pytest.mark.covers("decision 12")
@pytest.mark.parametrize(
    "cells", [("12,50", "12.50"), ("12.50", "3", "12,50"), ("2.000", "1,250"), ("2.000", "2.000")]
)
def test_given_amounts_that_could_be_read_both_ways_then_the_file_is_refused(
    cells: tuple[str, ...],
):
    (line,) = payments(*cells).lines

    assert line.number == 1
    assert line.error is not None
    assert "the file cannot be read: its amounts could be read" in line.error.message
    assert f"{cells[0]} in line 1" in line.error.message


@given(
    st.lists(st.decimals(-(10**7), 10**7, places=2, allow_nan=False), min_size=1),
    st.sampled_from([",", "."]),
    st.booleans(),
)
def test_given_any_amounts_in_one_notation_then_they_are_exact(
    amounts: list[Decimal], mark: str, grouped: bool
):
    texts = [f"{amount:,.2f}" if grouped else f"{amount:.2f}" for amount in amounts]
    if mark == ",":
        texts = [text.translate(str.maketrans(",.", ".,")) for text in texts]

    assert read_amounts(payments(*texts)) == amounts


@given(
    st.lists(st.decimals(0, 10**6, places=3, allow_nan=False), min_size=1, max_size=4),
    st.sampled_from([",", "."]),
)
def test_given_three_decimals_then_they_are_exact_or_the_file_is_refused(
    amounts: list[Decimal], mark: str
):
    content = payments(*(f"{amount:.3f}".replace(".", mark) for amount in amounts))

    assert content.lines[0].error is not None or read_amounts(content) == amounts
