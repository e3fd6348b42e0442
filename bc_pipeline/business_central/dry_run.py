"""A Business Central that is only read: writes are noted and answered as if they had worked."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Self
from urllib.parse import unquote

from bc_pipeline.business_central.answers import encoded
from bc_pipeline.business_central.batch import BatchMode, Part, PartAnswer
from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.business_central.urls import query_url
from bc_pipeline.business_central.writing import ANY_VERSION
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

# Records a dry run pretends to have made, findable the way Business Central's are.

PREFIX = "dryrun"
_SEGMENT = re.compile(r"([A-Za-z.]+)(?:\(([^)]*)\))?")
_PRETENDED = re.compile(rf"{PREFIX}-\d+")
_STARTS_AS: Mapping[str, Mapping[str, Any]] = {
    "purchaseInvoices": {"status": "Draft"},
    "purchaseOrders": {"status": "Draft"},
}
"""Entity set -> what BC fills in that writers look at."""

Record = dict[str, Any]


def is_pretended(place: str) -> bool:
    """Whether a path or URL names a record that exists in the dry run only."""
    return _PRETENDED.search(place) is not None


class PretendedRecords:
    """Records and their children. Paths are relative to the root of the API."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._by_id: dict[str, tuple[str, Record]] = {}
        """Id -> entity set and record, of those that exist in the dry run only."""
        self._children: dict[str, dict[str, list[Record]]] = {}
        """Id of a parent -> navigation -> records; the parent may be a real one."""

    def add(self, path: str, body: Mapping[str, Any]) -> Record:
        """The record BC would make of ``body`` in a collection, with its nested children."""
        *parents, (entity_set, _) = _segments(path.partition("?")[0])
        parent = parents[-1][1] if parents else ""
        return self._add(parent, entity_set, body, nested=len(parents) > 1)

    def change(self, path: str, body: Mapping[str, Any]) -> Record:
        """The record as it would be afterwards; of a real one only what is known."""
        record = self._find(path)
        if record is None:
            *_, (_, id) = _segments(path)
            return {"id": id, **body}
        record.update(body)
        return self._complete(record)

    def remove(self, path: str) -> None:
        """Forgets a record, if it is a pretended one."""
        record = self._find(path)
        if record is not None:
            self._by_id.pop(str(record["id"]), None)
            for navigations in self._children.values():
                for siblings in navigations.values():
                    siblings[:] = [each for each in siblings if each is not record]

    def one(self, path: str) -> Record | None:
        """The record of a path such as ``companies(c)/customers(dryrun-1)``."""
        record = self._find(path)
        return None if record is None else self._complete(record)

    def many(self, path: str) -> list[Record]:
        """The records of a list: those below the pretended record the path or filter names."""
        place, _, query = path.partition("?")
        *parents, (entity_set, _) = _segments(place)
        named = [parents[-1][1] if parents else "", *_PRETENDED.findall(query)]
        known = [self._by_id[id] for id in named if id in self._by_id]
        found = [record for its_set, record in known if its_set == entity_set]
        for id in named:
            if is_pretended(id):
                found += self._children.get(id, {}).get(entity_set, [])
        return [self._complete(each) for each in found]

    def _add(
        self, parent: str, entity_set: str, body: Mapping[str, Any], *, nested: bool
    ) -> Record:
        id = str(body.get("id") or f"{PREFIX}-{next(self._numbers)}")
        record: Record = {"id": id}
        if not nested:
            record |= {"number": id, **_STARTS_AS.get(entity_set, {})}
        self._children.setdefault(parent, {}).setdefault(entity_set, []).append(record)
        if is_pretended(id):
            self._by_id[id] = entity_set, record
        for name, value in body.items():
            if isinstance(value, list):
                for child in value:
                    self._add(id, name, child, nested=True)
            else:
                record[name] = value
        return self._complete(record)

    def _find(self, path: str) -> Record | None:
        *parents, (entity_set, id) = _segments(path.partition("?")[0])
        if is_pretended(id):
            return self._by_id[id][1] if id in self._by_id else None
        parent = parents[-1][1] if parents else ""
        siblings = self._children.get(parent, {}).get(entity_set, [])
        return next((each for each in siblings if each["id"] == id), None)

    def _complete(self, record: Record) -> Record:
        """A copy with its children inside, as an expanded read shows it."""
        navigations = self._children.get(record["id"], {}) if is_pretended(record["id"]) else {}
        children = {
            name: [self._complete(each) for each in rows] for name, rows in navigations.items()
        }
        return {**record, **children}


def _segments(path: str) -> list[tuple[str, str]]:
    """``companies(c)/customers(1)`` as ``[("companies", "c"), ("customers", "1")]``."""
    return [(name, key or "") for name, key in _SEGMENT.findall(path)]


