from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.business_central.client import matching_company, query_url
from bc_pipeline.errors import AuthError, ConfigError, ReadFailed, RequestFailed
from bc_pipeline_tests.business_central.fake import (
    COMPANY,
    Reply,
    error,
    make_bc,
    page,
)

COMPANIES = [
    {"id": "aaaaaaaa-0000-0000-0000-000000000001", "name": "CRONUS", "displayName": "Cronus NL"},
    {"id": "aaaaaaaa-0000-0000-0000-000000000002", "name": "My 'Shop' & Co", "displayName": "Shop"},
    {"id": "aaaaaaaa-0000-0000-0000-000000000003", "name": "SHOP", "displayName": ""},
]


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ("CRONUS", 0),
        ("cronus", 0),
        ("Cronus NL", 0),
        ("My 'Shop' & Co", 1),
        ("aaaaaaaa-0000-0000-0000-000000000003", 2),
        ("{AAAAAAAA-0000-0000-0000-000000000003}", 2),
    ],
)
def test_given_an_id_a_name_or_a_display_name_then_that_company_is_meant(wanted: str, number: int):
    assert matching_company(wanted, COMPANIES).id == COMPANIES[number]["id"]


@pytest.mark.parametrize("wanted", ["CRO", "CRONUS NL Production", "", "Shop"])
def test_given_none_or_several_then_the_choice_is_shown(wanted: str):
    with pytest.raises(ConfigError, match="My 'Shop' & Co"):
        matching_company(wanted, COMPANIES)


@pytest.mark.covers("decision 1")
def test_the_entra_tenant_of_the_environment_is_told_whatever_its_letters(fake, bc):
    environments = [
        {"name": "Sandbox", "aadTenantId": "aaaaaaaa-0000-0000-0000-00000000000a"},
        {"name": bc.tenant.business_central.environment_name.upper(), "aadTenantId": "BBBB"},
    ]
    fake.on_set("v1.2", page(environments))

    assert bc.entra_tenant_id() == "bbbb"


@pytest.mark.covers("decision 1")
@pytest.mark.parametrize("status", [403, 404])
def test_given_environments_that_may_not_be_listed_then_the_entra_tenant_is_not_known(
    fake, bc, status: int
):
    fake.on_set("v1.2", error(status, "Authorization_X", "no"))

    assert bc.entra_tenant_id() is None


@pytest.mark.parametrize("value", [None, {"name": "Production"}, ["Production"], [None]])
def test_given_environments_told_in_a_form_nobody_knows_then_the_entra_tenant_is_not_known(
    fake, bc, value: Any
):
    fake.on_set("v1.2", page(value))

    assert bc.entra_tenant_id() is None


def test_given_a_preflight_then_one_request_finds_the_company(fake, bc):
    company = bc.preflight()

    assert (company.id, company.name, company.display_name) == tuple(COMPANY.values())
    assert bc.company is company
    assert len(fake.requests_of("companies")) == 1
    assert fake.requests_of("companies")[0].query == {"$select": "id,name,displayName"}


def test_given_an_unknown_environment_then_the_configuration_is_to_blame(fake, bc):
    fake.on_set("companies", error(404, "BadRequest_NotFound"))

    with pytest.raises(ConfigError, match="environment 'Production'"):
        bc.preflight()


def test_given_refused_credentials_then_preflight_is_an_auth_error(fake, bc):
    fake.on_set("companies", error(403, "Authorization_X"))

    with pytest.raises(AuthError):
        bc.preflight()


def test_given_a_company_then_urls_are_built_and_quoted(fake, tmp_path):
    fake.on_set("companies", page(COMPANIES))
    with make_bc(fake, tmp_path, company="My 'Shop' & Co", environment_name="My Sandbox") as bc:
        base, id = f"{fake.url}/v2.0/My%20Sandbox", COMPANIES[1]["id"]

        assert bc.company_url("items") == f"{base}/api/v2.0/companies({id})/items"
        assert (
            bc.extension_url("bomComponents")
            == f"{base}/api/optiply/integration/v1.0/companies({id})/bomComponents"
        )
        assert (
            bc.page_url("Item Card")
            == f"{base}/ODataV4/Item%20Card?company=My%20%27Shop%27%20%26%20Co"
        )


