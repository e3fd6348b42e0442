"""Files of unified records for drills, and what Business Central must hold after they were written.

Every round has numbers of its own, so that rounds share one company without meeting.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from bc_pipeline.sandbox.company.company import Company, Row

EVERY = os.environ.get("BC_PIPELINE_DRILL") == "all"
RECORDS = 20 if EVERY else 6
"""Of a file: enough to tell a batch from a record."""
DAY = "2026-08-20"
AGAIN = "again"


def drop(directory: Path, name: str, records: Iterable[dict[str, Any]]) -> Path:
    """A file of records where the pipeline looks for them, complete at once."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.jsonl"
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    temporary.rename(path)
    return path


def results(directory: Path, name: str) -> list[dict[str, Any]]:
    """The outcome lines of a file."""
    path = directory / "results" / f"{name}.jsonl.results.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@dataclass
class Books:
    """One company, the folder its files are dropped into, and whom it can trade with."""

    company: Company
    outbound: Path
    vendor: Row = field(init=False)
    items: list[Row] = field(init=False)
    accounts: list[Row] = field(init=False)
    paid_bill: str | None = field(default=None, init=False)
    _repeated: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        local = self.company.currency_code
        usable = (
            row
            for row in self.company.tables["vendors"].values()
            if row["blocked"] == "_x0020_" and row["currencyCode"] == local
        )
        self.vendor = next(
            row for row in usable if not self.company.find("defaultDimensions", parentId=row["id"])
        )
        self.items = [
            row
            for row in self.company.tables["items"].values()
            if row["type"] == "Inventory"
            and not row["blocked"]
            and not self.company.find("defaultDimensions", parentId=row["id"])
        ][:2]
        self.accounts = [
            row
            for row in self.company.tables["accounts"].values()
            if row["accountType"] == "Posting" and row["directPosting"] and not row["blocked"]
        ][:2]

    # --- customers and vendors -----------------------------------------------------------------

    def customers(self, number: int) -> None:
        self._drop(number, "Customers", (self._customer(number, n) for n in range(RECORDS)))

    def check_customers(self, number: int) -> None:
        self._all_done(number, "Customers")
        for n in range(RECORDS):
            row = self._only("customers", f"D{number:03d}{n:02d}")
            assert row["displayName"] == f"Customer {number} {n}"
            assert self._default_dimensions(row) == {"DEPARTMENT": "SALES", "CLASS": "A"}

    def _customer(self, number: int, n: int) -> dict[str, Any]:
        return {
            "externalId": f"c{number}-{n}",
            "customerNumber": f"D{number:03d}{n:02d}",
            "companyName": f"Customer {number} {n}",
            "departmentNumber": "SALES",
            "classNumber": "A",
        }

    def vendors(self, number: int) -> None:
        """Vendors without a number: only their content tells whether they are there."""
        records = (
            {
                "externalId": f"v{number}-{n}",
                "vendorName": f"Vendor {number} {n}",
                "email": f"v{number}.{n}@example.com",
                "departmentNumber": "WEB",
            }
            for n in range(RECORDS)
        )
        self._drop(number, "Vendors", records)

    def check_vendors(self, number: int) -> None:
        self._all_done(number, "Vendors")
        for n in range(RECORDS):
            found = self.company.find("vendors", displayName=f"Vendor {number} {n}")
            assert len(found) == 1, f"vendor {number} {n} stands there {len(found)} times"
            assert self._default_dimensions(found[0]) == {"DEPARTMENT": "WEB"}

    # --- bills ---------------------------------------------------------------------------------

    def bills(self, number: int) -> None:
        self._drop(number, "Bills", (self._bill(number, n) for n in range(RECORDS)))

    def check_bills(self, number: int) -> None:
        self._all_done(number, "Bills")
        for n in range(RECORDS):
            found = self.company.find("purchaseInvoices", vendorInvoiceNumber=f"B{number}-{n}")
            assert len(found) == 1, f"bill {number}-{n} stands there {len(found)} times"
            bill = found[0]
            assert (bill["status"] == "Open") is _is_posted(n), bill["status"]
            assert self._set(bill)["DEPARTMENT"] == "SALES"
            lines = self.company.find("purchaseInvoiceLines", documentId=bill["id"])
            assert [_line(line) for line in lines] == [
                (self.items[0]["id"], Decimal(2), Decimal("3.25")),
                (self.items[1]["id"], Decimal(1 + n), Decimal("10")),
                (self.accounts[0]["id"], Decimal(1), Decimal("7.5")),
            ]
            assert [self._set(line).get("CLASS") for line in lines] == ["A", "B", None]

    def _bill(self, number: int, n: int, *, draft: bool | None = None) -> dict[str, Any]:
        items = [
            {
                "externalId": "10000",
                "itemNumber": self.items[0]["number"],
                "quantity": 2,
                "unitPrice": 3.25,
                "classNumber": "A",
            },
            {
                "externalId": "20000",
                "itemNumber": self.items[1]["number"],
                "quantity": 1 + n,
                "unitPrice": 10,
                "classNumber": "B",
            },
        ]
        expense = {"accountNumber": self.accounts[0]["number"], "amount": 7.5, "description": "Fee"}
        return {
            "externalId": f"b{number}-{n}",
            "billNumber": f"B{number}-{n}",
            "vendorNumber": self.vendor["number"],
            "issueDate": DAY,
            "isDraft": not _is_posted(n) if draft is None else draft,
            "departmentNumber": "SALES",
            "lineItems": items,
            "expenses": [expense],
        }

    # --- bill payments -------------------------------------------------------------------------

    def payments(self, number: int) -> None:
        """Payments of one posted bill, ``paid_bill``."""
        journal = next(iter(self.company.tables["vendorPaymentJournals"].values()))
        records = (
            {
                "externalId": f"p{number}-{n}",
                "paymentNumber": f"P{number}-{n}",
                "journalExternalId": journal["code"],
                "vendorNumber": self.vendor["number"],
                "billNumber": self.paid_bill,
                "paymentDate": DAY,
                "amount": 1 + n,
                "departmentNumber": "STORE",
            }
            for n in range(RECORDS)
        )
        self._drop(number, "BillPayments", records)

    def check_payments(self, number: int) -> None:
        self._all_done(number, "BillPayments")
        for n in range(RECORDS):
            found = self.company.find("vendorPayments", documentNumber=f"P{number}-{n}")
            assert len(found) == 1, f"payment {number}-{n} stands there {len(found)} times"
            assert found[0]["amount"] == 1 + n
            assert self._set(found[0])["DEPARTMENT"] == "STORE"

    # --- journal entries -----------------------------------------------------------------------

    def journals(self, number: int) -> None:
        self._drop(number, "JournalEntries", (self._journal(number, n) for n in range(RECORDS)))

    def check_journals(self, number: int) -> None:
        self._all_done(number, "JournalEntries")
        for n in range(RECORDS):
            name = f"J{number}-{n}"
            journals = self.company.find("journals", displayName=name)
            entries = self.company.find("generalLedgerEntries", documentNumber=name)
            if _is_posted(n):
                assert not journals, f"{name}: the journal is still there"
                moved = sorted(row["debitAmount"] - row["creditAmount"] for row in entries)
                assert moved == [Decimal(-5 - n), Decimal(5 + n)], f"{name} posted {moved}"
                sets = Counter(self._set(row)["DEPARTMENT"] for row in entries)
                assert sets == {"SALES": 1, "WEB": 1}
            else:
                assert not entries, f"{name} was posted although it is a draft"
                assert len(journals) == 1
                lines = self.company.find("journalLines", journalId=journals[0]["id"])
                assert sorted(line["amount"] for line in lines) == [-5 - n, 5 + n]

    def _journal(self, number: int, n: int) -> dict[str, Any]:
        def line(account: Row, side: str, department: str) -> dict[str, Any]:
            return {
                "accountNumber": account["number"],
                "entryType": side,
                f"{side.lower()}Amount": 5 + n,
                "departmentNumber": department,
                "description": f"{side} {n}",
            }

        return {
            "externalId": f"j{number}-{n}",
            "journalEntryNumber": f"J{number}-{n}",
            "transactionDate": DAY,
            "isDraft": not _is_posted(n),
            "lineItems": [
                line(self.accounts[0], "Debit", "SALES"),
                line(self.accounts[1], "Credit", "WEB"),
            ],
        }

    # --- helpers -------------------------------------------------------------------------------

    def again(self, number: int) -> None:
        """The file of a round comes once more when some of its records failed."""
        (path,) = (self.outbound / "done").glob(f"*.round{number}.jsonl")
        if all(outcome["success"] for outcome in results(self.outbound, path.stem)):
            return
        self._repeated.add(number)
        records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        drop(self.outbound, f"{path.stem}{AGAIN}", records)

    def _drop(self, number: int, stream: str, records: Iterable[dict[str, Any]]) -> None:
        drop(self.outbound, f"{stream}.round{number}", records)

    def _all_done(self, number: int, stream: str) -> None:
        """Every record has exactly one outcome, a good one, and the file has moved."""
        name = f"{stream}.round{number}" + (AGAIN if number in self._repeated else "")
        outcomes = results(self.outbound, name)
        assert sorted(outcome["line"] for outcome in outcomes) == list(range(1, RECORDS + 1))
        assert [outcome for outcome in outcomes if not outcome["success"]] == []
        assert (self.outbound / "done" / f"{name}.jsonl").exists()
        assert not (self.outbound / f"{name}.jsonl").exists()

    def _only(self, entity_set: str, number: str) -> Row:
        found = self.company.find(entity_set, number=number)
        assert len(found) == 1, f"{entity_set} {number} stands there {len(found)} times"
        return found[0]

    def _default_dimensions(self, row: Row) -> dict[str, str]:
        rows = self.company.find("defaultDimensions", parentId=row["id"])
        found = {each["dimensionCode"]: each["dimensionValueCode"] for each in rows}
        assert len(found) == len(rows), "a dimension twice"
        return found

    def _set(self, row: Row) -> dict[str, str]:
        rows = self.company.find("dimensionSetLines", parentId=row["id"])
        return {each["code"]: each["valueCode"] for each in rows}


def _is_posted(n: int) -> bool:
    """Every other record of bills and journal entries is to be posted."""
    return n % 2 == 1


def _line(line: Row) -> tuple[str, Decimal, Decimal]:
    target = line["itemId"] if line["lineType"] == "Item" else line["accountId"]
    return target, line["quantity"], line["unitCost"]
