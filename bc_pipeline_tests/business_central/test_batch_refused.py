"""Parts and batches that are throttled, refused or not answered: what is known is never lost."""

from __future__ import annotations

import time

import pytest

from bc_pipeline.errors import AuthError, Cancelled, RequestFailed
from bc_pipeline_tests.business_central.batches import (
    REFUSED,
    THROTTLED,
    Request,
    created,
    gets,
    posts,
    refusal,
    scripted,
)
from bc_pipeline_tests.business_central.fake import FakeBusinessCentral, Reply, Seen, error


def test_given_a_429_inside_then_just_these_parts_are_sent_again(bc, batches):
    """target_behaviour.md 10 D3, B5."""
    batches.answering = scripted(p0=[THROTTLED, created({"id": "p0"})])

    answers = bc.batch(posts(3))

    assert batches.ids == [["p0", "p1", "p2"], ["p0"]]
    assert answers["p0"].body["id"] == "id-of-p0"
    assert answers["p1"].body["id"] == "id-of-p1"
    assert (bc.counter.throttled, bc.counter.retried) == (1, 1)


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_given_retry_after_inside_the_part_then_it_is_waited_for(bc, batches, name: str):
    throttled = {**THROTTLED, "headers": {name: "1"}}
    batches.answering = scripted(p0=[throttled, created({"id": "p0"})])
    started = time.monotonic()

    assert bc.batch(posts(1))["p0"].ok
    assert time.monotonic() - started >= 0.95


def test_given_429_to_the_end_then_nothing_was_done_and_it_may_go_later(bc, batches):
    batches.answering = scripted(p0=[THROTTLED])

    answers = bc.batch(posts(2))

    assert len(batches.received) == bc.tenant.business_central.max_attempts
    assert (answers["p0"].status, answers["p0"].uncertain) == (429, False)
    assert answers["p0"].later
    assert answers["p1"].ok


@pytest.mark.parametrize("mode", ["independent", "atomic"])
@pytest.mark.parametrize(
    ("trouble", "later"),
    [
        (refusal(409, "Internal_ServerError", "deadlocked with another user, retry"), True),
        (refusal(400, "X", "Please try again later."), True),
        (refusal(403, "Authorization_X", "no"), True),
        (refusal(409, "Request_EntityChanged", "changed"), False),
        (REFUSED, False),
    ],
    ids=["deadlock", "try later", "no access", "stale version", "refused"],
)
def test_given_a_refusal_then_it_is_told_whether_it_may_pass(bc, batches, trouble, later, mode):
    batches.answering = scripted(p1=[trouble])

    answers = bc.batch(posts(2), mode=mode)

    assert len(batches.received) == 1
    assert answers["p1"].later is later
    assert answers["p0"].later is (later and mode == "atomic")
    assert not answers["p1"].uncertain


def test_given_a_401_inside_then_it_goes_again_once_with_another_token(bc, batches):
    expired = refusal(401, "Authentication_InvalidCredentials")
    batches.answering = scripted(p1=[expired, created({"id": "p1"})], p2=[expired])

    answers = bc.batch(posts(3))

    assert batches.ids == [["p0", "p1", "p2"], ["p1", "p2"]]
    assert [headers["authorization"] for headers in batches.headers] == [
        "Bearer access-1",
        "Bearer access-2",
    ]
    assert answers["p1"].ok
    assert (answers["p2"].status, answers["p2"].later) == (401, True)


def test_given_an_outer_429_then_all_of_it_is_sent_again(bc, fake, batches):
    """target_behaviour.md 10 D11: the outer status is looked at."""
    replies = [error(429, "x", Retry_After="0"), None]
    fake.on(lambda seen: replies.pop(0) if seen.entity_set == "$batch" and replies else None)

    assert bc.batch(posts(1))["p0"].ok
    assert len(fake.requests_of("$batch")) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        error(500, "Internal_ServerError"),
        error(504, "x"),
        Reply(200, b"<html>gateway</html>"),
        Reply(200, b'{"value": []}'),
        Reply(200, b'{"responses": [', length=500),
    ],
    ids=["500", "504", "no JSON", "not a batch's answer", "cut short"],
)
def test_given_no_usable_answer_at_all_then_writes_are_uncertain_and_reads_repeated(
    bc, fake, batches, trouble: Reply
):
    fake.on(lambda seen: trouble if seen.entity_set == "$batch" else None)

    with pytest.raises(RequestFailed) as caught:
        bc.batch([*gets(1), *posts(1)])
    assert caught.value.uncertain
    assert len(fake.requests_of("$batch")) == 1

    with pytest.raises(RequestFailed) as caught:
        bc.batch(gets(1))
    assert not caught.value.uncertain
    assert len(fake.requests_of("$batch")) == 1 + bc.tenant.business_central.max_attempts


def test_given_an_outer_refusal_then_nothing_was_done(bc, fake, batches):
    fake.on(lambda seen: error(400, "BadRequest", "eh?") if seen.entity_set == "$batch" else None)

    with pytest.raises(RequestFailed, match="eh") as caught:
        bc.batch(posts(1))

    assert not caught.value.uncertain


def test_given_refused_credentials_then_it_is_an_auth_error(bc, fake, batches):
    fake.on(lambda seen: error(403, "Authorization_X") if seen.entity_set == "$batch" else None)

    with pytest.raises(AuthError):
        bc.batch(posts(1))


def nth(fake: FakeBusinessCentral, number: int, reply: Reply) -> None:
    """The ``number``-th batch, from 1, gets this answer."""

    def answering(seen: Seen) -> Reply | None:
        return reply if seen.entity_set == "$batch" and batch_count(fake) == number else None

    fake.on(answering)


def batch_count(fake: FakeBusinessCentral) -> int:
    return len(fake.requests_of("$batch"))


def test_given_a_lost_answer_to_a_later_chunk_then_the_earlier_ones_still_count(bc, fake, batches):
    nth(fake, 2, Reply(201, b"{", length=99))

    answers = bc.batch(posts(250))

    assert batch_count(fake) == 2
    outcomes = [(each.ok, each.uncertain, each.sent, each.later) for each in answers.values()]
    assert outcomes[:100] == [(True, False, True, False)] * 100
    assert outcomes[100:200] == [(False, True, True, False)] * 100
    assert outcomes[200:] == [(False, False, False, True)] * 50


def test_given_a_run_cancelled_between_tries_then_what_was_done_is_told(bc, fake, batches):
    def answering(part: Request) -> Request:
        bc.cancel.set()
        return THROTTLED if part["id"] == "p1" else created(part)

    batches.answering = answering

    answers = bc.batch(posts(102))

    assert answers["p0"].ok
    assert answers["p1"].later
    assert not answers["p101"].sent
    with pytest.raises(Cancelled):
        bc.batch(posts(1))
