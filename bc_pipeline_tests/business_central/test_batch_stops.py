"""A server that stops a batch at its first failure, and a batch that is one transaction."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.business_central.batches import (
    REFUSED,
    THROTTLED,
    Batches,
    created,
    posts,
    refusal,
    scripted,
    shuffled,
)


def test_given_a_server_that_stops_at_failures_then_the_rest_is_sent_in_further_batches(
    bc, batches
):
    batches.continues = False
    batches.answering = scripted(p1=[REFUSED], p3=[REFUSED])

    answers = bc.batch(posts(6))

    assert batches.ids == [
        ["p0", "p1", "p2", "p3", "p4", "p5"],
        ["p2", "p3", "p4", "p5"],
        ["p4", "p5"],
    ]
    assert [each.ok for each in answers.values()] == [True, False, True, False, True, True]


def test_given_such_a_server_and_only_failures_then_every_part_still_gets_its_own(bc, batches):
    batches.continues = False
    batches.answering = lambda part: refusal(400, "X", f"no {part['id']}")

    answers = bc.batch(posts(12))

    assert [each.error_message for each in answers.values()] == [f"no p{n}" for n in range(12)]


def test_given_such_a_server_and_a_429_then_the_part_and_the_rest_are_sent_again(bc, batches):
    batches.continues = False
    batches.answering = scripted(p1=[THROTTLED, created({"id": "p1"})])

    answers = bc.batch(posts(3))

    assert batches.ids == [["p0", "p1", "p2"], ["p1", "p2"]]
    assert all(each.ok for each in answers.values())


@pytest.mark.parametrize(
    ("mangle", "unclear"),
    [
        (lambda answers: answers[:2], ["p2", "p3"]),
        (lambda answers: [answers[0], answers[1], answers[3]], ["p2"]),
    ],
    ids=["the end is missing though all went well", "a hole in the middle"],
)
def test_given_a_gap_that_no_failure_explains_then_it_is_uncertain(bc, batches, mangle, unclear):
    batches.mangle = mangle

    answers = bc.batch(posts(4))

    assert [id for id, each in answers.items() if each.uncertain] == unclear
    assert len(batches.received) == 1


def test_given_a_failure_inside_a_transaction_then_nothing_of_it_was_done(bc, batches):
    batches.answering = scripted(p1=[REFUSED])

    answers = bc.batch(posts(3), mode="atomic")

    assert len(batches.received) == 1
    assert not any(each.ok or each.uncertain or each.later for each in answers.values())
    assert answers["p1"].status == 400
    assert [answers[id].status for id in ("p0", "p2")] == [424, 424]
    assert answers["p0"].error_code == "Application_DialogException"
    assert answers["p0"].error_message == "rolled back together with part p1: not like this"


def test_given_a_server_that_answers_all_parts_of_a_failed_transaction_then_still_none_was_done(
    bc, fake
):
    """BC's earlier parts read 200 or 201 although they were rolled back (behaviour.md 4.2)."""
    batches = Batches(fake, scripted(p2=[REFUSED]))
    batches.mangle = shuffled

    assert not any(each.ok for each in bc.batch(posts(3), mode="atomic").values())


def test_given_a_record_missing_inside_a_transaction_then_only_that_part_is_absent(bc, batches):
    batches.answering = scripted(p1=[refusal(404, "BadRequest_NotFound")])

    answers = bc.batch(posts(2), mode="atomic")

    assert (answers["p0"].absent, answers["p1"].absent) == (False, True)


def test_given_a_429_inside_a_transaction_then_all_of_it_is_sent_again(bc, batches):
    batches.answering = scripted(p1=[THROTTLED, created({"id": "p1"})])

    answers = bc.batch(posts(2), mode="atomic")

    assert batches.ids == [["p0", "p1"], ["p0", "p1"]]
    assert all(each.ok for each in answers.values())


def test_given_a_transaction_throttled_to_the_end_then_all_of_it_may_go_later(bc, batches):
    batches.answering = scripted(p1=[THROTTLED])

    answers = bc.batch(posts(2), mode="atomic")

    assert len(batches.received) == bc.tenant.business_central.max_attempts
    assert all(each.later for each in answers.values())


@pytest.mark.parametrize("how", ["500", "missing"])
def test_given_an_unclear_end_of_a_transaction_then_all_writes_are_uncertain(bc, batches, how: str):
    if how == "500":
        batches.answering = scripted(p1=[refusal(500, "Internal_ServerError")])
    else:
        batches.mangle = lambda answers: answers[:-1]

    answers = bc.batch(posts(2), mode="atomic")

    assert len(batches.received) == 1
    assert all(each.uncertain for each in answers.values())
    assert not any(each.ok for each in answers.values())
