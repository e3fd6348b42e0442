from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.filters import eq
from bc_pipeline.business_central.lookup.by_property import find_rows, read_lists
from bc_pipeline.errors import AuthError, PipelineError, ReadFailed, RequestFailed
from bc_pipeline_tests.business_central.batches import Batches, Request, answer, refusal
from bc_pipeline_tests.business_central.fake import (
    Reply,
    Seen,
    error,
    page,
)

OTHER = Company("22222222-2222-2222-2222-222222222222", "OTHER", "Other")
GUIDS = [f"{n:08x}-0000-4000-8000-000000000000" for n in range(200)]


def find(bc: BusinessCentral, field: str, values: list[str], **more: Any) -> list[dict[str, Any]]:
    return find_rows(bc, OTHER, "customers", field, values, **more)


def matching(rows: list[dict[str, Any]]) -> Any:
    """Plays BC's filter on one property: upper and lower case alike."""

    def answering(part: Request) -> Request:
        text = unquote(part["url"])
        values = {
            value.replace("''", "'").casefold() for value in re.findall("'((?:[^']|'')*)'", text)
        }
        return answer(200, {"value": [row for row in rows if row["number"].casefold() in values]})

    return answering


def test_given_few_values_then_one_get_finds_them_in_the_company_asked_for(fake, bc):
    fake.on_set("customers", page([{"id": "1", "number": "C1", "balance": 1.5}]))

    rows = find(bc, "number", ["C1", "C2"], expand="defaultDimensions", select=("id", "number"))

    assert rows == [{"id": "1", "number": "C1", "balance": Decimal("1.5")}]
    (seen,) = fake.requests_of("customers")
    assert seen.path.endswith(f"/api/v2.0/companies({OTHER.id})/customers")
    assert seen.query == {
        "$select": "number,id",
        "$expand": "defaultDimensions",
        "$filter": "number eq 'C1' or number eq 'C2'",
    }


def test_given_many_values_then_all_of_them_are_asked_in_one_batch(fake, bc):
    rows = [{"id": str(n), "number": f"C{n:04}"} for n in range(0, 1000, 2)]
    batches = Batches(fake, matching(rows))

    found = find(bc, "number", [f"c{n:04}" for n in range(1000)])

    assert found == rows
    assert len(batches.received) == 1
    assert all(len(part["url"]) < 2048 for part in batches.received[0])


def test_given_nothing_a_record_could_have_then_nothing_is_asked(fake, bc):
    assert find(bc, "number", ["", "  ", "X" * 21]) == []
    assert find(bc, "id", ["", "C1", "0000"], guid=True) == []
    assert fake.requests_of("customers") == []


def test_given_guids_in_any_form_then_they_are_asked_for_bare_and_in_lower_case(fake, bc):
    fake.on_set("customers", page([{"id": GUIDS[1]}]))

    assert find(bc, "id", [f"{{{GUIDS[1].upper()}}}", GUIDS[1]], guid=True) == [{"id": GUIDS[1]}]
    assert fake.requests_of("customers")[0].query["$filter"] == f"id eq {GUIDS[1]}"


def test_given_a_further_condition_then_it_holds_as_well(fake, bc):
    fake.on_set("customers", page([]))

    find(bc, "number", ["A", "B"], also=eq("blocked", "_x0020_"))

    assert fake.requests_of("customers")[0].query["$filter"] == (
        "(number eq 'A' or number eq 'B') and (blocked eq '_x0020_')"
    )


def test_given_awkward_values_then_they_arrive_whole(fake, bc):
    """target_behaviour.md 10 B9, B10."""
    value = "O'Neill & Sons #1 + 5%"
    fake.on_set("customers", page([{"id": "1", "displayName": value}]))

    assert len(find(bc, "displayName", [value])) == 1
    assert fake.requests_of("customers")[0].query["$filter"] == (
        "displayName eq 'O''Neill & Sons #1 + 5%'"
    )


