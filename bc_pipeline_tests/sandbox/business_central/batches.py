"""Parts of a batch."""

from __future__ import annotations

from typing import Any

from bc_pipeline.sandbox.company.company import Company
from bc_pipeline_tests.sandbox.conftest import BcClient

SNAPSHOT = {"Isolation": "snapshot"}
GO_ON = {"Prefer": "odata.continue-on-error"}


def new_vendor(number: str) -> dict[str, Any]:
    return {"method": "POST", "url": "vendors", "body": {"number": number}}


# POST answers 400: nobody may write this.
BAD = {"method": "POST", "url": "vendors", "body": {"balance": 1}}


def numbers(company: Company) -> set[str]:
    return {row["number"] for row in company.find("vendors")}


def statuses(responses: list[dict[str, Any]]) -> list[int]:
    return [response["status"] for response in responses]


def journal_with(bc: BcClient, *amounts: int) -> str:
    """Path of an empty journal that got lines of these amounts, all on one document."""
    journal = bc.created("journals", {"code": "BATCH"})
    account = bc.company.find("accounts", number="2340")[0]
    for amount in amounts:
        line = {"accountId": account["id"], "documentNumber": "D1", "amount": amount}
        bc.created(f"journals({journal['id']})/journalLines", line)
    return f"journals({journal['id']})"
