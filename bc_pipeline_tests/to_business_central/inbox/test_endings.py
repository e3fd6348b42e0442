"""Every format people drop is read, or refused with what to use instead (decisions 14)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from bc_pipeline.to_business_central.inbox.files import read_file
from bc_pipeline.to_business_central.inbox.place import not_read, waiting
from bc_pipeline_tests.to_business_central.records import drop

ONE, TWO = {"externalId": "1"}, {"externalId": "2"}
LINES = f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n".encode()
CSV = b"externalId\n1\n2\n"


@pytest.mark.covers("decision 14")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Bills.ndjson", LINES),
        ("Bills.json", LINES),
        ("Bills.json", json.dumps([ONE, TWO], indent=2).encode()),
        ("Bills.JSON", b"\xef\xbb\xbf" + json.dumps([ONE, TWO]).encode()),
        ("Bills.csv.gz", gzip.compress(CSV, mtime=0)),
        ("Bills.jsonl.gz", gzip.compress(LINES, mtime=0)),
        ("Bills.2026-11.json.gz", gzip.compress(json.dumps([ONE, TWO]).encode(), mtime=0)),
        ("Bills.csv", b"sep=;\r\nexternalId;billNumber\r\n1;\r\n2;\r\n"),
        ("Bills.csv", b'"sep=,"\nexternalId,billNumber\n1,a;b;c\n2,\n'),
        ("Bills.csv", "externalId;billNumber\r\n1;\r\n2;ë\r\n".encode("utf-16")),
    ],
)
def test_given_a_format_people_drop_then_it_is_read(name: str, content: bytes, tmp_path: Path):
    drop(tmp_path, name)

    lines = read_file(name, content, ()).lines

    assert [path.name for path in waiting(tmp_path)] == [name]
    assert [(line.number, line.external_id, line.error) for line in lines] == [
        (1, "1", None),
        (2, "2", None),
    ]


@pytest.mark.covers("decision 14")
def test_given_one_indented_object_then_it_is_one_record():
    (line,) = read_file("Bills.json", json.dumps(ONE, indent=2).encode(), ()).lines

    assert line.external_id == "1"


@pytest.mark.covers("decision 14")
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("Bills.xlsx", b"PK\x03\x04", "save its sheet as 'CSV UTF-8'"),
        ("Bills.xls", b"\xd0\xcf", "save its sheet as 'CSV UTF-8'"),
        ("Bills.csv.gz", gzip.compress(CSV, mtime=0)[:-9], "not a whole gzip file"),
        ("Bills.csv.gz", CSV, "not a whole gzip file"),
        ("Bills.json", b'[{"externalId": "1"}, {', "not valid JSON"),
    ],
)
def test_given_a_file_that_is_not_read_then_its_one_result_says_what_to_do(
    name: str, content: bytes, told: str
):
    (line,) = read_file(name, content, ()).lines

    assert line.number == 1
    assert line.error is not None
    assert told in line.error.message


@pytest.mark.covers("decision 14")
def test_given_an_unknown_ending_then_it_is_told_of_files_named_after_an_entity(tmp_path: Path):
    unknown = ("Bills.txt", "Customers", "vendors.monday.xml")
    for name in (
        *unknown,
        "notes.txt",
        "Bills.jsonl.tmp",
        "Bills.csv~",
        ".Bills.txt",
        "Bills.gz.part",
    ):
        drop(tmp_path, name)

    assert not_read(tmp_path) == sorted(unknown)
    assert not_read(tmp_path / "nowhere") == []