def test_given_a_server_that_reads_values_as_patterns_then_strangers_are_left_out(fake, bc):
    fake.on_set("customers", page([{"id": "1", "number": "A*"}, {"id": "2", "number": "AB"}]))

    assert [row["id"] for row in find(bc, "number", ["a*"])] == ["1"]


def test_given_further_pages_then_they_are_read_after_a_batch_too(fake, bc):
    """target_behaviour.md 10 C7."""
    more = f"{fake.url}/v2.0/x/more?$skiptoken=a%2Fb"

    def answering(part: Request) -> Request:
        first = re.search(r"number eq '(\w+)'", unquote(part["url"]))
        assert first
        row = {"id": first[1], "number": first[1]}
        return answer(200, {"value": [row], "@odata.nextLink": more})

    Batches(fake, answering)
    fake.on_set("more", page([{"id": "z", "number": "C0099"}]))

    found = find(bc, "number", [f"C{n:04}" for n in range(100)])

    assert [row["id"] for row in found] == ["C0000", "z", "C0050"]
    assert fake.requests_of("more")[0].query == {"$skiptoken": "a/b"}


@pytest.mark.parametrize("count", [1, 100], ids=["alone", "in a batch"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, RequestFailed),
        (503, RequestFailed),
        (400, RequestFailed),
        (404, RequestFailed),
        (401, AuthError),
        (403, AuthError),
    ],
)
def test_given_a_look_up_that_fails_then_it_never_reads_as_absent(
    fake, bc, count: int, status: int, kind: type[PipelineError]
):
    """target_behaviour.md 10 D4."""
    fake.on_set("customers", error(status, "X", "no way"))
    Batches(
        fake,
        lambda part: (
            answer(200, {"value": []}) if "C0000" in part["url"] else refusal(status, "X", "no way")
        ),
    )

    with pytest.raises(kind):
        find(bc, "number", [f"C{n:04}" for n in range(count)])


@pytest.mark.parametrize("body", [None, "", [], {"rows": []}, {"value": {}}], ids=repr)
def test_given_an_answer_that_is_no_list_then_it_never_reads_as_absent(fake, bc, body: Any):
    Batches(fake, lambda part: answer(200, body))

    with pytest.raises(RequestFailed, match="no list"):
        find(bc, "number", [f"C{n:04}" for n in range(100)])


def test_given_a_missing_answer_then_it_is_asked_for_again_and_never_reads_as_absent(fake, bc):
    batches = Batches(fake, lambda part: answer(200, {"value": []}))
    batches.mangle = lambda answers: answers[:-1]

    with pytest.raises(RequestFailed):
        find(bc, "number", [f"C{n:04}" for n in range(100)])


def test_given_a_throttled_look_up_then_it_is_asked_again(fake, bc):
    rows = [{"id": str(n), "number": f"C{n:04}"} for n in range(100)]
    play, first = matching(rows), []

    def answering(part: Request) -> Request:
        if not first:
            first.append(part)
            return refusal(429, "Application_TooManyRequests")
        return play(part)

    batches = Batches(fake, answering)

    assert len(find(bc, "number", [row["number"] for row in rows])) == 100
    assert [len(parts) for parts in batches.received] == [2, 1]


def test_given_a_next_link_out_of_a_batch_that_leaves_the_server_then_it_is_not_followed(fake, bc):
    away = {"value": [], "@odata.nextLink": "https://evil.example/customers"}
    Batches(fake, lambda part: answer(200, away))

    with pytest.raises(ReadFailed, match="leaves the server"):
        read_lists(bc, ["a", "b"])


def test_given_several_lists_then_each_gets_its_own_rows(fake, bc):
    def reply(seen: Seen) -> Reply | None:
        if seen.entity_set != "$batch":
            return None
        parts = json.loads(seen.body)["requests"]
        found = [
            {"id": part["id"], "status": 200, "body": {"value": [{"of": part["url"]}]}}
            for part in reversed(parts)
        ]
        return Reply(200, json.dumps({"responses": found}).encode())

    fake.on(reply)

    assert read_lists(bc, ["a", "b", "c"]) == [[{"of": "a"}], [{"of": "b"}], [{"of": "c"}]]
    assert read_lists(bc, []) == []
