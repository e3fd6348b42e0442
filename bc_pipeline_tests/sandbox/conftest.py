"""A running sandbox and a bare client for it; nothing of the pipeline takes part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import LimitSettings, Sandbox
from bc_pipeline.sandbox.companies import cronus

SCOPE = "https://api.businesscentral.dynamics.com/.default"


class BcClient:
    """Plain GETs on one company; ``$`` of query options is left as it is."""

    def __init__(self, sandbox: Sandbox, token: str, company: str = cronus.NAME) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.api = f"{sandbox.base_url}/bc/v2.0/Production/api/v2.0"
        self.odata = f"{sandbox.base_url}/bc/v2.0/Production/ODataV4"
        self.company = sandbox.business_central.companies[company]
        self.root = f"{self.api}/companies({self.company.id})"

    def request(self, path: str, method: str = "GET", **headers: str) -> requests.Response:
        url = path if path.startswith("http") else f"{self.root}/{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(method, url, headers=named, timeout=30)

    def json(self, path: str, **headers: str) -> dict[str, Any]:
        response = self.request(path, **headers)
        assert response.status_code == 200, response.text
        return response.json()

    def rows(self, path: str, **headers: str) -> list[dict[str, Any]]:
        return self.json(path, **headers)["value"]

    def all_pages(self, path: str, **headers: str) -> list[list[dict[str, Any]]]:
        pages = []
        url: str | None = path
        while url:
            page = self.json(url, **headers)
            pages.append(page["value"])
            url = page.get("@odata.nextLink")
        return pages

    def error(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        response = self.request(path, method, **headers)
        assert response.status_code >= 400, response.text
        return response.status_code, response.json()["error"]["code"]


def token_request(sandbox: Sandbox, tenant: str = "wholesale.example", **form: str) -> Any:
    """POST to the token endpoint."""
    url = f"{sandbox.base_url}/entra/{tenant}/oauth2/v2.0/token"
    return requests.post(url, data=form, timeout=30)


def sign_in(sandbox: Sandbox, company: str = cronus.NAME) -> BcClient:
    """A client with a fresh token of the application ``wholesale``."""
    answer = token_request(
        sandbox,
        grant_type="client_credentials",
        client_id="wholesale",
        client_secret="wholesale-client-secret",
        scope=SCOPE,
    )
    return BcClient(sandbox, answer.json()["access_token"], company)


def small_sandbox(limits: LimitSettings | None = None, **options: Any) -> Sandbox:
    """A sandbox that starts at once."""
    return Sandbox(wholesale_items=20, limits=limits, **options)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


@pytest.fixture
def bc(sandbox: Sandbox) -> Iterator[BcClient]:
    """A client of a fresh CRONUS; the other company stays as earlier tests left it."""
    sandbox.faults.clear()
    sandbox.clock.reset()
    sandbox.business_central.add(cronus.build(sandbox.clock))
    sandbox.requests.clear()
    yield sign_in(sandbox)
