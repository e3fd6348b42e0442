"""Optiply over HTTP: tokens at ``/optiply-login/api``, the API at ``/optiply/v1``."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bc_pipeline.sandbox.json_text import check_characters
from bc_pipeline.sandbox.optiply.auth import TokenOffice, TokenRefused
from bc_pipeline.sandbox.optiply.errors import ApiError
from bc_pipeline.sandbox.optiply.query import Row, parse_list_query
from bc_pipeline.sandbox.optiply.schema import RESOURCES, Json, Resource
from bc_pipeline.sandbox.optiply.store import Shop, Write
from bc_pipeline.sandbox.optiply.values import INTEGER

API_PATH = "/optiply/v1"
TOKEN_PATH = "/optiply-login/api/auth/oauth/token"  # noqa: S105 - a path
MEDIA_TYPE = "application/vnd.api+json"

Handler = Callable[[Request, Shop, Resource], Response]


@dataclass
class Behaviour:
    """How the played Optiply behaves where tests want it different.

    Attributes:
        token_lifetime_seconds: life of an access token.
        refuse_token_while_valid: answer a token request with "access_token not expired" while an
            earlier token of the shop is good, with ``token_refusal_status``.
        requests_per_second: budget per shop; beyond it 429. None: no limit.
        send_retry_after: 429 carries ``Retry-After``.
    """

    token_lifetime_seconds: float = 3600
    refuse_token_while_valid: bool = False
    token_refusal_status: int = 429
    requests_per_second: float | None = None
    send_retry_after: bool = True


@dataclass
class Budget:
    """A second's worth of requests that fills up steadily."""

    tokens: float = field(default=0.0)
    filled_at: float = field(default=-math.inf)

    def take(self, per_second: float) -> bool:
        """Takes one request out of the budget; False when it is empty."""
        now = time.monotonic()
        capacity = max(per_second, 1.0)
        self.tokens = min(capacity, self.tokens + (now - self.filled_at) * per_second)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class OptiplySandbox:
    """Optiply with its shops.

    Args:
        clock: current UTC time; stamps and token lives come from it.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.behaviour = Behaviour()
        self.shops: dict[str, Shop] = {}
        self._clock = clock
        # Ids are unique over all shops, so that a row of the wrong shop is never hit by chance.
        self._ids = itertools.count(1001)
        self._office = TokenOffice(self.shops, clock)
        self._budgets: dict[str, Budget] = {}

    def add_shop(
        self,
        name: str,
        *,
        account_id: int | None = None,
        coupling_id: int | None = None,
        username: str | None = None,
        password: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        account: Shop | None = None,
    ) -> Shop:
        """Adds an empty shop with an API user; see :meth:`add_coupling` for ``account``. Raises
        ValueError when the name is taken."""
        if name in self.shops:
            raise ValueError(f"shop {name!r} exists")
        number = len(self.shops) + 1
        shop = Shop(
            name=name,
            account_id=account.account_id if account else account_id or 100 + number,
            coupling_id=coupling_id or 500 + number,
            username=username or f"{name}@api.sandbox",
            password=password or f"{name}-password",
            client_id=client_id or name,
            client_secret=client_secret or f"{name}-secret",
            clock=self._clock,
            next_id=lambda: next(self._ids),
            account=account.account or account if account else None,
        )
        self.shops[name] = shop
        self._budgets[name] = Budget()
        return shop

    def add_coupling(self, shop: str, name: str | None = None) -> Shop:
        """Adds another coupling to a shop, with an API user of its own: it works on the same rows
        and knows them by remote ids of its own.

        Raises:
            KeyError: no such shop.
            ValueError: the name is taken.
        """
        return self.add_shop(name or f"{shop} {len(self.shops) + 1}", account=self.shops[shop])

    def expire_tokens(self, shop: str | None = None) -> None:
        """Ends all access tokens at once, or those of one shop by name."""
        self._office.expire(self.shops[shop] if shop else None)

    def routes(self) -> list[Route]:
        """Routes of the token endpoint and of the API, with their full paths."""
        verbs = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        return [
            Route(TOKEN_PATH, self._token, methods=["POST"]),
            Route(f"{API_PATH}/{{resource}}", self._collection, methods=verbs),
            Route(f"{API_PATH}/{{resource}}/{{id}}", self._single, methods=verbs),
        ]

    # -- requests -----------------------------------------------------------------------------

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            shop, body = self._office.grant(
                request.headers.get("authorization"),
                {**request.query_params, **form},
                lifetime_seconds=self.behaviour.token_lifetime_seconds,
                refuse_while_valid=self.behaviour.refuse_token_while_valid,
                refusal_status=self.behaviour.token_refusal_status,
            )
        except TokenRefused as refused:
            return JSONResponse(refused.body, refused.status)
        _note_user(request, shop)
        return JSONResponse(body)

    async def _collection(self, request: Request) -> Response:
        return await self._answer(request, {"GET": _list, "POST": _create})

    async def _single(self, request: Request) -> Response:
        return await self._answer(request, {"GET": _get, "PATCH": _change, "DELETE": _remove})

    async def _answer(self, request: Request, handlers: dict[str, Handler]) -> Response:
        shop = self._office.shop_of(request.headers.get("authorization"))
        if shop is None:
            body = {"error": "invalid_token", "error_description": "Access token expired"}
            return JSONResponse(body, 401)
        _note_user(request, shop)
        limit = self.behaviour.requests_per_second
        if limit is not None and not self._budgets[shop.name].take(limit):
            headers = {"Retry-After": "1"} if self.behaviour.send_retry_after else None
            return JSONResponse({"message": "Too many requests"}, 429, headers)
        request.state.attributes = {}
        try:
            _check_account(shop, request.query_params.get("accountId"))
            resource = RESOURCES.get(request.path_params["resource"])
            if resource is None:
                raise ApiError(404, f"{request.path_params['resource']} is not a resource")
            if request.method in ("POST", "PATCH"):
                request.state.attributes = await _sent_attributes(request, resource)
                _check_account(shop, request.state.attributes.get("accountId"))
            handler = handlers.get(request.method)
            if handler is None or request.method not in resource.methods:
                raise ApiError(405, f"{request.method} is not allowed here")
            return handler(request, shop, resource)
        except ApiError as error:
            return _json(error.body(), error.status)
        finally:
            if request.method != "GET":
                _note_write(request, shop)


def _list(request: Request, shop: Shop, resource: Resource) -> Response:
    query = parse_list_query(resource, request.query_params.multi_items())
    rows, more = shop.select(resource.name, query)
    body: dict[str, Any] = {"data": [_item(shop, resource, row) for row in rows]}
    if more:
        url = request.url.include_query_params(
            **{"page[limit]": query.limit, "page[offset]": query.offset + query.limit}
        )
        body["links"] = {"next": str(url)}
    return _json(body)


def _get(request: Request, shop: Shop, resource: Resource) -> Response:
    return _json({"data": _item(shop, resource, shop.get(resource.name, _id(request)))})


def _create(request: Request, shop: Shop, resource: Resource) -> Response:
    coupling_id = _coupling(request, shop)
    row = shop.create(resource.name, request.state.attributes, coupling_id)
    return _json({"data": _item(shop, resource, row)}, 201)


def _change(request: Request, shop: Shop, resource: Resource) -> Response:
    coupling_id = _coupling(request, shop)
    row = shop.change(resource.name, _id(request), request.state.attributes, coupling_id)
    return _json({"data": _item(shop, resource, row)})


def _remove(request: Request, shop: Shop, resource: Resource) -> Response:
    _coupling(request, shop)
    shop.remove(resource.name, _id(request))
    return Response(status_code=204)


# -- pieces ---------------------------------------------------------------------------------------


def _note_user(request: Request, shop: Shop) -> None:
    request.scope.setdefault("state", {})["user"] = shop.username


def _note_write(request: Request, shop: Shop) -> None:
    shop.write_log.append(
        Write(
            request.method,
            request.path_params["resource"],
            request.path_params.get("id"),
            request.state.attributes,
        )
    )


def _id(request: Request) -> int:
    text = request.path_params["id"]
    if not INTEGER.fullmatch(text):
        # What the real one does with an id such as "nan" (optiply.md 4).
        raise ApiError(500, "Internal Server Error")
    return int(text)


def _check_account(shop: Shop, given: Json) -> None:
    """Raises ApiError 403 for another account than the user's, wherever it is named."""
    if INTEGER.fullmatch(str(given)) and int(given) != shop.account_id:
        raise ApiError(403, "the account is not this user's")


