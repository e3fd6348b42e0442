"""Bodies of writes: what is refused, what is stored (behaviour.md 4, 7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline_tests.sandbox.business_central.writes import NOWHERE, area, state, vendor
from bc_pipeline_tests.sandbox.conftest import BcClient


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BadRequest"),
        (b"{", "BadRequest"),
        (b"[]", "BadRequest"),
        (b'"text"', "BadRequest"),
        (b'{"displayName": NaN}', "BadRequest"),
        (b'{"displayName": "a", "displayName": "b"}', "BadRequest"),
        ({"dueDate": "2026-01-01"}, "BadRequest"),
        ({"DisplayName": "wrong case"}, "BadRequest"),
        ({"id": NOWHERE}, "BadRequest_InvalidOperation"),
        ({"lastModifiedDateTime": "2026-01-01T00:00:00Z"}, "BadRequest_InvalidOperation"),
        ({"balanceDue": 3}, "BadRequest_InvalidOperation"),
        ({"displayName": 7}, "BadRequest"),
        ({"displayName": "x" * 101}, "Application_StringExceededLength"),
        ({"taxLiable": "true"}, "BadRequest"),
        ({"taxLiable": 1}, "BadRequest"),
        ({"taxLiable": None}, "BadRequest_RequiredParamNotProvided"),
        ({"creditLimit": None}, "BadRequest"),
        ({"creditLimit": "12.50"}, "BadRequest"),
        ({"creditLimit": True}, "BadRequest"),
        ({"creditLimit": Decimal(10) ** 15}, "BadRequest"),
        ({"creditLimit": Decimal("-1e60")}, "BadRequest"),
        (b'{"displayName": "half a character \\ud83d"}', "BadRequest"),
        (b'{"displayName": "a", "\\uD83D": 1}', "BadRequest"),
        ({"currencyId": "not a guid"}, "Application_InvalidGUID"),
        ({"currencyId": f"{{{NOWHERE}}}"}, "Application_InvalidGUID"),
        ({"currencyId": 5}, "BadRequest"),
        ({"currencyId": None}, "BadRequest"),
        ({"blocked": "Payment"}, "Unknown"),
        ({"blocked": ""}, "Unknown"),
        ({"blocked": 1}, "BadRequest"),
        ({"blocked": None}, "BadRequest"),
        ({"currency": {"code": "USD"}}, "BadRequest"),
        ({"currency@odata.bind": "currencies(1)"}, "BadRequest"),
        ({"defaultDimensions": {}}, "BadRequest"),
        ({"defaultDimensions": [{"nonsense": 1}]}, "BadRequest"),
        ({"defaultDimensions": [7]}, "BadRequest"),
    ],
)
def test_bodies_that_are_refused(bc: BcClient, body: Any, code: str) -> None:
    if isinstance(body, dict):
        body = {"displayName": "name"} | body
    before = state(bc.company)
    assert bc.refused("POST", "customers", body) == (400, code)
    assert state(bc.company) == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"dueDate": "2026-01-01"}, "BadRequest"),
        ({"id": NOWHERE}, "BadRequest_InvalidOperation"),
        ({"defaultDimensions": []}, "BadRequest"),
        ({"id": None}, "BadRequest_InvalidOperation"),
    ],
)
def test_patch_checks_bodies_too_and_takes_no_children(
    bc: BcClient, body: dict[str, Any], code: str
) -> None:
    path = f"customers({bc.company.find('customers')[0]['id']})"
    assert bc.refused("PATCH", path, body) == (400, code)


@pytest.mark.parametrize(
    ("entity_set", "body"),
    [
        ("paymentTerms", {"code": "X", "discountPercent": 100.5}),
        ("paymentTerms", {"code": "X", "discountPercent": -1}),
    ],
)
def test_numbers_outside_their_range_are_refused(
    bc: BcClient, entity_set: str, body: dict[str, Any]
) -> None:
    refused = bc.refused("POST", entity_set, body)
    assert refused == (400, "Application_FieldValidationException")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml"])
def test_a_body_must_be_declared_as_json(bc: BcClient, kind: str) -> None:
    assert bc.refused("POST", "vendors", b"{}", Content_Type=kind) == (415, "BadRequest")


@pytest.mark.covers("client: ms-dynamics-business-central-sdk")
def test_null_clears_a_text(bc: BcClient) -> None:
    made = bc.created("vendors", {"displayName": "a", "phoneNumber": None})
    assert (made["displayName"], made["phoneNumber"]) == ("a", "")
    path = f"vendors({made['id']})"
    assert bc.patched(path, {"displayName": None})["displayName"] == ""


@pytest.mark.covers("client: ms-dynamics-business-central-sdk")
def test_the_id_of_the_url_repeated_in_the_body_means_nothing(bc: BcClient) -> None:
    made = bc.created("vendors", {"displayName": "a"})
    path = f"vendors({made['id']})"
    body = {"id": made["id"].upper(), "displayName": "b"}
    changed = bc.patched(path, body)
    assert (changed["id"], changed["displayName"]) == (made["id"], "b")


def test_annotations_are_passed_over(bc: BcClient) -> None:
    body = bc.created("vendors", {"@odata.etag": "x", "displayName": "a"})
    assert body["displayName"] == "a"


def test_values_are_stored_as_business_central_stores_them(bc: BcClient) -> None:
    body = bc.created(
        "customers",
        {
            "displayName": " as it is ",
            "number": " kk-1 ",
            "salespersonCode": "jo",
            "creditLimit": Decimal("10.50"),
            "blocked": " ",
            "currencyId": bc.company.find("currencies", code="USD")[0]["id"].upper(),
        },
    )
    assert (body["displayName"], body["number"]) == (" as it is ", "KK-1")
    assert body["salespersonCode"] == "JO"
    assert body["creditLimit"] == Decimal("10.5")
    assert body["blocked"] == "_x0020_"
    assert body["currencyCode"] == "USD"


@pytest.mark.parametrize("value", ["Same_x0020_Code", "Same Code"])
def test_enum_members_are_taken_encoded_and_plain(bc: BcClient, value: str) -> None:
    path = f"vendors({vendor(bc)['id']})/defaultDimensions"
    made = bc.created(path, area(bc) | {"postingValidation": value})
    assert made["postingValidation"] == "Same_x0020_Code"
