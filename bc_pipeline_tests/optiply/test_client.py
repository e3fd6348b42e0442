"""Requests as Optiply wants them, lists to their end, and what is repeated (optiply.md 2-5)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from bc_pipeline.errors import Cancelled, RequestFailed
from bc_pipeline.optiply.client import Condition, Optiply, Record
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.optiply import Shop

Connect = Callable[..., Optiply]
PRODUCT: dict[str, Any] = {"name": "Item", "stockLevel": 1, "unlimitedStock": False}


@pytest.fixture
def client(connect: Connect) -> Optiply:
    connected = connect()
    connected.preflight()
    return connected


def last(sandbox: Sandbox) -> Any:
    return list(sandbox.requests)[-1]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_every_request_names_its_media_type_and_every_write_its_account(
    sandbox: Sandbox, shop: Shop, client: Optiply, method: str
) -> None:
    record = client.post("products", PRODUCT)
    if method == "GET":
        client.get("products", record.id)
    elif method == "PATCH":
        client.patch("products", record.id, {"stockLevel": 2})
    elif method == "DELETE":
        client.delete("products", record.id)

    entry = last(sandbox)
    assert entry.method == method
    assert entry.headers["content-type"] == "application/vnd.api+json"
    expected = {"accountId": [str(shop.account_id)], "couplingId": [str(shop.coupling_id)]}
    assert parse_qs(entry.query) == ({} if method == "GET" else expected)


def test_numbers_are_sent_exactly(sandbox: Sandbox, client: Optiply) -> None:
    client.post("products", {**PRODUCT, "price": Decimal("1234567.10")})

    assert b'"price":1234567.10' in last(sandbox).body


def test_a_created_record_brings_its_id_and_uuid(shop: Shop, client: Optiply) -> None:
    record = client.post("products", PRODUCT)

    (row,) = shop.rows("products")
    assert (record.id, record.uuid) == (row["id"], row["uuid"])


def test_a_list_is_read_to_its_end_by_links(shop: Shop, client: Optiply) -> None:
    for number in range(250):
        shop.add_by_user("products", {**PRODUCT, "name": f"Item {number}"})

    rows = list(client.rows("products"))

    assert len(rows) == 250
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert client.counter.total == 3


def test_filters_compare_for_equality(shop: Shop, client: Optiply) -> None:
    for name in ("A & B", "A", "Ünï?=#"):
        shop.add_by_user("products", {**PRODUCT, "name": name})

    assert [r.attributes["name"] for r in client.rows("products", {"name": "A & B"})] == ["A & B"]
    assert len(list(client.rows("products", {"name": "Ünï?=#"}))) == 1


def test_conditions_compare_with_other_operators_and_all_must_hold(
    shop: Shop, client: Optiply
) -> None:
    for number in range(5):
        shop.add_by_user("products", {**PRODUCT, "name": f"Item {number}", "stockLevel": number})

    found = client.rows(
        "products", [Condition("stockLevel", "GE", 1), Condition("stockLevel", "LT", 3)]
    )

    assert [row.attributes["stockLevel"] for row in found] == [1, 2]


def page(*ids: int, following: Any = None) -> dict[str, Any]:
    answer: dict[str, Any] = {"data": [{"id": str(n), "attributes": {}} for n in ids]}
    return answer | ({"links": {"next": following}} if following else {})


def answer_with(sandbox: Sandbox, *pages: dict[str, Any]) -> None:
    for body in pages:
        sandbox.faults.add(
            "optiply", action="status", status=200, body=body, path="/v1/products", times=1
        )


def test_without_links_the_offset_is_raised_until_nothing_comes(
    sandbox: Sandbox, client: Optiply
) -> None:
    answer_with(sandbox, page(*range(1, 101)), page(*range(100, 151)), page())

    assert [r.id for r in client.rows("products")] == list(range(1, 151))
    assert "200" in parse_qs(last(sandbox).query)["page[offset]"]


def test_short_pages_that_go_on_are_an_error(sandbox: Sandbox, client: Optiply) -> None:
    answer_with(sandbox, page(1, 2), page(3))

    with pytest.raises(RequestFailed, match="shorter"):
        list(client.rows("products"))


def test_a_link_to_another_host_is_not_followed(sandbox: Sandbox, client: Optiply) -> None:
    answer_with(sandbox, page(1, following="http://elsewhere.invalid/v1/products"))

    with pytest.raises(RequestFailed, match="another host"):
        list(client.rows("products"))


def test_a_link_in_circles_is_an_error(sandbox: Sandbox, client: Optiply) -> None:
    link = f"{sandbox.base_url}/optiply/v1/products?page[offset]=100"
    answer_with(sandbox, page(1, following=link), page(2, following=link))

    with pytest.raises(RequestFailed, match="repeats"):
        list(client.rows("products"))


def test_a_redirect_is_not_followed(sandbox: Sandbox, client: Optiply) -> None:
    sandbox.faults.add(
        "optiply",
        action="status",
        status=302,
        headers={"Location": "http://elsewhere.invalid/"},
        path="/v1/",
    )

    with pytest.raises(RequestFailed, match="redirect"):
        client.get("products", 1)


@pytest.mark.parametrize("action", ["unavailable", "drop", "truncate", "cut", "not_json"])
def test_a_read_is_repeated_until_it_works(sandbox: Sandbox, client: Optiply, action: Any) -> None:
    sandbox.faults.add("optiply", action=action, path="/v1/", times=3)

    assert list(client.rows("products")) == []
    assert client.counter.retried == 3


def test_repeating_ends_after_the_configured_attempts(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(max_attempts=3)
    fault = sandbox.faults.add("optiply", action="unavailable", path="/v1/", times=None)

    with pytest.raises(RequestFailed) as failed:
        client.get("products", 1)
    assert (fault.hits, failed.value.status, failed.value.uncertain) == (3, 503, False)


@pytest.mark.parametrize("action", ["unavailable", "drop", "truncate", "cut", "not_json"])
def test_a_post_that_may_have_been_applied_is_not_repeated(
    sandbox: Sandbox, client: Optiply, action: Any
) -> None:
    fault = sandbox.faults.add("optiply", action=action, method="POST", path="/v1/", times=None)

    with pytest.raises(RequestFailed) as failed:
        client.post("products", PRODUCT)
    assert (fault.hits, failed.value.uncertain) == (1, True)


def test_a_page_of_html_is_no_answer_to_a_change_and_has_it_repeated(
    sandbox: Sandbox, shop: Shop, client: Optiply
) -> None:
    record = client.post("products", PRODUCT)
    fault = sandbox.faults.add("optiply", action="not_json", method="PATCH", path="/v1/")

    client.patch("products", record.id, {"stockLevel": 2})

    assert fault.hits == 1
    assert shop.get("products", record.id)["stockLevel"] == 2


def test_a_post_that_never_reached_optiply_is_certain(connect: Connect) -> None:
    client = connect(max_attempts=2)
    client.preflight()
    client._base = "http://127.0.0.1:9/v1"

    with pytest.raises(RequestFailed) as failed:
        client.post("products", PRODUCT)
    assert (client.counter.total, failed.value.uncertain) == (2, False)


def test_a_throttled_post_is_repeated_after_the_time_optiply_asks_for(
    sandbox: Sandbox, shop: Shop, client: Optiply
) -> None:
    sandbox.faults.add("optiply", action="throttled", retry_after=0.3, path="/v1/")
    started = time.monotonic()

    client.post("products", PRODUCT)

    assert time.monotonic() - started >= 0.3
    assert len(shop.rows("products")) == 1
    assert (client.counter.total, client.counter.throttled) == (2, 1)


def test_a_429_halves_the_pace(sandbox: Sandbox, client: Optiply) -> None:
    before = client.rate
    sandbox.faults.add("optiply", action="throttled", retry_after=0, path="/v1/")

    client.get("products", 1)

    assert before / 2 <= client.rate < before * 0.6


def test_the_pace_is_kept_by_all_threads_together(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(requests_per_second=20)
    client.preflight()
    started = time.monotonic()

    threads = [threading.Thread(target=client.get, args=("products", n)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert time.monotonic() - started >= (30 - 21) / 20


def test_what_is_gone_is_none_and_deleting_it_is_done(client: Optiply) -> None:
    assert client.get("products", 424242) is None
    client.delete("products", 424242)


def test_a_cancelled_client_sends_nothing_more(connect: Connect) -> None:
    client = connect()
    client.preflight()
    client._transport._cancel.set()

    with pytest.raises(Cancelled):
        client.get("products", 1)


def test_requests_are_counted_per_entity_and_in_all(client: Optiply) -> None:
    one, other = client.scoped(), client.scoped()
    one.get("products", 1)
    other.get("products", 1)
    other.get("products", 1)

    assert (one.counter.total, other.counter.total, client.counter.total) == (1, 2, 3)


@pytest.mark.parametrize(
    ("known", "ours"),
    [
        ({"7": "a", "8": "b"}, ("a",)),
        ({"8": "b"}, ("b",)),
        (None, ()),
        ({}, ()),
    ],
)
def test_our_own_coupling_comes_first_among_remote_ids(known: Any, ours: tuple[str, ...]) -> None:
    record = Record(1, {"remoteIdMap": known})

    assert record.remote_ids(7) == ours
    assert record.is_linked(7, "a") is (ours == ("a",))


def test_the_body_has_the_envelope_optiply_expects(sandbox: Sandbox, client: Optiply) -> None:
    record = client.post("products", PRODUCT)
    client.patch("products", record.id, {"stockLevel": 3})

    assert json.loads(last(sandbox).body) == {
        "data": {"type": "products", "id": str(record.id), "attributes": {"stockLevel": 3}}
    }


@pytest.mark.covers("decision 41", "decision 42")
@pytest.mark.parametrize(
    "answer", [None, {}, {"data": None}, {"data": {}}, {"data": {"id": None}}, [], "<html>"]
)
def test_a_success_that_cannot_be_read_never_means_no_rows(
    sandbox: Sandbox, client: Optiply, answer: object
) -> None:
    client.post("products", PRODUCT)
    options: dict[str, Any] = (
        {"action": "empty"} if answer is None else {"action": "status", "body": answer}
    )
    fault = sandbox.faults.add(
        "optiply", method="GET", path="/v1/products", times=2, status=200, **options
    )

    assert len(list(client.rows("products"))) == 1
    assert fault.hits == 2

    sandbox.faults.clear()
    sandbox.faults.add(
        "optiply", method="GET", path="/v1/products", times=None, status=200, **options
    )
    with pytest.raises(RequestFailed):
        list(client.rows("products"))
