"""What spreadsheets and frames make of values is undone in reading (decisions 10, 11, 13, 16)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.inbox.files import read_file
from bc_pipeline.to_business_central.inbox.tables import as_written
from bc_pipeline.to_business_central.unified import as_payload
from bc_pipeline.values import storable
from bc_pipeline_tests.to_business_central.inbox.spoilt import PREFIXES, csv_file, payloads

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

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
