from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.business_central.batch import Part
from bc_pipeline.business_central.urls import query_url
from bc_pipeline_tests.business_central.batches import (
    REFUSED,
    Request,
    answer,
    gets,
    posts,
    refusal,
    scripted,
    shuffled,
)
from bc_pipeline_tests.business_central.fake import SECRET

# --- what is sent ----------------------------------------------------------------------------


def test_given_more_parts_than_bc_takes_then_they_go_in_chunks_of_100(bc, batches):
    answers = bc.batch(posts(205))

    assert [len(parts) for parts in batches.received] == [100, 100, 5]
    assert list(answers) == [f"p{n}" for n in range(205)]
    assert all(each.ok and each.body["n"] == n for n, each in enumerate(answers.values()))


def test_given_no_parts_then_nothing_is_asked(bc, batches):
    assert bc.batch([]) == {}
    assert batches.received == []


def test_given_an_independent_batch_then_bc_is_asked_to_go_on_after_failures(bc, batches):
    bc.batch(posts(1))

    assert batches.headers[0]["prefer"] == "odata.continue-on-error=true"
    assert "isolation" not in batches.headers[0]
    assert "data-access-intent" not in batches.headers[0]


def test_given_an_atomic_batch_then_it_is_one_transaction_that_stops_at_a_failure(bc, batches):
    bc.batch(posts(2), mode="atomic")

    assert batches.headers[0]["isolation"] == "snapshot"
    assert "prefer" not in batches.headers[0]


@pytest.mark.covers("decision 20")
def test_given_parts_then_each_carries_the_headers_its_method_needs(bc, batches):
    bc.batch(
        [
            Part("get", "GET", "companies(c)/customers"),
            Part("post", "POST", "companies(c)/customers", {}),
            Part("patch", "PATCH", "companies(c)/customers(1)", {}, etag='W/"7"'),
            Part("delete", "DELETE", "companies(c)/customers(1)"),
            Part("act", "POST", "companies(c)/purchaseInvoices(1)/Microsoft.NAV.post"),
        ]
    )

    sent = {part["id"]: part for part in batches.received[0]}
    assert sent["get"]["headers"]["Prefer"] == "odata.maxpagesize=20000"
    assert "Content-Type" not in sent["get"]["headers"]
    assert sent["get"]["headers"]["Data-Access-Intent"] == "ReadWrite"
    assert all("Data-Access-Intent" not in sent[id]["headers"] for id in sent if id != "get")
    assert sent["post"]["headers"]["Content-Type"] == "application/json"
    assert sent["patch"]["headers"]["If-Match"] == 'W/"7"'
    assert sent["delete"]["headers"]["If-Match"] == "*"
    assert "body" not in sent["act"]
    assert all(part["headers"]["Accept-Language"] == "en-US" for part in sent.values())


def test_given_decimals_then_they_are_exact_both_ways(bc, fake, batches):
    body = {"amount": Decimal("12345678901234567.8900"), "lines": [{"unitCost": Decimal("1E+2")}]}
    batches.answering = lambda part: answer(201, '{"amount": 0.1234567890123456789}')

    answers = bc.batch([Part("a", "POST", "companies(c)/journals", body)])

    assert b'"amount":12345678901234567.89,' in fake.requests_of("$batch")[0].body
    assert b'"unitCost":100' in fake.requests_of("$batch")[0].body
    assert answers["a"].body == {"amount": Decimal("0.1234567890123456789")}


def test_given_awkward_characters_then_the_path_arrives_whole(bc, batches):
    """target_behaviour.md 10 B9."""
    condition = "displayName eq 'Smith & Sons #1 + 50% ''best'' Größe 日本'"
    path = query_url("companies(c)/customers", {"$filter": condition})

    bc.batch([Part("a", "GET", path)])

    assert batches.received[0][0]["url"] == (
        "companies(c)/customers?$filter=displayName%20eq%20'Smith%20%26%20Sons%20%231%20%2B%2050%25"
        "%20''best''%20Gr%C3%B6%C3%9Fe%20%E6%97%A5%E6%9C%AC'"
    )


@pytest.mark.parametrize(
    "path",
    ["/customers", "https://x/customers", "customers?$filter=a eq 'b'", "customers#1", "kunden-ö"],
)
def test_given_a_path_that_is_no_relative_encoded_url_then_nothing_is_sent(bc, batches, path: str):
    with pytest.raises(ValueError, match="percent-encoded"):
        bc.batch([*posts(150), Part("odd", "GET", path)])

    assert batches.received == []


def test_given_impossible_batches_then_they_are_refused_before_anything_is_sent(bc, batches):
    with pytest.raises(ValueError, match="same id"):
        bc.batch([*posts(1), *posts(1)])
    with pytest.raises(ValueError, match="101 parts"):
        bc.batch(posts(101), mode="atomic")
    with pytest.raises(ValueError, match="commits"):
        bc.batch([Part("a", "POST", "c/journals(1)/Microsoft.NAV.post")], mode="atomic")
    with pytest.raises(TypeError, match="Decimal"):
        bc.batch([Part("a", "POST", "c/journals", {"amount": 0.1})])

    assert batches.received == []


# --- answers ---------------------------------------------------------------------------------


