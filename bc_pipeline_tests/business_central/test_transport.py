from __future__ import annotations

import logging
import threading
import time
import traceback
from typing import Any

import pytest
import requests

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.business_central.transport import BadAnswer
from bc_pipeline.errors import AuthError, Cancelled, PipelineError, RequestFailed
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline_tests.business_central.fake import (
    SECRET,
    SEED,
    FakeBusinessCentral,
    Reply,
    Seen,
    error,
    make_bc,
)

OK = Reply(body=b'{"fine": true}')


def send(bc: BusinessCentral, method: str = "GET", **more: Any) -> Any:
    api_url = bc.tenant.business_central.api_url
    return bc.http.request(method, f"{api_url}/things?$filter=x", _content, **more)


def _content(response: requests.Response) -> bytes:
    return response.content


def answer(fake: FakeBusinessCentral, *replies: Reply) -> None:
    left = list(replies)
    fake.on(
        lambda seen: (
            (left.pop(0) if len(left) > 1 else left[0]) if seen.entity_set == "things" else None
        )
    )


def things(fake: FakeBusinessCentral) -> list[Seen]:
    return fake.requests_of("things")


def test_given_a_get_then_it_carries_what_bc_asks_for(fake, bc):
    answer(fake, OK)

    assert send(bc, headers={"Prefer": "odata.maxpagesize=7"}) == OK.body

    headers = things(fake)[0].headers
    assert headers["authorization"] == "Bearer access-1"
    assert headers["data-access-intent"] == "ReadOnly"
    assert headers["accept-language"] == "en-US"
    assert headers["accept-encoding"] == "gzip"
    assert headers["prefer"] == "odata.maxpagesize=7"
    assert headers["user-agent"] == "bc-pipeline"


def test_given_a_write_then_it_does_not_ask_for_a_replica(fake, bc):
    answer(fake, OK)

    send(bc, "PATCH", headers={"If-Match": "*"}, body={"a": 1})

    assert "data-access-intent" not in things(fake)[0].headers
    assert things(fake)[0].headers["if-match"] == "*"
    assert things(fake)[0].body == b'{"a":1}'


def test_given_a_netrc_then_it_does_not_replace_the_bearer(fake, bc, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login x password y")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    answer(fake, OK)

    send(bc)

    assert things(fake)[0].headers["authorization"] == "Bearer access-1"


@pytest.mark.parametrize(
    "trouble",
    [
        error(429, "Application_TooManyRequests", Retry_After="0"),
        error(503, "Internal_TenantUnavailable"),
        error(500, "Internal_ServerError"),
        Reply(504, b"<html>gateway</html>"),
        error(408, "x"),
        error(409, "Internal_ServerError", "deadlocked with another user. Retry."),
        error(400, "x", "Please try again later"),
        Reply(200, b'{"fine": tr', length=500),
    ],
    ids=["429", "503", "500", "504", "408", "deadlock", "try later", "cut short"],
)
def test_given_passing_trouble_then_a_get_is_repeated_and_counted(fake, bc, trouble: Reply):
    answer(fake, trouble, trouble, OK)
    tally = RequestCounter()

    assert send(bc, tally=tally) == OK.body

    assert len(things(fake)) == 3
    assert (tally.total, tally.retried) == (3, 2)
    assert tally.throttled == (2 if trouble.status == 429 else 0)
    assert bc.counter == tally


def test_given_trouble_that_stays_then_the_tries_end(fake, bc):
    answer(fake, error(503, "Internal_TenantUnavailable", "moving house"))

    with pytest.raises(RequestFailed, match="moving house") as caught:
        send(bc)

    assert (caught.value.status, caught.value.code) == (503, "Internal_TenantUnavailable")
    assert len(things(fake)) == 3


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 413, 501])
def test_given_a_refusal_then_it_is_not_repeated(fake, bc, status: int):
    answer(fake, error(status, "BadRequest", "not like this"))

    with pytest.raises(RequestFailed, match="not like this") as caught:
        send(bc)

    assert caught.value.status == status
    assert not caught.value.uncertain
    assert len(things(fake)) == 1


def test_given_an_answer_that_consume_rejects_then_it_is_asked_for_again(fake, bc):
    answer(fake, OK)
    tries = []

    def consume(response: requests.Response) -> str:
        tries.append(response.content)
        if len(tries) < 3:
            raise BadAnswer("half a page")
        return "whole"

    url = f"{fake.url}/things"
    assert bc.http.request("GET", url, consume) == "whole"
    assert len(tries) == 3
    with pytest.raises(RequestFailed, match="half a page"):
        bc.http.request("GET", url, _never)


def _never(response: requests.Response) -> str:
    raise BadAnswer("half a page")


def test_given_retry_after_then_it_is_waited_for_by_all(fake, bc):
    answer(fake, error(429, "x", Retry_After="1"), OK)
    started = time.monotonic()

    send(bc)

    assert time.monotonic() - started >= 0.95


