"""What spreadsheets and frames make of values is undone when a file is read (decisions 10-13)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.inbox.files import FileContent, read_file
from bc_pipeline.to_business_central.inbox.tables import as_written
from bc_pipeline.to_business_central.unified import as_payload
from bc_pipeline.values import storable

PREFIXES = ("department",)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def csv_file(
    name: str, header: Sequence[str], *rows: Sequence[str], delimiter: str = ","
) -> FileContent:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return read_file(name, text.getvalue().encode(), PREFIXES)


def payloads(content: FileContent) -> list[dict[str, Any]]:
    assert [line.error for line in content.lines if line.error] == []
    return [as_payload(line.record) for line in content.lines if line.record]


def payments(*amounts: str, delimiter: str = ";") -> FileContent:
    rows = [(f"p-{n}", amount) for n, amount in enumerate(amounts, start=1)]
    return csv_file("BillPayments.csv", ("externalId", "amount"), *rows, delimiter=delimiter)


def read_amounts(content: FileContent) -> list[Decimal]:
    assert [line.error for line in content.lines if line.error] == []
    return [line.record.amount for line in content.lines]  # type: ignore[union-attr]


WORDS = ("nan", "NaN", "None", "NULL", "<NA>", "NaT", "#N/A", "#N/B", "#NV", "\\N")


@pytest.mark.covers("decision 10")
@pytest.mark.parametrize("word", WORDS)
def test_given_a_word_for_nothing_in_a_cell_then_nothing_is_given(word: str):
    header = ("externalId", "billNumber", "issueDate", "isDraft", "lineItems", "departmentName")
    (payload,) = payloads(csv_file("Bills.csv", header, ("B", word, word, word, word, word)))
    (named,) = csv_file("Customers.csv", ("externalId", "email"), (word, "a@b")).lines

    assert payload == {"externalId": "B"}
    assert named.external_id is None
    assert named.record is not None


@pytest.mark.covers("decision 10")
@pytest.mark.parametrize("word", WORDS)
def test_given_a_word_for_nothing_as_an_amount_inside_a_list_then_it_is_not_given(word: str):
    lines = json.dumps([{"itemName": "Chair", "unitPrice": word, "description": word}])

    (payload,) = payloads(csv_file("Bills.csv", ("externalId", "lineItems"), ("B", lines)))

    assert payload["lineItems"] == [{"itemName": "Chair"}]


@pytest.mark.covers("decision 10")
def test_given_json_then_a_name_that_reads_like_a_word_for_nothing_is_that_name():
    content = b'{"externalId": "1", "companyName": "Null"}'

    (payload,) = payloads(read_file("Customers.jsonl", content, PREFIXES))

    assert payload == {"externalId": "1", "companyName": "Null"}


@pytest.mark.covers("decision 11")
@pytest.mark.parametrize("cell", ["501", "501.0", " 501", "501 ", '="501"', "'501", "501,0"])
def test_given_the_ways_a_spreadsheet_writes_a_number_then_it_is_one_key(cell: str):
    header = ("externalId", "customerNumber")

    (payload,) = payloads(csv_file("Customers.csv", header, (cell, cell), delimiter=";"))

    assert payload == {"externalId": "501", "customerNumber": "501"}


@pytest.mark.covers("decision 11")
@pytest.mark.parametrize("cell", ['="00123"', "'00123", "00123"])
def test_given_quoted_leading_zeros_then_they_stay(cell: str):
    (payload,) = payloads(csv_file("Vendors.csv", ("externalId", "vendorNumber"), (cell, cell)))

    assert payload == {"externalId": "00123", "vendorNumber": "00123"}


@pytest.mark.covers("decision 11")
def test_given_text_that_is_no_key_then_it_stays_as_written():
    header = ("externalId", "companyName", "addresses")
    address = json.dumps([{"city": "'s-Hertogenbosch", "line1": "1.0"}])

    (payload,) = payloads(csv_file("Customers.csv", header, ("1", "'t Hoekje 2.0", address)))

    assert payload["companyName"] == "'t Hoekje 2.0"
    assert payload["addresses"] == [{"city": "'s-Hertogenbosch", "line1": "1.0"}]


@pytest.mark.covers("decision 11")
def test_given_a_number_whose_digits_a_spreadsheet_has_lost_then_its_line_fails_alone():
    content = csv_file(
        "Customers.csv", ("externalId", "email"), ("1,23457E+11", ""), ("2", ""), delimiter=";"
    )

    bad, good = content.lines

    assert bad.error is not None
    assert "externalId: a spreadsheet has shortened 1,23457E+11" in bad.error.message
    assert good.error is None


@pytest.mark.covers("decision 11")
@pytest.mark.parametrize("cell", ["1E+11", "5e+15", "1,5E+12"])
def test_given_a_round_number_that_was_shortened_then_its_line_fails_too(cell: str):
    (line,) = csv_file("Vendors.csv", ("externalId", "vendorName"), (cell, "A")).lines

    assert line.error is not None
    assert f"a spreadsheet has shortened {cell}" in line.error.message


def test_given_names_in_other_letters_then_they_are_the_fields_they_spell():
    header = ("EXTERNALID", "IsDraft", "DepartmentName", "LineItems", "ID")
    lines = json.dumps([{"ItemNumber": "1000", "Quantity": "2"}])

    (line,) = csv_file("Bills.csv", header, ("1", "TRUE", "Sales", lines, "row 7")).lines

    assert line.error is None
    assert line.record is not None
    assert as_payload(line.record) == {
        "externalId": "1",
        "isDraft": True,
        "departmentName": "Sales",
        "lineItems": [{"itemNumber": "1000", "quantity": "2"}],
    }
    assert line.dropped == {"ID": 1}


def test_given_a_field_in_two_spellings_then_the_line_names_both():
    (line,) = csv_file("Bills.csv", ("IsDraft", "ISDRAFT"), ("TRUE", "FALSE")).lines

    assert line.error is not None
    assert "'IsDraft' and 'ISDRAFT' are one field, isDraft" in line.error.message


def test_given_the_field_itself_then_another_spelling_of_it_is_a_column_nobody_knows():
    (line,) = csv_file("Bills.csv", ("isDraft", "ISDRAFT"), ("TRUE", "FALSE")).lines

    assert line.record is not None
    assert as_payload(line.record) == {"isDraft": True}
    assert line.dropped == {"ISDRAFT": 1}


@pytest.mark.parametrize(
    ("cell", "right"),
    [
        *((cell, True) for cell in ("WAAR", "WAHR", "ja", "1.0")),
        *((cell, False) for cell in ("Onwaar", "FALSCH", "nee", "nein", "0.0")),
    ],
)
def test_given_a_flag_in_the_language_of_the_spreadsheet_then_it_is_that_flag(
    cell: str, right: bool
):
    (payload,) = payloads(csv_file("Bills.csv", ("externalId", "isDraft"), ("1", cell)))

    assert payload["isDraft"] is right


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


def parquet(directory: Path, select: str) -> bytes:
    path = directory / "file.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY (SELECT {select}) TO '{path}'")
    return path.read_bytes()


@pytest.mark.covers("decision 13")
def test_given_single_precision_then_it_is_the_number_that_was_written(tmp_path: Path):
    content = parquet(
        tmp_path,
        "'B' AS externalId, [{'itemNumber': '1', 'unitPrice': 19.99::FLOAT,"
        " 'quantity': 'nan'::FLOAT}] AS lineItems",
    )
    amount = parquet(tmp_path, "'P' AS externalId, 19.99::FLOAT AS amount")

    (bill,) = payloads(read_file("Bills.parquet", content, ()))
    (payment,) = payloads(read_file("BillPayments.parquet", amount, ()))

    assert bill["lineItems"] == [{"itemNumber": "1", "unitPrice": "19.99"}]
    assert payment["amount"] == "19.99"


def test_given_any_single_then_its_shortest_notation_is_taken():
    with duckdb.connect() as connection:

        @given(number=st.floats(width=32, allow_nan=False, allow_infinity=False))
        def is_taken(number: float) -> None:
            told = connection.execute("SELECT ?::FLOAT::VARCHAR", [number]).fetchone()
            assert told is not None
            assert as_written(number) == float(told[0])

        is_taken()


@pytest.mark.covers("decision 13")
def test_given_a_moment_with_zone_then_its_day_is_that_of_the_tenant(tmp_path: Path):
    content = parquet(
        tmp_path,
        "'B' AS externalId, TIMESTAMPTZ '2026-06-30 22:00:00+00' AS issueDate,"
        " TIMESTAMP '2026-06-30 23:30:00' AS dueDate",
    )

    (line,) = read_file("Bills.parquet", content, (), AMSTERDAM).lines

    assert line.record is not None
    assert line.record.issue_date == date(2026, 7, 1)  # type: ignore[attr-defined]
    assert line.record.due_date == date(2026, 6, 30)  # type: ignore[attr-defined]


@pytest.mark.covers("decision 16")
@pytest.mark.parametrize("name", ["Customers.jsonl", "Customers.json", "Customers.csv"])
def test_given_half_and_control_characters_then_the_record_goes_on_and_is_named(name: str):
    if name.endswith("csv"):
        content = b'externalId,companyName\n1,"Zon\x00\x07nebloem"\n2,Roos\n'
    else:
        content = b'{"externalId": "1", "companyName": "Zon\\u0000nebloem\x07"}\n' + (
            b'{"externalId": "2", "companyName": "Roos"}'
        )
    half = b'{"externalId": "1", "companyName": "Zonnebloem \\ud83d"}'

    mended, good = read_file(name, content, ()).lines
    (halved,) = read_file("Customers.jsonl", half, ()).lines

    assert as_payload(mended.record) == {  # type: ignore[arg-type]
        "externalId": "1",
        "companyName": "Zonnebloem",
    }
    assert (mended.mended, good.mended, halved.mended) == (True, False, True)
    assert halved.record is not None
    assert halved.record.company_name == "Zonnebloem �"  # type: ignore[attr-defined]


@pytest.mark.covers("decision 16")
@given(st.text(st.characters(categories=None)))
def test_given_any_text_then_its_record_can_be_stored(text: str):
    content = json.dumps({"externalId": "1", "companyName": f"x{text}"}).encode()

    (line,) = read_file("Customers.jsonl", content, ()).lines

    assert line.record is not None
    assert line.record.company_name == storable(f"x{text}")  # type: ignore[attr-defined]
