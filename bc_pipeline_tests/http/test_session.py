"""What stands in the environment holds for each host, and is looked up once."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest
import requests

from bc_pipeline.http.session import new_session

PROXY = "http://proxy.example:3128"
URLS = (
    "https://api.example/v2.0/items?$top=1",
    "https://api.example/v2.0/vendors",
    "http://api.example/v2.0/vendors",
    "https://inside.example/items",
    "https://api.example:8443/items",
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", "inside.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ours.pem")


@pytest.mark.parametrize("verify", [None, True, False, "/etc/theirs.pem"])
@pytest.mark.parametrize("proxies", [{}, {"https": "http://other.example"}], ids=["none", "own"])
def test_given_an_environment_then_each_request_is_sent_as_requests_itself_sends_it(
    proxies: dict[str, str], verify: Any
) -> None:
    session, plain = new_session(1), requests.Session()

    for url in URLS * 2:
        ours = session.merge_environment_settings(url, dict(proxies), None, verify, None)
        theirs = plain.merge_environment_settings(url, dict(proxies), None, verify, None)
        assert ours == theirs
        ours["proxies"]["https"] = "http://changed.example"  # by whoever follows a redirect

    told = plain.merge_environment_settings(URLS[0], {}, None, None, None)
    assert told["proxies"]["https"] == PROXY


def test_given_many_requests_to_a_host_then_the_environment_is_looked_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[object] = []
    look = urllib.request.getproxies_environment

    def counted() -> dict[str, str]:
        looked.append(None)
        return look()

    monkeypatch.setattr("requests.utils.getproxies", counted)
    session = new_session(1)

    for _ in range(5):
        session.merge_environment_settings(URLS[0], {}, None, None, None)

    assert len(looked) == 1