def test_given_answers_in_any_order_then_each_goes_to_its_part(bc, batches):
    """target_behaviour.md 10 D3: matched by id, a failed part included."""
    batches.mangle = shuffled
    batches.answering = scripted(p1=[REFUSED])

    answers = bc.batch(posts(10))

    assert [n for n, each in enumerate(answers.values()) if each.ok] == [0, *range(2, 10)]
    assert answers["p7"].body == {"id": "id-of-p7", "n": 7}
    assert answers["p1"].error_code == "Application_DialogException"
    assert answers["p1"].error_message == "not like this"
    assert not answers["p1"].uncertain


def test_given_answers_nobody_asked_for_then_they_are_left_out(bc, batches):
    batches.mangle = lambda answers: [
        {"id": "stranger", "status": 200},
        None,
        {"status": 200},
        *answers,
    ]

    answers = bc.batch(posts(2))

    assert list(answers) == ["p0", "p1"]
    assert all(each.ok for each in answers.values())


def test_given_ids_as_numbers_and_statuses_as_text_then_they_are_understood(bc, batches):
    batches.mangle = lambda answers: [
        {**each, "id": int(each["id"]), "status": str(each["status"])} for each in answers
    ]

    answers = bc.batch([Part("1", "POST", "c/customers", {})])

    assert answers["1"].status == 201


@pytest.mark.parametrize(
    "mangle",
    [
        lambda answers: answers[1:],
        lambda answers: [],
        lambda answers: [{"id": "p0"}, *answers[1:]],
        lambda answers: [*answers, {"id": "p0", "status": 400}],
    ],
    ids=["left out", "none at all", "without status", "two that contradict"],
)
def test_given_no_clear_answer_to_a_write_then_it_is_uncertain_and_not_repeated(
    bc, batches, mangle
):
    batches.mangle = mangle

    answers = bc.batch(posts(3))

    assert len(batches.received) == 1
    assert answers["p0"].status is None
    assert answers["p0"].uncertain
    assert answers["p0"].sent
    assert "no answer" in (answers["p0"].error_message or "")


def test_given_no_answer_to_a_read_then_it_is_asked_again(bc, batches):
    seen = []

    def lose_first(answers: list[Request]) -> list[Request]:
        seen.append(1)
        return answers[1:] if len(seen) == 1 else answers

    batches.mangle = lose_first

    assert all(each.ok for each in bc.batch(gets(3)).values())
    assert batches.ids == [["g0", "g1", "g2"], ["g0"]]


def test_given_a_read_that_never_gets_an_answer_then_it_is_not_ok_and_the_tries_end(bc, batches):
    batches.mangle = lambda answers: answers[1:]

    answers = bc.batch(gets(2))

    # g1 was answered at first; what is left is asked for alone, three times in all.
    assert batches.ids == [["g0", "g1"], ["g0"], ["g0"]]
    assert (answers["g0"].ok, answers["g0"].uncertain) == (False, False)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_given_a_server_error_inside_then_reads_are_repeated_and_writes_uncertain(
    bc, batches, status: int
):
    trouble = refusal(status, "Internal_ServerError", "oops")
    batches.answering = scripted(g0=[trouble, answer(200, {"value": []})], p0=[trouble])

    answers = bc.batch([*gets(1), *posts(1)])

    assert batches.ids == [["g0", "p0"], ["g0"]]
    assert answers["g0"].ok
    assert (answers["p0"].status, answers["p0"].uncertain) == (None, True)
    assert answers["p0"].error_message == "oops"
    assert not answers["p0"].later


# --- bodies and messages -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {
                "error": {
                    "code": "Application_DialogException",
                    "message": "Vendor  V1\n is blocked.  CorrelationId:  "
                    "0f8fad5b-d9cb-469f-a165-70867728950e.",
                }
            },
            "Application_DialogException",
            "Vendor V1 is blocked.",
        ),
        ({"error": {"code": "X", "message": " "}}, "X", '{"code": "X", "message": " "}'),
        ({"error": {"code": 7, "detail": "é"}}, None, '{"code": 7, "detail": "é"}'),
        ({"error": "denied"}, None, "denied"),
        ('{"error": {"code": "Y", "message": "inside a text"}}', "Y", "inside a text"),
        ("plainly wrong", None, "plainly wrong"),
        ("<html>bad gateway</html>", None, "no explanation given"),
        ([1, 2], None, "[1, 2]"),
        (None, None, "no explanation given"),
    ],
)
def test_given_any_error_body_then_code_and_words_are_taken_from_it(
    bc, batches, body: Any, code: str | None, message: str
):
    """target_behaviour.md 3, error texts."""
    batches.answering = lambda part: answer(400, body)

    told = bc.batch(posts(1))["p0"]

    assert (told.error_code, told.error_message) == (code, message)


def test_given_a_body_that_is_text_then_json_is_read_and_other_text_kept(bc, batches):
    batches.answering = scripted(
        p0=[answer(200, '{"a": 1.50}')], p1=[answer(200, "just text")], p2=[answer(204)]
    )

    answers = bc.batch(posts(3))

    assert [each.body for each in answers.values()] == [{"a": Decimal("1.50")}, "just text", None]
    assert all(each.ok for each in answers.values())


def test_given_an_answer_that_quotes_secrets_then_the_message_does_not(bc, batches):
    batches.answering = lambda part: refusal(400, "Echo", f"{SECRET} access-1")

    assert bc.batch(posts(1))["p0"].error_message == "*** ***"