_ACTION = re.compile(r"/Microsoft\.NAV\.\w+$")


@dataclass(frozen=True)
class NotedRequest:
    """A write as it would have been sent.

    Args:
        method: HTTP verb.
        path: relative to the root of the standard API.
        body: None where there is none.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For people and JSON: decimals as numbers where these say exactly the same, else as
        text."""
        return {"method": self.method, "path": self.path, "body": _plain(self.body)}


class DryRunBusinessCentral(BusinessCentral):
    """Reads go to Business Central, writes do not. Records it pretends to make have ids that begin
    with ``dryrun``; reading one of these gives what was noted of it.

    Args:
        As ``BusinessCentral``.
    """

    def __init__(self, tenant: Tenant, tokens: TokenStore, **options: Any) -> None:  # noqa: ANN401
        super().__init__(tenant, tokens, **options)
        self.noted: list[NotedRequest] = []
        self.noted_here: list[NotedRequest] = self.noted
        self._records = PretendedRecords()
        self._noting = threading.Lock()

    def tallied(self, tally: RequestCounter) -> Self:
        """As ``BusinessCentral.tallied``; ``noted_here`` are then only the writes noted through
        this view."""
        view = super().tallied(tally)
        view.noted_here = []
        return view

    def post(
        self, url: str, body: Mapping[str, Any], *, expand: str | None = None
    ) -> dict[str, Any]:
        place = query_url(url, {"$expand": expand} if expand else {})
        return self._write("POST", self._relative(place), body)

    def patch(
        self, url: str, body: Mapping[str, Any], *, etag: str = ANY_VERSION
    ) -> dict[str, Any]:
        return self._write("PATCH", self._relative(url), body)

    def delete(self, url: str, *, etag: str = ANY_VERSION) -> None:
        self._write("DELETE", self._relative(url), None)

    def action(self, url: str) -> None:
        self._write("POST", self._relative(url), None)

    def batch(
        self, parts: Sequence[Part], *, mode: BatchMode = "independent"
    ) -> dict[str, PartAnswer]:
        real = [part for part in parts if part.reads_only and not is_pretended(part.path)]
        answers = super().batch(real) if real else {}
        for part in parts:
            if part.id not in answers:
                answers[part.id] = self._answer(part)
        return {part.id: answers[part.id] for part in parts}

    def _one(self, url: str) -> dict[str, Any] | None:
        place = url.partition("?")[0]
        if not is_pretended(place):
            return super()._one(url)
        with self._noting:
            return self._records.one(unquote(self._relative(place)))

    def rows(
        self, url: str, *, tally: RequestCounter | None = None, fresh: bool = True
    ) -> Iterator[dict[str, Any]]:
        if not is_pretended(url):
            return super().rows(url, tally=tally, fresh=fresh)
        with self._noting:
            return iter(self._records.many(unquote(self._relative(url))))

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        # What could not be sent is not pretended either.
        encoded(body)
        place = unquote(path)
        with self._noting:
            noted = NotedRequest(method, path, body)
            self.noted.append(noted)
            if self.noted_here is not self.noted:
                self.noted_here.append(noted)
            if method == "POST" and not _ACTION.search(path):
                return self._records.add(place, body or {})
            if method == "PATCH":
                return self._records.change(place, body or {})
            if method == "DELETE":
                self._records.remove(place)
            return {}

    def _answer(self, part: Part) -> PartAnswer:
        part.as_json()
        if not part.reads_only:
            body = self._write(part.method, part.path, part.body)
            if not body:
                return PartAnswer(part.id, 204)
            return PartAnswer(part.id, 201 if part.method == "POST" else 200, body)
        with self._noting:
            path = part.path.split("?", 1)[0]
            if not path.endswith(")"):
                return PartAnswer(part.id, 200, {"value": self._records.many(unquote(part.path))})
            row = self._records.one(path)
        if row is not None:
            return PartAnswer(part.id, 200, row)
        missing = PartAnswer(part.id, 404, error_code="BadRequest_NotFound")
        return replace(missing, error_message="the dry run made no such record")

    def _relative(self, url: str) -> str:
        return url.removeprefix(self.api_url(""))


def noted_by(clients: Iterable[BusinessCentral]) -> list[dict[str, Any]]:
    """What was noted through these views of a dry run's client, in order; nothing of other
    clients."""
    views = {id(each): each for each in clients if isinstance(each, DryRunBusinessCentral)}
    return [noted.as_json() for view in views.values() for noted in view.noted_here]


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """JSON without decimals: as numbers where these say exactly the same, else as text."""
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