def _coupling(request: Request, shop: Shop) -> int:
    """The coupling of a write; its account and coupling must be the shop's (api: both on every
    write)."""
    given = {}
    for name in ("accountId", "couplingId"):
        text = request.query_params.get(name, "")
        if not INTEGER.fullmatch(text):
            raise ApiError(400, f"{name} is required in the query string of a write")
        given[name] = int(text)
    if given["couplingId"] != shop.coupling_id:
        raise ApiError(403, "the coupling is not this user's")
    return given["couplingId"]


async def _sent_attributes(request: Request, resource: Resource) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
        raise ApiError(415, f"Content-Type must be {MEDIA_TYPE}")
    try:
        text = await request.body()
        check_characters(text)
        body = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except ValueError:
        raise ApiError(400, "the body is not JSON") from None
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("attributes"), dict):
        raise ApiError(400, "the body must hold data with type and attributes")
    if data.get("type") != resource.name:
        raise ApiError(400, f"data.type must be {resource.name}")
    if data.get("id") is not None and str(data["id"]) != request.path_params.get("id"):
        raise ApiError(400, "data.id is not the id of the URL")
    attributes: dict[str, Any] = data["attributes"]
    return attributes


def _no_number(text: str) -> Json:
    raise ValueError(text)


def _item(shop: Shop, resource: Resource, row: Row) -> dict[str, Any]:
    hidden = {"id"} if resource.shows_account else {"id", "accountId"}
    attributes = {name: value for name, value in row.items() if name not in hidden}
    if resource.remote_id_map:
        attributes["remoteIdMap"] = shop.remote_id_map(resource.name, row["id"])
    return {"type": resource.name, "id": str(row["id"]), "attributes": attributes}


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type=MEDIA_TYPE)
