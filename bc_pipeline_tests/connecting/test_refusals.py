"""Each refusal of Microsoft's says what happened and what to do, and repeats nothing else of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline.business_central.refusals import REFUSALS, Asked, refusal

ASKED = Asked("the-app", "contoso.com", "http://localhost:8410/callback", "https://login.example")
DOCS = Path(__file__).parents[2] / "docs" / "connect.md"
QUOTING = "The code 1.hush of user eva@contoso.com was refused"


@pytest.mark.parametrize("number", REFUSALS)
def test_given_a_number_then_its_words_are_told_and_microsofts_are_not(number: int):
    answer = {"error": "invalid_request", "error_description": f"AADSTS{number}: {QUOTING}"}

    told = str(refusal(answer, ASKED))

    assert f"(invalid_request, AADSTS{number})" in told
    assert "hush" not in told
    assert "eva" not in told
    assert "{" not in told
    assert told == str(refusal({"error": "invalid_request", "error_codes": [number]}, ASKED))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("access_denied", "declined"),
        ("consent_required", "https://login.example/contoso.com/adminconsent?client_id=the-app"),
        ("invalid_client", "client secret is wrong"),
        ("temporarily_unavailable", "in a few minutes"),
        ("something_new", "docs/connect.md"),
    ],
)
def test_given_no_number_that_is_known_then_the_word_tells(word: str, told: str):
    answer = {"error": word, "error_description": f"AADSTS99999999: {QUOTING}"}

    assert told in str(refusal(answer, ASKED))


@pytest.mark.parametrize("error", [None, 7, "<script>", "a" * 99])
def test_given_an_answer_that_is_no_error_of_oauth2_then_nothing_of_it_is_repeated(error: object):
    assert "(no reason given)" in str(refusal({"error": error}, ASKED))


@pytest.mark.parametrize(
    "number", [65001, 90094, 90095, 65004, 50011, 7000215, 7000222, 7000218, 700016, 54005, 70008]
)
def test_what_people_meet_most_stands_in_the_guide(number: int):
    assert number in REFUSALS
    assert str(number) in DOCS.read_text("utf-8")
