"""Optiply's API v1, as far as we use it: rows, get, post, patch, delete (optiply.md 2, 3)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from bc_pipeline.errors import RequestFailed
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.optiply.transport import Request, Transport
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

PAGE_SIZE = 100
NOT_FOUND = 404


Operator = Literal["EQ", "NEQ", "LIKE", "LT", "LE", "GT", "GE"]


@dataclass(frozen=True)
class Condition:
    """One comparison of a list's filter; conditions AND together (optiply.md 3)."""

    attribute: str
    operator: Operator
    value: str | int

    @property
    def parameter(self) -> str:
        """The name of the query parameter."""
        return f"filter[{self.attribute}][{self.operator}]"


Filters = Mapping[str, str | int] | Sequence[Condition]
"""Attribute -> equal value, or conditions with other operators."""


@dataclass(frozen=True)
class Record:
    """One row of Optiply: its id and its attributes as answered (decimals are strings)."""

    id: int
    attributes: Mapping[str, Any]

    @property
    def uuid(self) -> str | None:
        value = self.attributes.get("uuid")
        return value if isinstance(value, str) else None

    def remote_ids(self, coupling_id: int) -> tuple[str, ...]:
        """The remote ids written earlier: that of ``coupling_id`` where the map has one, else all
        of them, so that a shop connected anew finds its rows (optiply.md 7)."""
        own = self._map.get(str(coupling_id))
        return (own,) if own is not None else tuple(self._map.values())

    def is_of_others(self, remote_id: str) -> bool:
        """True when the row carries remote ids and none is ``remote_id``: another coupling or
        another company wrote it, so it must not be taken over (decisions 4)."""
        written = self._map.values()
        return bool(written) and remote_id not in written

    def is_linked(self, coupling_id: int, remote_id: str) -> bool:
        """True when the row already carries ``remote_id`` for ``coupling_id``."""
        return self._map.get(str(coupling_id)) == remote_id

    @property
    def _map(self) -> Mapping[str, str]:
        """Coupling -> remote id."""
        known = self.attributes.get("remoteIdMap")
        given = known if isinstance(known, Mapping) else {}
        return {str(coupling): str(value) for coupling, value in given.items() if value}


