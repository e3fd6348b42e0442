"""A running sandbox and a bare client for it; nothing of the pipeline takes part."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import LimitSettings, Sandbox
from bc_pipeline.sandbox.companies import cronus
from bc_pipeline.sandbox.json_text import dumps

SCOPE = "https://api.businesscentral.dynamics.com/.default"


class BcClient:
    """Plain requests to one company; ``$`` of query options is left as it is."""

    def __init__(self, sandbox: Sandbox, token: str, company: str = cronus.NAME) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.session.headers["Accept"] = "application/json"  # else a batch is answered in parts
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

    # --- writing -------------------------------------------------------------------------------

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """One write; PATCH and DELETE with ``If-Match: *`` unless told otherwise ("" for none)."""
        url = path if path.startswith("http") else f"{self.root}/{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if method in ("PATCH", "DELETE"):
            named.setdefault("If-Match", "*")
        if body is not None:
            named.setdefault("Content-Type", "application/json")
        named = {name: value for name, value in named.items() if value}
        text = body if isinstance(body, bytes | None) else dumps(body)
        return self.session.request(method, url, headers=named, data=text, timeout=30)

    def created(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """The entity a POST makes; decimals exact."""
        return self._entity(self.send("POST", path, body, **headers), 201)

    def patched(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """The entity a PATCH leaves."""
        return self._entity(self.send("PATCH", path, body, **headers), 200)

    def deleted(self, path: str, **headers: str) -> None:
        """DELETE, answered without content."""
        response = self.send("DELETE", path, **headers)
        assert (response.status_code, response.content) == (204, b""), response.text

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and code of a refused write, its answer having BC's shape."""
        response = self.send(method, path, body, **headers)
        assert response.status_code >= 400, response.text
        error = response.json()["error"]
        assert "  CorrelationId:  " in error["message"]
        return response.status_code, error["code"]

    def batch(self, *operations: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
        """The responses of a batch; operations get their position as id, JSON headers and
        ``If-Match: *``, and paths below the company, unless they say otherwise."""
        requests_ = []
        for number, operation in enumerate(operations, start=1):
            below = f"companies({self.company.id})/{operation['url']}"
            wanted = {"Content-Type": "application/json", "If-Match": "*"}
            requests_.append({"id": str(number), "headers": wanted} | operation | {"url": below})
        answer = self.send("POST", f"{self.api}/$batch", {"requests": requests_}, **headers)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)["responses"]

    def _entity(self, response: requests.Response, status: int) -> dict[str, Any]:
        assert response.status_code == status, response.text
        return json.loads(response.text, parse_float=Decimal)

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