def test_given_a_401_then_the_token_is_renewed_once_and_the_request_goes_on(fake, bc):
    fake.on(
        lambda seen: (
            error(401, "Authentication_InvalidCredentials")
            if seen.headers.get("authorization") == "Bearer access-1"
            else None
        )
    )
    fake.on(
        lambda seen: (
            OK
            if seen.entity_set == "things" and seen.headers["authorization"] != "Bearer access-1"
            else None
        )
    )

    assert send(bc) == OK.body
    assert send(bc, "POST") == OK.body

    assert [seen.headers["authorization"] for seen in things(fake)] == [
        "Bearer access-1",
        "Bearer access-2",
        "Bearer access-2",
    ]


@pytest.mark.parametrize(
    ("status", "tries", "settings", "todo"),
    [
        (401, 2, {}, "permission set"),
        (403, 1, {}, "permission set"),
        (401, 2, {"refresh_token": None}, "Microsoft Entra Applications"),
    ],
)
def test_given_a_refusal_of_a_fresh_token_then_it_ends_with_what_to_do(
    fake, tmp_path, status: int, tries: int, settings: dict[str, Any], todo: str
):
    answer(fake, error(status, "Authorization_X"))
    with make_bc(fake, tmp_path, **settings) as bc, pytest.raises(AuthError, match=todo) as caught:
        send(bc)

    assert str(status) in str(caught.value)
    assert "acme" in str(caught.value)
    assert len(things(fake)) == tries


def test_given_a_redirect_then_it_is_a_failure_and_the_bearer_goes_nowhere(fake, bc):
    elsewhere = FakeBusinessCentral()
    answer(fake, Reply(302, b"", {"Location": f"{elsewhere.url}/things"}))

    with pytest.raises(RequestFailed, match="302"):
        send(bc)

    assert elsewhere.seen == []
    elsewhere.close()


@pytest.mark.parametrize(
    ("trouble", "tries", "uncertain"),
    [
        (error(500, "Internal_ServerError"), 1, True),
        (error(503, "x"), 1, True),
        (error(408, "x"), 1, True),
        (Reply(201, b"{", length=99), 1, True),
        (error(429, "x"), 3, False),
        (error(400, "Application_DialogException"), 1, False),
        (error(409, "Internal_ServerError", "deadlock, retry"), 1, False),
    ],
    ids=["500", "503", "408", "answer lost", "429", "400", "deadlock"],
)
def test_given_a_write_then_it_is_repeated_only_when_bc_certainly_did_nothing(
    fake, bc, trouble: Reply, tries: int, uncertain: bool
):
    answer(fake, trouble)

    with pytest.raises(RequestFailed) as caught:
        send(bc, "POST", body={})

    assert caught.value.uncertain is uncertain
    assert len(things(fake)) == tries


def test_given_many_threads_then_no_more_than_the_limit_are_in_flight(fake, tmp_path):
    inside, most = 0, 0
    guard = threading.Lock()

    def slow(seen: Seen) -> Reply | None:
        nonlocal inside, most
        if seen.entity_set != "things":
            return None
        with guard:
            inside += 1
            most = max(most, inside)
        time.sleep(0.03)
        with guard:
            inside -= 1
        return OK

    fake.on(slow)
    with make_bc(fake, tmp_path, max_concurrent_requests=2) as bc:
        threads = [threading.Thread(target=send, args=(bc,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert most == 2
    assert bc.counter.total == 8


def test_given_a_cancelled_run_then_waiting_for_the_next_try_ends(fake, bc):
    answer(fake, error(503, "x", Retry_After="120"))
    threading.Timer(0.1, bc.cancel.set).start()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        send(bc)

    assert time.monotonic() - started < 5


def test_given_a_server_that_never_answers_then_the_time_out_ends_it(fake, tmp_path):
    release = threading.Event()
    fake.on(lambda seen: release.wait(20) and OK if seen.entity_set == "things" else None)
    with (
        make_bc(fake, tmp_path, read_timeout_seconds=0.2, max_attempts=2) as bc,
        pytest.raises(RequestFailed, match="ReadTimeout"),
    ):
        send(bc)
    release.set()


def test_given_no_server_then_that_is_said(tmp_path):
    fake = FakeBusinessCentral()
    with make_bc(fake, tmp_path) as bc:
        bc.preflight()
        fake.close()
        with pytest.raises(RequestFailed, match="no usable answer"):
            bc.http.request("GET", "http://127.0.0.1:9/things", _content)


def test_given_anything_that_goes_wrong_then_no_secret_is_in_texts_or_logs(
    fake, bc, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    secrets = [SECRET, SEED, "access-1", "refresh-1"]
    echo = " ".join(secrets)
    texts = []
    for trouble in (400, 500, 403, 401):
        answer(fake, error(trouble, "Echo", echo))
        try:
            send(bc)
        except PipelineError as failure:
            texts.append("".join(traceback.format_exception(failure)))
    texts += [repr(bc.http), repr(bc), repr(bc.counter)]

    everything = " ".join([*texts, caplog.text])
    assert "*** *** *** ***" in everything
    for secret in secrets:
        assert secret not in everything