class Optiply:
    """The Optiply account of one tenant. Shared by all threads of a run; every thread may use it.

    Args:
        tenant: whose account.
        tokens: where the access token is kept.
        cancel: set to stop before the next request.
    """

    def __init__(
        self, tenant: Tenant, tokens: TokenStore, *, cancel: threading.Event | None = None
    ) -> None:
        self.coupling_id = tenant.optiply.coupling_id
        self.account_id = tenant.optiply.account_id
        self.concurrency = tenant.optiply.max_concurrent_requests
        self.max_attempts = tenant.optiply.max_attempts
        self.counter = RequestCounter()
        self._base = tenant.optiply.api_url
        self._transport = Transport(tenant, tokens, cancel or threading.Event())

    def scoped(self) -> Optiply:
        """The same client with a counter of its own (which also counts here)."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.counter = RequestCounter(parent=self.counter)
        return other

    def preflight(self) -> None:
        """Make sure there is an access token.

        Raises:
            AuthError: the credentials are broken.
            RequestFailed: the token endpoint cannot be reached.
        """
        self._transport.auth.token()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def back_off(self, attempt: int) -> None:
        """Wait before repeating something that failed ``attempt`` times."""
        self._transport.back_off(attempt)

    @property
    def rate(self) -> float:
        """The present pace in requests per second."""
        return self._transport.limiter.rate

    def get(self, path: str, record_id: int) -> Record | None:
        """One row, or None when Optiply does not have it."""
        try:
            answer = self._send("GET", f"{path}/{record_id}")
        except RequestFailed as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return _record(answer["data"])

    def rows(self, path: str, filters: Filters | None = None) -> Iterator[Record]:
        """All rows that pass the filters, each once, by id."""
        seen: set[int] = set()
        for page in self.pages(path, filters):
            for record in page:
                if record.id not in seen:
                    seen.add(record.id)
                    yield record

    def pages(self, path: str, filters: Filters | None = None) -> Iterator[list[Record]]:
        """The pages of a list, to the end.

        Raises:
            RequestFailed: an answer could not be had, a link leads elsewhere or in circles, or a
                short page was followed by another one (rows would have been missed).
        """
        params: dict[str, str | int] = {
            "page[limit]": PAGE_SIZE,
            "page[offset]": 0,
            "sort": "id",
            **_parameters(filters or {}),
        }
        url = f"{self._base}/{path}"
        visited: set[str] = set()
        linked = False
        short = False
        while True:
            answer = self._send_to("GET", url, params)
            rows = [_record(row) for row in answer["data"]]
            link = _next_link(answer)
            if not rows:
                return
            if short and not linked:
                raise RequestFailed(f"GET {path}: a page was shorter than asked for")
            yield rows
            short = len(rows) < PAGE_SIZE
            if link:
                url, params, linked = self._checked(path, url, link, visited), {}, True
            elif linked:
                return
            else:
                params = {**params, "page[offset]": int(params["page[offset]"]) + PAGE_SIZE}

    def post(self, path: str, attributes: Mapping[str, Any]) -> Record:
        """Create a row.

        Raises:
            RequestFailed: refused; with ``uncertain`` it may exist all the same.
        """
        body = {"data": {"type": path, "attributes": attributes}}
        answer = self._send("POST", path, body)
        try:
            return _record(answer["data"])
        except RequestFailed as error:
            raise RequestFailed(str(error), status=201, uncertain=True) from None

    def patch(self, path: str, record_id: int, attributes: Mapping[str, Any]) -> None:
        """Change attributes of a row; those not named keep their value."""
        body = {"data": {"type": path, "id": str(record_id), "attributes": attributes}}
        self._send("PATCH", f"{path}/{record_id}", body)

    def delete(self, path: str, record_id: int) -> None:
        """Take a row away; one that is gone already counts as done (optiply.md 4)."""
        try:
            self._send("DELETE", f"{path}/{record_id}")
        except RequestFailed as error:
            if error.status != NOT_FOUND:
                raise

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        params: dict[str, str | int] = {}
        if method != "GET":
            params = {"accountId": self.account_id, "couplingId": self.coupling_id}
        return self._send_to(method, f"{self._base}/{path}", params, body)

    def _send_to(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int],
        body: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - any JSON
        return self._transport.send(Request(method, url, params, body, self.counter))

    def _checked(self, path: str, url: str, link: str, visited: set[str]) -> str:
        """The absolute next link, unless following it would be wrong."""
        target = urljoin(url, link)
        if urlsplit(target)[:2] != urlsplit(self._base)[:2]:
            raise RequestFailed(f"GET {path}: the next link leads to another host")
        if target in visited:
            raise RequestFailed(f"GET {path}: the next link repeats")
        visited.add(target)
        return target


def _parameters(filters: Filters) -> dict[str, str | int]:
    if isinstance(filters, Mapping):
        return {f"filter[{name}]": value for name, value in filters.items()}
    return {condition.parameter: condition.value for condition in filters}


def _next_link(answer: Mapping[str, Any]) -> str | None:
    links = answer.get("links")
    link = links.get("next") if isinstance(links, Mapping) else None
    if isinstance(link, Mapping):  # JSON:API allows {"href": ...}
        link = link.get("href")
    return link if isinstance(link, str) and link else None


def _record(data: Any) -> Record:  # noqa: ANN401 - any JSON
    try:
        record_id = int(data["id"])
        attributes = data["attributes"]
    except (KeyError, TypeError, ValueError):
        raise RequestFailed("Optiply answered a record without id or attributes") from None
    return Record(record_id, attributes if isinstance(attributes, Mapping) else {})
