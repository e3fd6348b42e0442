"""Files out of spreadsheets and frames, from the drop to what Business Central has
(decisions 10-14)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.sandbox.company.company import Company
from bc_pipeline_tests.cli.conftest import CommandLine

TENANT = "wholesale"


@pytest.fixture
def home(exporting_home: Path) -> Path:
    return exporting_home


def drop(home: Path, name: str, content: bytes) -> Path:
    path = home / "snapshots" / TENANT / "outbound" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def spreadsheet(header: Sequence[str], *rows: Sequence[str]) -> bytes:
    """As a Dutch spreadsheet saves it."""
    text = io.StringIO("sep=;\r\n")
    text.seek(0, io.SEEK_END)
    csv.writer(text, delimiter=";").writerows([header, *rows])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def items(*lines: dict[str, str]) -> str:
    return json.dumps(lines)


def vendor_number(company: Company) -> str:
    return min(
        row["number"]
        for row in company.tables["vendors"].values()
        if row["blocked"] in ("", " ", "_x0020_")
    )


def invoice_lines(company: Company, number: str) -> list[dict[str, Any]]:
    (bill,) = company.find("purchaseInvoices", vendorInvoiceNumber=number)
    return company.find("purchaseInvoiceLines", documentId=bill["id"])


@pytest.mark.covers("new user: a Dutch spreadsheet")
@pytest.mark.covers("decision 12")
def test_given_a_dutch_spreadsheet_then_it_is_written_as_it_is_meant(
    command: CommandLine, home: Path, company: Company
):
    header = ("externalId", "customerNumber", "companyName", "email", "isActive")
    customers = spreadsheet(
        header, ("501,0", '="00123"', "'t Hoekje", "#N/A", "1"), (" 502", "502", "Café", "", "")
    )
    lines = items({"itemNumber": item_number(company), "quantity": "2", "unitPrice": "1.250,00"})
    bills = spreadsheet(
        ("externalId", "vendorNumber", "billNumber", "issueDate", "lineItems"),
        ("b-1", vendor_number(company), "F-2026-1", "2026-03-02", lines),
    )
    drop(home, "Customers.csv", customers)
    drop(home, "Bills.csv", bills)

    outcome = command("export", TENANT, "--json")

    assert outcome.code == 0
    assert outcome.json["tenants"][TENANT]["problems"] == []
    (hoekje,) = company.find("customers", number="00123")
    assert (hoekje["displayName"], hoekje["email"]) == ("'t Hoekje", "")
    (line,) = invoice_lines(company, "F-2026-1")
    assert Decimal(str(line["unitCost"])) == 1250


@pytest.mark.covers("new user: a Dutch spreadsheet")
@pytest.mark.covers("decision 12")
def test_given_amounts_in_two_notations_then_nothing_is_written_and_the_words_say_what_to_do(
    command: CommandLine, home: Path, company: Company
):
    content = spreadsheet(("externalId", "amount"), ("p-1", "12,50"), ("p-2", "12.50"))
    drop(home, "BillPayments.csv", content)

    outcome = command("export", TENANT)

    assert outcome.code == 1
    told = " ".join(outcome.stdout.split())
    assert "12.50 in line 2 and 12,50 in line 1" in told
    assert "write all of them one way, without thousands separators" in told
    assert company.tables["vendorPayments"] == {}


@pytest.mark.covers("decision 10")
def test_given_an_item_called_nan_then_it_is_a_code_and_elsewhere_the_word_is_nothing(
    command: CommandLine, home: Path, company: Company
):
    (nan,) = company.find("items", number=item_number(company))
    company.modify("items", nan["id"], number="NAN")
    line = {"itemNumber": "nan", "quantity": "1", "unitPrice": "5", "locationNumber": "nan"}
    text = io.StringIO()
    csv.writer(text).writerows(
        [
            ("externalId", "vendorNumber", "billNumber", "currency", "classNumber", "lineItems"),
            ("b-1", vendor_number(company), "F-1", "NaN", "nan", items(line)),
        ]
    )
    drop(home, "Bills.csv", text.getvalue().encode())

    outcome = command("export", TENANT, "--json")

    assert outcome.json["tenants"][TENANT]["problems"] == []
    (written,) = invoice_lines(company, "F-1")
    assert written["itemId"] == nan["id"]


@pytest.mark.covers("decision 14")
def test_given_files_nobody_reads_then_the_run_says_what_to_use_instead(
    command: CommandLine, home: Path
):
    drop(home, "Bills.xlsx", b"PK")
    kept = drop(home, "Customers.txt", b"")

    outcome = command("export", TENANT, "--json")

    told = {problem["reason"] for problem in outcome.json["tenants"][TENANT]["problems"]}
    assert any(
        "Customers.txt is in no format that is read; write .parquet" in each for each in told
    )
    assert kept.exists()
    results = kept.parent / "results" / "Bills.xlsx.results.jsonl"
    (line,) = results.read_text().splitlines()
    assert "save its sheet as 'CSV UTF-8'" in json.loads(line)["error"]["message"]
    assert (kept.parent / "done" / "Bills.xlsx").exists()


def item_number(company: Company) -> str:
    """One that can be bought."""
    return min(
        row["number"]
        for row in company.tables["items"].values()
        if not row["blocked"] and row["type"] == "Inventory"
    )
