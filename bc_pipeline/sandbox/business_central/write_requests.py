"""One POST, PATCH, DELETE or bound action: from the URL to the rules and back (behaviour.md 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import InvalidOperation
from functools import partial

from bc_pipeline.sandbox.bookkeeping.documents import Refused
from bc_pipeline.sandbox.business_central.api import Companies, company_of
from bc_pipeline.sandbox.business_central.body import Body, check_body
from bc_pipeline.sandbox.business_central.path import Place, entity_type, row_at, walk
from bc_pipeline.sandbox.business_central.query_options import Query, parse_query
from bc_pipeline.sandbox.business_central.reader import Reader
from bc_pipeline.sandbox.business_central.replica import INTENT
from bc_pipeline.sandbox.business_central.rules import RULES
from bc_pipeline.sandbox.business_central.urls import API, Segment, Target
from bc_pipeline.sandbox.business_central.writes import EntityRules, Parent, WriteContext
from bc_pipeline.sandbox.company.company import ETAG, Company, Row
from bc_pipeline.sandbox.company.metadata import EntityType
from bc_pipeline.sandbox.company.transaction import Transaction
from bc_pipeline.sandbox.json_text import JsonValue
from bc_pipeline.sandbox.odata_errors import (
    BcError,
    bad_request,
    dialog,
    method_not_allowed,
    same_key,
    unknown_resource,
)

_ACTION = "microsoft.nav."
_JSON = "application/json"
_TAG = re.compile(r'\*|(W/)?"[^"]*"')
_OPTIONS = {"$expand", "$select"}


@dataclass(frozen=True)
class WriteRequest:
    """A request that changes something.

    Attributes:
        headers: by lower-case name.
        body: parsed JSON; None when nothing was sent.
        interrupted: a bound action is to be refused after the first part of its work.
    """

    method: str
    target: Target
    headers: Mapping[str, str]
    body: JsonValue = None
    interrupted: bool = False


@dataclass(frozen=True)
class WriteAnswer:
    """What is answered: 201 and 200 with the entity, 204 with nothing."""

    status: int
    company: str
    body: Row | None = None
    location: str | None = None


def write(
    companies: Companies, request: WriteRequest, transaction: Transaction | None = None
) -> WriteAnswer:
    """Do what a request asks for.

    Args:
        transaction: the one this is part of; None: one of its own. Either way a refused request
            changes nothing.

    Raises:
        BcError: whatever Business Central refuses.
    """
    _check_verb(request)
    company, segments = company_of(companies, request.target)
    if not segments:
        raise method_not_allowed("Companies cannot be written here.")
    context = Transaction([company]) if transaction is None else transaction.part()
    with context as open_transaction:
        try:
            return _Write(company, request, segments, open_transaction).answer()
        except Refused as error:
            raise dialog(str(error)) from error
        except (InvalidOperation, OverflowError) as error:  # an amount or a date too large
            raise dialog("The result of a calculation is out of range.") from error


def refuse_intent(headers: Mapping[str, str]) -> None:
    """Raises BcError for a write that says which database is to answer it: only a GET may
    (behaviour.md 3)."""
    if INTENT in headers:
        raise bad_request("Data-Access-Intent is only allowed with GET.")


def _check_verb(request: WriteRequest) -> None:
    refuse_intent(request.headers)
    if request.method not in ("POST", "PATCH", "DELETE"):
        raise method_not_allowed(f"{request.method} is not allowed here.")
    first = request.target.segments[0] if request.target.segments else None
    if first is None or (first.name == "companies" and len(request.target.segments) == 1):
        raise method_not_allowed(f"{request.method} is not allowed here.")
    if request.target.service != API:
        raise BcError(501, "BadRequest_MethodNotImplemented", "Only API v2.0 is written here.")


class _Write:
    def __init__(
        self,
        company: Company,
        request: WriteRequest,
        segments: tuple[Segment, ...],
        transaction: Transaction,
    ) -> None:
        self._company = company
        self._request = request
        self._segments = segments
        self._context = WriteContext(company, transaction, interrupted=request.interrupted)
        self._entity_of = partial(entity_type, company)

    def answer(self) -> WriteAnswer:
        if self._segments[-1].name.lower().startswith(_ACTION):
            return self._action()
        place = walk(self._company, self._segments)
        if place.navigation is not None and not place.navigation.part:
            raise method_not_allowed(f"'{place.navigation.name}' cannot be written from here.")
        query = self._query(place)
        if self._request.method == "POST":
            return self._post(place, query)
        if place.key is None:
            raise method_not_allowed(f"{self._request.method} needs the key of an entity.")
        return self._patch(place, query) if self._request.method == "PATCH" else self._delete(place)

    # --- verbs ---------------------------------------------------------------------------------

    def _post(self, place: Place, query: Query) -> WriteAnswer:
        entity = place.entity
        if place.key is not None:
            raise method_not_allowed("POST needs a list, not an entity.")
        if not entity.insert:
            raise method_not_allowed(f"Entity '{entity.name}' does not support insert.")
        body = self._body(entity, new=True)
        if body.children and not self._company.settings.deep_insert:
            names = ", ".join(navigation.name for navigation, _ in body.children)
            raise bad_request(f"Nested entities ({names}) are not accepted here.")
        row = self._insert(entity, body, _parent(place))
        key = row[entity.keys[0]]
        location = f"{self._request.target.root}/companies({self._company.id})"
        return self._entity(201, row, query, f"{location}/{entity.entity_set}({key})")

    def _insert(self, entity: EntityType, body: Body, parent: Parent | None) -> Row:
        self._check_number(entity, body.values)
        row = _rules(entity).insert(self._context, body.values, parent)
        reader = Reader(self._company)
        for navigation, children in body.children:
            link = reader.related(navigation, row)
            for child in children:
                child_parent = Parent(entity.entity_set, row, link)
                self._insert(self._entity_of(navigation.entity_set), child, child_parent)
        return row

    def _patch(self, place: Place, query: Query) -> WriteAnswer:
        entity = place.entity
        row = self._row_to_change(place, allowed=entity.modify, verb="modify")
        known = {name: row[name] for name in entity.keys}
        body = self._body(entity, new=False, known=known)
        row = _rules(entity).update(self._context, row, body.values, _parent(place))
        return self._entity(200, row, query)

    def _delete(self, place: Place) -> WriteAnswer:
        row = self._row_to_change(place, allowed=place.entity.delete, verb="delete")
        _rules(place.entity).remove(self._context, row, _parent(place))
        return WriteAnswer(204, self._company.name)

    def _action(self) -> WriteAnswer:
        *path, last = self._segments
        if not path:
            raise unknown_resource(last.name)
        place = walk(self._company, path)
        if self._request.method != "POST" or place.key is None or last.key is not None:
            raise method_not_allowed(f"{last.name} is called with POST on an entity.")
        row = row_at(self._company, place)
        _check_tag(row, self._tag(otherwise="*"))
        if self._request.body not in (None, {}):
            raise bad_request(f"{last.name} takes no parameters.")
        # Names of actions are taken in any case.
        known = {name.lower(): name for name in place.entity.actions}
        name = known.get(last.name.lower())
        action = _rules(place.entity).actions.get(name) if name else None
        if action is None:
            text = f"'{place.entity.name}' has no bound action {last.name}."
            raise BcError(501, "BadRequest_MethodNotImplemented", text)
        action(self._context, row)
        self._context.commit()
        self._context.end_part()
        return WriteAnswer(204, self._company.name)

    def _check_number(self, entity: EntityType, given: Row) -> None:
        """A number the page would not let be written, where the environment does: the number
        series decides as everywhere (0.6, 0.8)."""
        settings = self._company.settings
        if "number" not in given or "number" not in settings.writable.get(entity.entity_set, ()):
            return
        if entity.entity_set not in settings.manual_numbers:
            raise dialog("You may not enter numbers manually.")
        if self._company.find(entity.entity_set, number=given["number"]):
            raise same_key(entity.name, given["number"])

    # --- parts of them -------------------------------------------------------------------------

    def _query(self, place: Place) -> Query:
        for name, _ in self._request.target.options:
            if name.startswith("$") and name not in _OPTIONS:
                if self._request.method == "POST":
                    raise bad_request(f"The query parameter '{name}' is not supported with POST.")
                raise method_not_allowed(f"{self._request.method} takes no {name}.")
        return parse_query(self._request.target.options, place.entity, self._entity_of)

    def _body(self, entity: EntityType, *, new: bool, known: Row | None = None) -> Body:
        order = self._company.settings.property_order
        return check_body(self._json(), entity, self._entity_of, new=new, known=known, order=order)

    def _json(self) -> JsonValue:
        kind = self._request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self._request.body is None:
            raise bad_request("The request has no body.")
        if kind != _JSON:
            raise BcError(415, "BadRequest", f"The content type '{kind}' is not supported.")
        return self._request.body

    def _row_to_change(self, place: Place, *, allowed: bool, verb: str) -> Row:
        if not allowed:
            raise method_not_allowed(f"Entity '{place.entity.name}' does not support {verb}.")
        # Documented as required for both, yet clients in production delete without it.
        tag = self._tag(otherwise="*" if verb == "delete" else "")
        row = row_at(self._company, place)
        _check_tag(row, tag)
        return row

    def _tag(self, otherwise: str) -> str:
        tag = self._request.headers.get("if-match", otherwise).strip()
        if not _TAG.fullmatch(tag):
            raise BcError(400, "BadRequest_InvalidToken", "The If-Match header is missing or bad.")
        return tag

    def _entity(
        self, status: int, row: Row, query: Query, location: str | None = None
    ) -> WriteAnswer:
        entity = query.entity
        context = f"{self._request.target.root}/$metadata#companies({self._company.id})"
        body = {"@odata.context": f"{context}/{entity.entity_set}/$entity"}
        body |= Reader(self._company).project(row, query)
        return WriteAnswer(status, self._company.name, body, location)


def _check_tag(row: Row, tag: str) -> None:
    if tag not in ("*", row[ETAG]):
        raise BcError(409, "Request_EntityChanged", "Another user has already changed the record.")


def _parent(place: Place) -> Parent | None:
    if place.parent is None or place.parent_set is None or place.link is None:
        return None
    return Parent(place.parent_set, place.parent, place.link)


def _rules(entity: EntityType) -> EntityRules:
    rules = RULES.get(entity.entity_set)
    if rules is None:
        raise BcError(
            501, "BadRequest_MethodNotImplemented", f"The sandbox writes no {entity.entity_set}."
        )
    return rules
