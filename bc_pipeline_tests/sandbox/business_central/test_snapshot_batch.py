"""Batches that are one transaction, and what posting inside of one commits (behaviour.md 4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline_tests.sandbox.business_central.batches import (
    BAD,
    GO_ON,
    SNAPSHOT,
    journal_with,
    new_vendor,
    numbers,
    statuses,
)
from bc_pipeline_tests.sandbox.business_central.writes import area, state
from bc_pipeline_tests.sandbox.conftest import BcClient


def test_a_snapshot_batch_is_kept_as_a_whole(bc: BcClient) -> None:
    assert statuses(bc.batch(new_vendor("A1"), new_vendor("A2"), **SNAPSHOT)) == [201, 201]
    assert {"A1", "A2"} <= numbers(bc.company)


@pytest.mark.parametrize("prefer", [{}, GO_ON])
def test_any_failure_takes_a_snapshot_batch_back_although_earlier_answers_look_good(
    bc: BcClient, prefer: dict[str, str]
) -> None:
    first = bc.company.find("vendors")[0]
    gone = bc.company.insert("vendors", {"number": "GONE"})
    bc.company.insert("vendors", {"number": "LAST"})
    bc.created(f"vendors({gone['id']})/defaultDimensions", area(bc))
    before = state(bc.company)
    responses = bc.batch(
        new_vendor("R1"),
        {"method": "PATCH", "url": f"vendors({first['id']})", "body": {"number": "RENAMED"}},
        {"method": "DELETE", "url": f"vendors({gone['id']})"},
        {"method": "PATCH", "url": f"items({stocked(bc)})", "body": {"inventory": 12345}},
        BAD,
        new_vendor("R2"),
        **SNAPSHOT,
        **prefer,
    )
    good = [201, 200, 204, 200]
    assert statuses(responses) == [*good, 400, 201] if prefer else [*good, 400]
    assert state(bc.company) == before
    assert {row["number"] for row in bc.rows("vendors")} == numbers(bc.company)
    assert bc.company.find("vendors", number="RENAMED") == []
    assert bc.company.find("defaultDimensions", parentId=gone["id"]) != []


def stocked(bc: BcClient) -> str:
    return str(bc.company.find("items", type="Inventory")[0]["id"])


def test_it_takes_back_changes_of_all_companies(sandbox: Sandbox, bc: BcClient) -> None:
    other = sandbox.business_central.companies[wholesale.NAME]
    before = state(other)
    json = {"Content-Type": "application/json"}
    parts = [("1", other.id, {"number": "TWO"}), ("2", bc.company.id, {"balance": 1})]
    operations = [
        {"id": id, "method": "POST", "url": f"companies({company})/vendors", "headers": json}
        | {"body": body}
        for id, company, body in parts
    ]
    answer = bc.send("POST", f"{bc.api}/$batch", {"requests": operations}, **SNAPSHOT)
    assert statuses(answer.json()["responses"]) == [201, 400]
    assert state(other) == before


def test_a_read_in_a_snapshot_batch_sees_what_was_written_in_it(bc: BcClient) -> None:
    read = {"method": "GET", "url": "vendors?$filter=number eq 'SEEN'"}
    responses = bc.batch(new_vendor("SEEN"), read, **SNAPSHOT)
    assert len(responses[1]["body"]["value"]) == 1


def post_of(journal: str) -> dict[str, Any]:
    return {"method": "POST", "url": f"{journal}/Microsoft.NAV.post"}


def test_posting_inside_a_snapshot_batch_commits_what_came_before(bc: BcClient) -> None:
    journal = journal_with(bc, 10, -10)
    responses = bc.batch(new_vendor("P1"), post_of(journal), new_vendor("P2"), BAD, **SNAPSHOT)
    assert statuses(responses) == [201, 204, 201, 400]
    assert "P1" in numbers(bc.company)
    assert "P2" not in numbers(bc.company)
    assert bc.rows(f"{journal}/journalLines") == []


def test_refused_posting_inside_a_snapshot_batch_takes_all_back(bc: BcClient) -> None:
    journal = journal_with(bc, 10)
    responses = bc.batch(new_vendor("P3"), post_of(journal), **SNAPSHOT)
    assert statuses(responses)[1] == 400
    assert "P3" not in numbers(bc.company)
    assert len(bc.rows(f"{journal}/journalLines")) == 1
