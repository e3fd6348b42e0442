"""Limits per user (behaviour.md 6)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from bc_pipeline.sandbox import LimitSettings, Sandbox
from bc_pipeline_tests.sandbox.conftest import BcClient, sign_in, small_sandbox

USER = "app:wholesale"


def at_once(bc: BcClient, number: int) -> Counter[int]:
    """Statuses of ``number`` requests sent together, each over a connection of its own."""
    headers = dict(bc.session.headers)

    def get(_: int) -> int:
        url = f"{bc.root}/companyInformation"
        return requests.get(url, headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(number) as pool:
        return Counter(pool.map(get, range(number)))


def test_the_figures_are_business_centrals() -> None:
    limits = LimitSettings()
    assert (limits.concurrent, limits.queued, limits.requests_per_5_minutes) == (5, 95, 6000)
    assert limits.queue_seconds == 480


def test_five_run_the_rest_waits() -> None:
    with small_sandbox(LimitSettings(latency_seconds=0.05)) as sandbox:
        assert at_once(sign_in(sandbox), 15) == {200: 15}
        assert sandbox.business_central.limits.most_at_once(USER) == 5


def test_a_full_queue_is_429() -> None:
    with small_sandbox(LimitSettings(concurrent=2, queued=3, latency_seconds=0.3)) as sandbox:
        statuses = at_once(sign_in(sandbox), 12)
        assert statuses[200] >= 5
        assert statuses[429] >= 1
        assert statuses[200] + statuses[429] == 12


def test_waiting_too_long_is_503_with_retry_after() -> None:
    limits = LimitSettings(concurrent=1, queue_seconds=0.1, latency_seconds=0.5)
    with small_sandbox(limits) as sandbox:
        assert at_once(sign_in(sandbox), 2) == {200: 1, 503: 1}


def test_the_rate_is_counted_over_a_sliding_five_minutes() -> None:
    with small_sandbox(LimitSettings(requests_per_5_minutes=4)) as sandbox:
        bc = sign_in(sandbox)
        assert [bc.request("items?$top=1").status_code for _ in range(5)] == [200] * 4 + [429]
        assert bc.error("items?$top=1") == (429, "Application_TooManyRequests")
        sandbox.clock.advance(301)
        assert bc.request("items?$top=1").status_code == 200


def test_one_users_requests_do_not_count_for_another() -> None:
    with small_sandbox(LimitSettings(requests_per_5_minutes=2)) as sandbox:
        first = sign_in(sandbox)
        assert [first.request("items?$top=1").status_code for _ in range(3)] == [200, 200, 429]
        assert _delegated(sandbox).request("items?$top=1").status_code == 200


def _delegated(sandbox: Sandbox) -> BcClient:
    from bc_pipeline_tests.sandbox.conftest import token_request

    answer = token_request(
        sandbox,
        "common",
        grant_type="refresh_token",
        client_id="cronus",
        client_secret="cronus-client-secret",
        refresh_token=sandbox.entra.consent("cronus", "someone"),
    )
    return BcClient(sandbox, answer.json()["access_token"])