def test_given_query_options_then_they_are_quoted_and_joined():
    assert (
        query_url("http://x/y", {"$filter": "a eq 'b & c'", "$expand": "l($select=a,b)"})
        == "http://x/y?$filter=a%20eq%20'b%20%26%20c'&$expand=l($select=a,b)"
    )
    assert query_url("http://x/y?company=Z", {"$top": "1"}) == "http://x/y?company=Z&$top=1"
    assert query_url("http://x/y", {}) == "http://x/y"


def test_given_an_id_then_the_record_comes_with_exact_decimals(fake, bc):
    fake.on_set("items(42)", Reply(body=b'{"id": "42", "unitPrice": 12345678901234567.89}'))

    record = bc.get("items", "42", select=["id", "unitPrice"], expand="unitOfMeasure")

    assert record == {"id": "42", "unitPrice": Decimal("12345678901234567.89")}
    assert fake.requests_of("items(42)")[0].query == {
        "$select": "id,unitPrice",
        "$expand": "unitOfMeasure",
    }


@pytest.mark.parametrize("code", ["BadRequest_NotFound", "Internal_RecordNotFound"])
def test_given_a_record_that_bc_does_not_have_then_none(fake, bc, code: str):
    fake.on_set("items(42)", error(404, code))

    assert bc.get("items", "42") is None


@pytest.mark.parametrize(
    "reply",
    [
        error(404, "Internal_CompanyNotFound"),
        error(404, "BadRequest_ResourceNotFound"),
        Reply(404, b"<html>not found</html>"),
        error(500, "Internal_ServerError"),
    ],
    ids=["company gone", "no such entity set", "not BC's own 404", "500"],
)
def test_given_any_other_trouble_then_it_is_not_taken_for_absence(fake, bc, reply: Reply):
    fake.on_set("items(42)", reply)

    with pytest.raises(RequestFailed):
        bc.get("items", "42")


def test_given_several_pages_then_rows_come_from_all_and_links_are_followed_verbatim(fake, bc):
    second = f"{fake.url}/v2.0/x/things?aid=FIN&$skiptoken=a%2Fb%20c"
    fake.on_set("things", page([{"a": 1}], second), page([{"a": 2}]))

    assert [row["a"] for row in bc.rows(f"{fake.url}/things")] == [1, 2]
    assert fake.requests_of("things")[1].query == {"aid": "FIN", "$skiptoken": "a/b c"}
    assert all(seen.headers["prefer"] for seen in fake.requests_of("things"))


@pytest.mark.covers("decision 20")
def test_given_a_look_at_single_records_then_no_replica_answers_that_may_lag_behind(fake, bc):
    fake.on_set("things", page([]))
    fake.on_set("items(1)", Reply(body=b'{"id": "1"}'))

    list(bc.rows(f"{fake.url}/things"))
    bc.get("items", "1")

    for seen in (*fake.requests_of("things"), *fake.requests_of("items(1)")):
        assert seen.headers["data-access-intent"] == "ReadWrite"


@pytest.mark.covers("decision 41")
@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"[]", b"null", b'{"error": {}}', b'"ok"'])
def test_given_a_success_that_is_no_record_then_it_is_asked_for_again(fake, bc, body: bytes):
    fake.on_set("items(1)", Reply(body=body), Reply(body=b'{"id": "1"}'))

    assert bc.get("items", "1") == {"id": "1"}

    fake.on_set("items(1)", Reply(body=body))
    with pytest.raises(RequestFailed):
        bc.get("items", "1")


def test_given_links_that_lead_astray_then_reading_ends(fake, bc):
    url = f"{fake.url}/things"
    fake.on_set("things", page([{}], "https://evil.example/things"))
    with pytest.raises(ReadFailed, match="leaves the server"):
        list(bc.rows(url))

    fake.on_set("things", page([{}], url))
    with pytest.raises(ReadFailed, match="twice"):
        list(bc.rows(url))


def test_given_a_list_without_value_then_it_is_a_failure(fake, bc):
    fake.on_set("things", Reply(body=b'{"values": []}'))

    with pytest.raises(RequestFailed, match="'value'"):
        list(bc.rows(f"{fake.url}/things"))
