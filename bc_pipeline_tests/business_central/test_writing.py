from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.business_central.client import BusinessCentral, Company, company_path
from bc_pipeline.errors import RequestFailed
from bc_pipeline_tests.business_central.fake import (
    COMPANY,
    FakeBusinessCentral,
    Reply,
    Seen,
    error,
    page,
)

OTHER = Company("22222222-2222-2222-2222-222222222222", "OTHER", "Other")


def on(fake: FakeBusinessCentral, method: str, *replies: Reply) -> list[Seen]:
    """Answers writes with one reply after the other; what was asked is collected."""
    left, seen_writes = list(replies), []

    def answering(seen: Seen) -> Reply | None:
        if seen.method != method or "/api/" not in seen.path:
            return None
        seen_writes.append(seen)
        return left.pop(0) if len(left) > 1 else left[0]

    fake.on(answering)
    return seen_writes


def test_given_a_body_then_post_sends_it_exactly_and_returns_the_record(fake, bc):
    seen = on(fake, "POST", Reply(201, b'{"id": "1", "unitCost": 0.1234567890123456789}'))
    body = {
        "invoiceDate": date(2026, 7, 1),
        "discount": Decimal("0E-10"),
        "purchaseInvoiceLines": [{"unitCost": Decimal("1234567890.12345")}],
    }

    record = bc.post(bc.company_url("purchaseInvoices"), body, expand="purchaseInvoiceLines")

    assert record == {"id": "1", "unitCost": Decimal("0.1234567890123456789")}
    assert seen[0].query == {"$expand": "purchaseInvoiceLines"}
    assert seen[0].headers["content-type"] == "application/json"
    assert seen[0].body == (
        b'{"invoiceDate":"2026-07-01","discount":0,'
        b'"purchaseInvoiceLines":[{"unitCost":1234567890.12345}]}'
    )


@pytest.mark.parametrize("value", [0.1, float("nan")])
def test_given_a_binary_fraction_then_nothing_is_sent(fake, bc, value: float):
    seen = on(fake, "POST", Reply(201))

    with pytest.raises(TypeError, match="Decimal"):
        bc.post(bc.company_url("journals"), {"lines": [{"amount": value}]})
    with pytest.raises(ValueError, match="not a number"):
        bc.post(bc.company_url("journals"), {"amount": Decimal("NaN")})
    assert seen == []


def test_given_a_record_then_patch_names_the_version_it_may_change(fake, bc):
    seen = on(fake, "PATCH", Reply(200, b'{"id": "1"}'))
    url = bc.company_url("customers(1)")

    assert bc.patch(url, {"email": "a@b"}) == {"id": "1"}
    bc.patch(url, {"email": "a@b"}, etag='W/"JzQ="')

    assert [each.headers["if-match"] for each in seen] == ["*", 'W/"JzQ="']


@pytest.mark.parametrize(
    "reply",
    [Reply(204, b""), error(404, "BadRequest_NotFound"), error(404, "Internal_RecordNotFound")],
    ids=["deleted", "not found", "no such record"],
)
def test_given_a_record_that_is_gone_afterwards_then_delete_is_content(fake, bc, reply: Reply):
    seen = on(fake, "DELETE", reply)

    bc.delete(bc.company_url("journals(1)"))

    assert seen[0].headers["if-match"] == "*"


@pytest.mark.parametrize(
    "reply",
    [
        error(404, "Internal_CompanyNotFound"),
        error(404, "BadRequest_ResourceNotFound"),
        Reply(404, b"<html>"),
        error(409, "Request_EntityChanged"),
    ],
)
def test_given_any_other_refusal_then_delete_raises(fake, bc, reply: Reply):
    on(fake, "DELETE", reply)

    with pytest.raises(RequestFailed):
        bc.delete(bc.company_url("journals(1)"))


def test_given_a_bound_action_then_it_is_posted_without_a_body(fake, bc):
    seen = on(fake, "POST", Reply(204, b""))

    bc.action(bc.company_url("purchaseInvoices(1)/Microsoft.NAV.post"))

    assert seen[0].path.endswith("/purchaseInvoices(1)/Microsoft.NAV.post")
    assert seen[0].body == b""
    assert "if-match" not in seen[0].headers


WRITES: dict[str, tuple[str, Callable[[BusinessCentral, str], Any]]] = {
    "post": ("POST", lambda bc, url: bc.post(url, {})),
    "patch": ("PATCH", lambda bc, url: bc.patch(url, {})),
    "delete": ("DELETE", lambda bc, url: bc.delete(url)),
    "action": ("POST", lambda bc, url: bc.action(url)),
}


CUT_SHORT = Reply(200, b"{", length=99)
OF_A_PROXY = [Reply(200, b'{"message": "ok"}'), Reply(200, b"<html>"), Reply(200, b"")]


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("post", CUT_SHORT),
        ("patch", CUT_SHORT),
        *((name, error(500, "Internal_ServerError")) for name in WRITES),
        *((name, reply) for name in WRITES for reply in OF_A_PROXY),
    ],
)
def test_given_no_clear_answer_then_a_write_is_uncertain_and_not_repeated(
    fake, bc, name: str, reply: Reply
):
    method, write = WRITES[name]
    seen = on(fake, method, reply)

    with pytest.raises(RequestFailed) as caught:
        write(bc, bc.company_url("things(1)"))

    assert caught.value.uncertain
    assert len(seen) == 1


@pytest.mark.parametrize("name", WRITES)
def test_given_a_429_then_a_write_is_repeated(fake, bc, name: str):
    method, write = WRITES[name]
    done = Reply(200, b'{"id": "1"}') if name in ("post", "patch") else Reply(204, b"")
    seen = on(fake, method, error(429, "x", Retry_After="0"), done)

    write(bc, bc.company_url("things(1)"))

    assert len(seen) == 2


def test_given_a_refusal_then_code_and_bcs_own_words_can_be_told_apart(fake, bc):
    words = "Vendor is blocked.  CorrelationId:  0f8fad5b-d9cb-469f-a165-70867728950e."
    on(fake, "POST", error(400, "Application_DialogException", words))

    with pytest.raises(RequestFailed) as caught:
        bc.post(bc.company_url("vendors"), {})

    assert caught.value.code == "Application_DialogException"
    assert caught.value.explanation == "Vendor is blocked."
    assert str(caught.value) == (
        "Business Central answered 400 to POST vendors (Application_DialogException): "
        "Vendor is blocked."
    )


def test_given_companies_then_all_are_known_after_the_preflight(fake, bc):
    other = {"id": OTHER.id, "name": OTHER.name, "displayName": OTHER.display_name}
    fake.on_set("companies", page([COMPANY, other]))

    assert [company.name for company in bc.companies()] == ["CRONUS", "OTHER"]
    assert bc.take_companies() is not None
    assert len(bc.companies()) == 2
    assert len(fake.requests_of("companies")) == 1


def test_given_another_company_then_urls_and_reads_are_about_it(fake, bc):
    fake.on_set("items(1)", Reply(body=b'{"id": "1"}'))

    assert bc.get("items", "1", company=OTHER) == {"id": "1"}
    assert f"companies({OTHER.id})" in fake.requests_of("items(1)")[0].path
    assert bc.company_url("items", OTHER) == bc.api_url(company_path(OTHER, "items"))
    assert bc.page_url("Item", OTHER).endswith("/ODataV4/Item?company=OTHER")
