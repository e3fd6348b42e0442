"""A played Optiply on a loopback port, and a small client for it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from bc_pipeline.sandbox.optiply import OptiplySandbox, Shop

API = "/optiply/v1"
TOKEN = "/optiply-login/api/auth/oauth/token"
MEDIA_TYPE = "application/vnd.api+json"
PRODUCT = {"name": "Desk", "stockLevel": 5, "unlimitedStock": False}
PLACED = "2026-02-01T00:00:00Z"


class TestClock:
    """A clock that only moves when told to."""

    __test__ = False

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Client:
    """Speaks to one shop the way its API user does."""

    base_url: str
    shop: Shop
    token: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def ask_token(self, **changes: str) -> requests.Response:
        form = {
            "grant_type": "password",
            "username": self.shop.username,
            "password": self.shop.password,
        }
        client = (
            changes.pop("client_id", self.shop.client_id),
            changes.pop("client_secret", self.shop.client_secret),
        )
        url = f"{self.base_url}{TOKEN}"
        return self.session.post(url, data=form | changes, auth=client, timeout=10)

    def login(self) -> Client:
        self.token = self.ask_token().json()["access_token"]
        return self

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": MEDIA_TYPE}
        headers |= options.pop("headers", {})
        url = path if path.startswith("http") else f"{self.base_url}{API}{path}"
        return self.session.request(method, url, headers=headers, timeout=10, **options)

    def write(
        self, method: str, path: str, attributes: dict[str, Any] | None = None, **query: Any
    ) -> requests.Response:
        query = {"accountId": self.shop.account_id, "couplingId": self.shop.coupling_id} | query
        body = {"data": {"type": path.split("/")[1], "attributes": attributes}}
        return self.call(method, path, params=query, json=None if method == "DELETE" else body)

    def create(self, resource: str, attributes: dict[str, Any]) -> int:
        response = self.write("POST", f"/{resource}", attributes)
        assert response.status_code == 201, response.text
        return int(response.json()["data"]["id"])

    def get(self, resource: str, **parameters: Any) -> dict[str, Any]:
        response = self.call("GET", f"/{resource}", params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def ids(self, resource: str, **parameters: Any) -> list[int]:
        return [int(row["id"]) for row in self.get(resource, **parameters)["data"]]


def message(response: requests.Response) -> str:
    return response.json()["errors"][0]["meta"]["message"]


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def optiply(clock: TestClock) -> OptiplySandbox:
    sandbox = OptiplySandbox(clock)
    sandbox.add_shop("acme")
    sandbox.add_shop("other")
    return sandbox


@pytest.fixture
def shop(optiply: OptiplySandbox) -> Shop:
    return optiply.shops["acme"]


class Host:
    """One HTTP server for all tests; each test puts its own application in."""

    app: ASGIApp
    url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    host = Host()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    host.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(host, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield host
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def base_url(optiply: OptiplySandbox, host: Host) -> str:
    host.app = Starlette(routes=optiply.routes())
    return host.url


@pytest.fixture
def client(base_url: str, shop: Shop) -> Iterator[Client]:
    client = Client(base_url, shop).login()
    yield client
    client.session.close()


@pytest.fixture
def product(client: Client) -> int:
    return client.create("products", PRODUCT | {"remoteId": "item-1"})


@pytest.fixture
def supplier(client: Client) -> int:
    return client.create("suppliers", {"name": "Vendor", "deliveryTime": 10, "remoteId": "v-1"})


@pytest.fixture
def buy_order(client: Client, supplier: int) -> int:
    return client.create("buyOrders", {"placed": PLACED, "totalValue": 10, "supplierId": supplier})


def buy_line(client: Client, buy_order: int, product: int) -> int:
    attributes = {"quantity": 3, "subtotalValue": "9.00"}
    return client.create(
        "buyOrderLines", attributes | {"buyOrderId": buy_order, "productId": product}
    )
