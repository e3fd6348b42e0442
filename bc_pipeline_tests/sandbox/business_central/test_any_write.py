"""Whatever is sent: an answer in Business Central's terms, and nothing changed when refused."""

from __future__ import annotations

import string
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bc_pipeline.sandbox.business_central.rules import RULES
from bc_pipeline.sandbox.business_central.urls import Segment, Target
from bc_pipeline.sandbox.business_central.write_requests import WriteRequest, write
from bc_pipeline.sandbox.clock import Clock
from bc_pipeline.sandbox.companies import cronus
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.company.metadata import Field, entities
from bc_pipeline.sandbox.company.transaction import Transaction
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline.sandbox.odata_errors import BcError
from bc_pipeline_tests.sandbox.business_central.writes import state

CODES = {400, 404, 405, 409, 415, 501}
HEADERS = {"content-type": "application/json", "if-match": "*"}


@cache
def company() -> Company:
    """Made when the first example is: every worker loads this module, one runs it."""
    return cronus.build(Clock())


@cache
def start() -> Any:
    """What all examples start from: every one is taken back."""
    return state(company())


@cache
def references() -> list[str]:
    """Ids, numbers and codes of records that exist, and some that do not."""
    tables = ["vendors", "customers", "items", "accounts", "currencies", "dimensions", "journals"]
    tables += ["dimensionValues", "purchaseInvoices", "locations", "vendorPaymentJournals"]
    found = []
    for name in tables:
        for row in list(company().tables[name].values())[:4]:
            found += [row["id"], row.get("number") or row.get("code") or ""]
    return [*found, ZERO_GUID, "12345678-1234-1234-1234-123456789abc", "NONE", ""]


@cache
def ids() -> list[str]:
    return [text for text in references() if len(text) == 36]


@cache
def names() -> list[str]:
    return [text for text in references() if len(text) != 36]


def values_of(field: Field, *, wrong: bool) -> st.SearchStrategy[Any]:
    """Values of the right type, or any."""
    text = st.text(string.ascii_letters + string.digits + " @-", max_size=12)
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "String": st.sampled_from(names()) | text,
        "Guid": st.sampled_from(ids()),
        "Decimal": st.decimals(-1000, 1000, places=2)
        | st.sampled_from([Decimal(0), Decimal(10) ** 15 - 1, Decimal("1e40")]),
        "Int32": st.integers(-1, 100_000),
        "Boolean": st.booleans(),
        "Date": st.sampled_from(["2026-01-31", "0001-01-01", "9999-12-31", "2026-03-30"]),
        "Enum": st.sampled_from(field.enum) if field.enum else text,
    }
    anything = st.sampled_from([None, "", 1, True, {}, [], "x" * 40])
    return anything if wrong else by_type.get(field.type, anything)


@st.composite
def bodies(draw: st.DrawFn, entity_set: str, depth: int = 1) -> dict[str, Any]:
    entity = entities()[entity_set]
    writable = [field for field in entity.fields.values() if not field.read_only]
    chosen = draw(st.lists(st.sampled_from(writable), max_size=6, unique_by=lambda f: f.name))
    spoiled = draw(st.integers(-20, 5))  # position of a value of the wrong type, mostly none
    body = {
        field.name: draw(values_of(field, wrong=place == spoiled))
        for place, field in enumerate(chosen)
    }
    parts = [n for n in entity.navigations.values() if n.many and n.part and n.entity_set in RULES]
    if depth and parts and draw(st.booleans()):
        part = draw(st.sampled_from(parts))
        body[part.name] = draw(st.lists(bodies(part.entity_set, depth - 1), max_size=2))
    return body


@st.composite
def requests(draw: st.DrawFn) -> WriteRequest:
    entity_set = draw(st.sampled_from(sorted(RULES)))
    method = draw(st.sampled_from(["POST", "POST", "PATCH", "DELETE"]))
    keys = [row["id"] for row in list(company().tables[entity_set].values())[:6]]
    key = draw(st.sampled_from([*keys, *ids()[:1]]))
    segments = [Segment("companies", company().id), Segment(entity_set, key)]
    entity = entities()[entity_set]
    ways = [n for n in entity.navigations.values() if n.many and n.part]
    body: Any = draw(bodies(entity_set))
    if ways and draw(st.booleans()):
        way = draw(st.sampled_from(ways))
        rows = company().find(way.entity_set)[:3] if way.entity_set in RULES else []
        inner = draw(st.sampled_from([row["id"] for row in rows] or ids()[:1]))
        segments.append(Segment(way.name, None if method == "POST" else inner))
        body = draw(bodies(way.entity_set)) if way.entity_set in RULES else {}
    elif method == "POST" and entity.actions and draw(st.booleans()):
        segments.append(Segment(draw(st.sampled_from(entity.actions))))
        body = None
    elif method == "POST":
        segments[-1] = Segment(entity_set)
    target = Target("http://bc", "Production", "api/v2.0", tuple(segments), ())
    return WriteRequest(method, target, HEADERS, None if method == "DELETE" else body)


class Uncommitted(Transaction):
    """Takes back everything, also what was posted."""

    def commit(self) -> None:
        """Does nothing."""


@settings(max_examples=150, deadline=None)
@given(request=requests())
def test_any_request_is_done_or_refused_without_a_trace(request: WriteRequest) -> None:
    before = start()
    with Uncommitted([company()]) as transaction:
        try:
            answer = write({company().name: company()}, request, transaction)
        except BcError as error:
            assert error.status in CODES
            assert state(company()) == before
        else:
            assert answer.status in (200, 201, 204)
            assert (answer.body is None) == (answer.status == 204)
        transaction.roll_back()
    assert state(company()) == before
