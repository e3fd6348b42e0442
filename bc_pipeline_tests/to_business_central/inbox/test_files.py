"""Reading files of unified records: formats, exactness, strictness (target_behaviour.md 2)."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.inbox.files import FileContent, read_file
from bc_pipeline.to_business_central.inbox.place import waiting
from bc_pipeline.to_business_central.unified import Bill, as_payload, payload_hash
from bc_pipeline.to_business_central.writers import STREAMS
from bc_pipeline_tests.to_business_central.records import drop

PREFIXES = ("class", "department")
FAILED = "Failed Structure/Datatype validation for"


def jsonl(*records: Any, name: str = "Customers.jsonl") -> FileContent:
    lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
    return read_file(name, "\n".join(lines).encode(), PREFIXES)


def bill_json() -> dict[str, Any]:
    return {
        "externalId": "B-1",
        "vendorNumber": "10000",
        "billNumber": "F-1",
        "issueDate": "2026-01-31T23:30:00Z",
        "isDraft": False,
        "classNumber": "RETAIL",
        "lineItems": [{"itemNumber": "1000", "quantity": 3, "unitPrice": "12.345"}],
        "expenses": [
            {
                "accountNumber": "8000",
                "amount": "0.10",
                "dimensions": [{"number": "AREA", "valueNumber": "30"}],
            }
        ],
    }


def as_csv(record: dict[str, Any]) -> bytes:
    def cell(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return json.dumps(value) if isinstance(value, list) else str(value)

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(record)
    writer.writerow([cell(value) for value in record.values()])
    return text.getvalue().encode()


def as_parquet(record: dict[str, Any], directory: Path, nested: bool) -> bytes:
    columns = {
        name: json.dumps(value) if isinstance(value, list) and not nested else value
        for name, value in record.items()
    }
    path = directory / f"bills-{nested}.parquet"
    with duckdb.connect() as connection:
        select = ", ".join(f'? AS "{name}"' for name in columns)
        connection.execute(f"COPY (SELECT {select}) TO '{path}'", list(columns.values()))
    return path.read_bytes()


def test_given_one_bill_in_every_format_then_it_is_the_same_bill(tmp_path: Path):
    given_bill = bill_json()
    singer = {"type": "RECORD", "stream": "bills", "record": given_bill}
    contents = {
        "Bills.jsonl": json.dumps(given_bill).encode(),
        "Bills.csv": as_csv(given_bill),
        "Bills.nested.parquet": as_parquet(given_bill, tmp_path, nested=True),
        "Bills.cells.parquet": as_parquet(given_bill, tmp_path, nested=False),
        "anything.singer": json.dumps(singer).encode(),
    }

    read = {name: read_file(name, content, PREFIXES) for name, content in contents.items()}

    for name, content in read.items():
        (line,) = content.lines
        assert line.error is None, name
        assert line.record is not None
        assert payload_hash(line.record) == payload_hash(read["Bills.jsonl"].lines[0].record), name
    bill = read["Bills.jsonl"].lines[0].record
    assert isinstance(bill, Bill)
    assert bill.issue_date == date(2026, 1, 31)
    assert bill.line_items[0].unit_price == Decimal("12.345")
    assert bill.dimension_fields == {"classNumber": "RETAIL"}
    assert bill.expenses[0].dimension_list() == ({"number": "AREA", "valueNumber": "30"},)
    assert as_payload(bill)["classNumber"] == "RETAIL"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=5))
def test_given_any_amount_then_it_stays_exact(amount: Decimal):
    content = f'{{"externalId": "p", "amount": {amount}}}'.encode()

    (line,) = read_file("BillPayments.jsonl", content, ()).lines

    assert line.record is not None
    assert line.record.amount == amount  # type: ignore[attr-defined]


def test_given_blank_lines_bom_and_windows_line_ends_then_lines_keep_their_numbers():
    text = '﻿{"externalId":"a"}\r\n\r\n   \r\n{"externalId":"b"}\r\n'

    content = read_file("Customers.jsonl", text.encode(), ())

    assert [(line.number, line.external_id) for line in content.lines] == [(1, "a"), (4, "b")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "not valid JSON"),
        ('["a list"]', "not a JSON object"),
        ('{"externalId":"x","externalId":"y"}', "'externalId' stands there twice"),
        ('{"externalId":"x","taxable":"true"}', "taxable"),
        ('{"externalId":"x","customerNumber":10000}', "customerNumber"),
        ('{"externalId":"x","phoneNumbers":{}}', "phoneNumbers"),
        ('{"externalId":"x","classId":7}', "classId"),
        ('{"externalId":"x","addresses":["street"]}', "addresses.0"),
    ],
)
def test_given_a_line_that_does_not_fit_then_it_fails_alone(line: str, reason: str):
    first, bad, last = jsonl({"externalId": "a"}, line, {"externalId": "b"}).lines

    assert first.error is last.error is None
    assert bad.record is None
    assert bad.error is not None
    assert bad.error.message.startswith(f"{FAILED} Customers: ")
    assert reason in bad.error.message


def test_given_a_line_that_does_not_fit_then_its_external_id_is_still_told():
    (line,) = jsonl({"externalId": "x", "taxable": "nonsense"}).lines

    assert line.external_id == "x"


@pytest.mark.parametrize("amount", ["1e999999999", '"-1e999999999"', "1e-999999999"])
def test_given_a_number_nobody_can_calculate_with_then_its_line_fails_alone(amount: str):
    bad, good = jsonl(
        f'{{"externalId":"x","amount":{amount}}}', {"amount": 0}, name="BillPayments.jsonl"
    ).lines

    assert bad.error is not None
    assert "amount" in bad.error.message
    assert good.record is not None
    assert payload_hash(good.record)


def test_given_an_escaped_character_of_two_halves_then_it_is_one():
    (line,) = jsonl('{"externalId":"\\ud83d\\ude00"}').lines

    assert line.external_id == "\U0001f600"


def test_given_bytes_that_are_no_text_then_only_their_line_fails():
    content = b'{"externalId":"a"}\n{"externalId":"\xff"}\n{"externalId":"b"}\n'

    lines = read_file("Customers.jsonl", content, ()).lines

    assert [line.error is None for line in lines] == [True, False, True]


def test_given_unknown_fields_then_they_are_dropped_and_counted():
    bill = {
        "externalId": "B",
        "colour": "red",
        "regionId": "north",
        "lineItems": [{"quantity": 1, "colour": "red"}, {"quantity": 2, "colour": "blue"}],
    }

    (line,) = jsonl(bill, name="Bills.jsonl").lines

    assert line.record is not None
    assert dict(line.dropped) == {"colour": 1, "regionId": 1, "lineItems.colour": 2}


def test_given_blank_texts_then_they_are_not_given():
    (line,) = jsonl({"externalId": "a", "email": " ", "website": None, "classId": ""}).lines

    assert line.record is not None
    assert as_payload(line.record) == {"externalId": "a"}


def test_given_a_singer_file_then_each_stream_goes_its_way_and_unknown_ones_fail():
    messages: list[Any] = [
        {"type": "SCHEMA", "stream": "Vendors", "schema": {}},
        {"type": "RECORD", "stream": "Vendors", "record": {"externalId": "v"}},
        {"type": "RECORD", "stream": "billpayments", "record": {"externalId": "p"}},
        {"type": "RECORD", "stream": "Invoices", "record": {"externalId": "i"}},
        {"type": "STATE", "value": {}},
        {"type": "RECORD", "stream": "Vendors"},
        "no json",
    ]

    content = jsonl(*messages, name="day.singer")

    assert [line.number for line in content.lines] == [2, 3, 4, 6, 7]
    assert content.entities() == {"vendors", "vendor_payments"}
    errors = [line.error.message if line.error else None for line in content.lines]
    assert errors[:2] == [None, None]
    assert errors[2] == (
        f"{FAILED} Invoices: there is no such stream; known are "
        "Customers, Vendors, Bills, BillPayments, JournalEntries"
    )
    assert all(message and message.startswith(FAILED) for message in errors[3:])


def test_given_csv_then_flags_lists_and_delimiters_are_understood():
    text = (
        'externalId;isPerson;phoneNumbers;email\na;Yes;"[{""phoneNumber"":""1""}]";\n\nb;0;;x@y\n'
    )

    lines = read_file("Customers.csv", text.encode(), ()).lines

    assert [line.number for line in lines] == [1, 2]
    payloads = [as_payload(line.record) for line in lines if line.record]
    assert payloads == [
        {"externalId": "a", "isPerson": True, "phoneNumbers": [{"phoneNumber": "1"}]},
        {"externalId": "b", "isPerson": False, "email": "x@y"},
    ]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("externalId,email\na,x@y,extra\nb,x@y\n", [False, True]),
        ("externalId,email\na\nb,x@y\n", [False, True]),
        ("externalId,isPerson\na,perhaps\nb,true\n", [False, True]),
        ('externalId,addresses\na,[{\nb,"[]"\n', [False, True]),
        ("externalId,externalId\na,b\n", [False]),
        (",externalId,email\n0,a,x@y\n1,b\n", [True, False]),
        ('externalId,email\na,x@y\n"b,x@y\n', [True, False]),
    ],
)
def test_given_csv_that_does_not_fit_then_as_little_as_possible_fails(text: str, good: list[bool]):
    lines = read_file("Customers.csv", text.encode(), ()).lines

    assert [line.error is None for line in lines] == good


def test_given_csv_of_another_encoding_then_it_is_one_failed_line():
    text = "externalId,na\u00efve\na,b\n".encode("latin-1")

    (line,) = read_file("Customers.csv", text, ()).lines

    assert line.error is not None
    assert "UTF-8" in line.error.message


def test_given_whole_numbers_as_fractions_then_they_are_whole(tmp_path: Path):
    record = {"externalId": 7.0, "billExternalId": 12.0, "amount": 1.5}

    (line,) = read_file("BillPayments.parquet", as_parquet(record, tmp_path, False), ()).lines
    (broken,) = jsonl({"externalId": 7.5}, name="BillPayments.jsonl").lines

    assert line.record is not None
    assert as_payload(line.record) == {"externalId": "7", "billExternalId": "12", "amount": "1.5"}
    assert broken.error is not None


@pytest.mark.parametrize("name", ["Customers.parquet", "Customers.csv"])
def test_given_a_file_that_cannot_be_read_then_it_is_one_failed_line(name: str):
    content = b"PAR1 nonsense" if name.endswith("parquet") else b'"externalId\n'

    (line,) = read_file(name, content, ()).lines

    assert line.number == 1
    assert line.error is not None
    assert line.error.message.startswith(f"{FAILED} Customers: the file cannot be read: ")


def test_given_thousands_of_records_then_each_is_read():
    content = jsonl(*({"externalId": str(n), "companyName": f"C {n}"} for n in range(5000)))

    assert [line.external_id for line in content.lines] == [str(n) for n in range(5000)]


def test_given_names_of_all_sorts_then_only_finished_files_wait_oldest_first(tmp_path: Path):
    drop(tmp_path, "Vendors.monday.jsonl")
    drop(tmp_path, "customers.CSV")
    drop(tmp_path, "x.singer")
    no_text = os.fsdecode(b"Customers.\xff.jsonl")
    unfinished = (".Customers.jsonl", "Customers.jsonl.tmp", "Customers.jsonl.part")
    for name in (*unfinished, "notes.txt", no_text):
        (tmp_path / "outbound" / name).touch()
    (tmp_path / "outbound" / "Customers.jsonl").mkdir()

    names = [path.name for path in waiting(tmp_path)]

    assert names == ["Vendors.monday.jsonl", "customers.CSV", "x.singer"]
    assert waiting(tmp_path / "nowhere") == []


KEYS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("customers", {"externalId": "7", "customerNumber": "A"}, {"externalId": "7"}),
    ("customers", {"customerNumber": "c10 "}, {"customerNumber": "C10", "companyName": "X"}),
    ("vendors", {"id": "AB-CD"}, {"id": "ab-cd", "vendorNumber": "9"}),
    (
        "purchase_invoices",
        {"billNumber": "F1", "vendorNumber": "10"},
        {"billNumber": "f1", "vendorNumber": "10"},
    ),
    (
        "vendor_payments",
        {"journalId": "J", "paymentNumber": "1"},
        {"journalId": "j", "paymentNumber": "1"},
    ),
    ("general_journal_lines", {"journalEntryNumber": "J1"}, {"journalEntryNumber": "j1"}),
    ("customers", {"companyName": "X"}, {"companyName": "X"}),
]


@pytest.mark.parametrize(("entity", "one", "other"), KEYS)
def test_given_the_same_record_again_then_its_key_is_the_same(
    entity: str, one: dict[str, Any], other: dict[str, Any]
):
    key = key_of(entity)

    assert key(one) == key(other)
    assert key(one) != key({"externalId": "another"})


def test_given_one_bill_number_of_two_vendors_then_these_are_two_bills():
    key = key_of("purchase_invoices")

    assert key({"billNumber": "1", "vendorNumber": "10"}) != key(
        {"billNumber": "1", "vendorNumber": "20"}
    )


def key_of(entity: str) -> Callable[[dict[str, Any]], str]:
    stream = STREAMS[entity]
    return lambda fields: stream.key(stream.model.model_validate(fields))
