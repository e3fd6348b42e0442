"""Reading as Business Central answers it (behaviour.md 2, 3, 5, 7)."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline_tests.sandbox.conftest import BcClient

ITEM = "63328c0f-7af2-5fde-876c-6a937c4bc5f8"
ZERO = "00000000-0000-0000-0000-000000000000"


# --- envelope and values -------------------------------------------------------------------------


def test_a_list_comes_in_its_envelope(bc: BcClient) -> None:
    body = bc.json("items?$top=1")
    assert body["@odata.context"] == f"{bc.api}/$metadata#companies({bc.company.id})/items"
    assert list(body) == ["@odata.context", "value"]
    assert re.fullmatch(r'W/".+"', body["value"][0]["@odata.etag"])


def test_a_row_carries_every_property_of_its_entity(bc: BcClient) -> None:
    for name in ("items", "salesInvoices", "purchaseOrders", "purchaseReceipts", "vendors"):
        row = bc.rows(f"{name}?$top=1")[0]
        assert set(row) - {"@odata.etag"} == {
            field.name for field in entities()[name].fields.values() if field.type != "Stream"
        }


def test_decimals_are_numbers_without_trailing_zeros(bc: BcClient) -> None:
    row = {"number": "D", "unitPrice": Decimal("1.50000"), "unitCost": Decimal("12345678901.12345")}
    bc.company.insert("items", row)
    text = bc.request("items?$filter=number eq 'D'&$select=unitPrice,unitCost").text
    assert '"unitPrice":1.5,' in text
    assert '"unitCost":12345678901.12345}' in text


def test_empty_values_are_business_centrals_own(bc: BcClient) -> None:
    order = bc.company.insert("purchaseOrders", {"number": "E"})
    row = bc.json(f"purchaseOrders({order['id']})")
    assert row["vendorId"] == ZERO
    assert row["orderDate"] == "0001-01-01"
    assert row["vendorName"] == ""
    assert row["fullyReceived"] is False
    vendor = bc.company.insert("vendors", {})
    assert bc.json(f"vendors({vendor['id']})")["blocked"] == "_x0020_"


def test_the_local_currency_is_shown_where_it_is_stored_blank(bc: BcClient) -> None:
    order = bc.company.insert("purchaseOrders", {"number": "E", "currencyCode": ""})
    row = bc.json(f"purchaseOrders({order['id']})")
    assert (row["currencyId"], row["currencyCode"]) == (ZERO, "GBP")


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [(0, "12:00:00Z"), (730_000, "12:00:00.73Z"), (1_999, "12:00:00.001Z")],
)
def test_stamps_have_milliseconds_and_no_trailing_zeros(
    bc: BcClient, microseconds: int, text: str
) -> None:
    moment = datetime(2030, 5, 1, 12, 0, 0, microseconds, tzinfo=UTC)
    item = bc.company.insert("items", {"number": "S"}, stamp=moment)
    assert bc.json(f"items({item['id']})")["lastModifiedDateTime"] == f"2030-05-01T{text}"


def test_errors_have_business_centrals_shape(bc: BcClient) -> None:
    body = bc.request("nonsense").json()
    assert list(body) == ["error"]
    assert re.search(r"  CorrelationId:  [0-9a-f-]{36}\.$", body["error"]["message"])


def test_answers_are_zipped_when_accepted(bc: BcClient) -> None:
    zipped = bc.request("items", Accept_Encoding="gzip")
    plain = bc.request("items", Accept_Encoding="identity")
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content
    with bc.session.get(
        f"{bc.root}/items", headers={"Accept-Encoding": "gzip"}, stream=True
    ) as raw:
        assert gzip.decompress(raw.raw.read()) == plain.content


# --- where things are ----------------------------------------------------------------------------


def test_both_companies_are_listed_with_name_and_display_name(bc: BcClient) -> None:
    rows = bc.rows(f"{bc.api}/companies")
    assert {row["name"] for row in rows} == set(bc.sandbox.business_central.companies)
    row = bc.json(f"{bc.api}/companies({bc.company.id})")
    assert (row["id"], row["name"]) == (bc.company.id, bc.company.name)
    assert re.match(r"\d{4}-", row["systemModifiedAt"])


def test_the_company_can_be_a_query_option(bc: BcClient) -> None:
    assert len(bc.rows(f"{bc.api}/items?company={bc.company.id}")) == 64


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("nonsense", 404, "BadRequest_ResourceNotFound"),
        ("postedAssemblyOrders", 404, "BadRequest_ResourceNotFound"),  # not in any released version
        (f"items({ZERO})", 404, "BadRequest_NotFound"),
        ("items('X')", 404, "BadRequest_NotFound"),
        (f"items({ITEM})/nonsense", 404, "BadRequest_ResourceNotFound"),
        ("items/itemVariants", 404, "BadRequest_ResourceNotFound"),
        ("items?$filter=id eq", 400, "BadRequest"),
        ("items?$nonsense=1", 400, "BadRequest"),
        ("items?$top=x", 400, "BadRequest"),
        ("items?$top=-1", 400, "BadRequest"),
        ("items?$count=yes", 400, "BadRequest"),
        ("items?$skiptoken=nonsense", 400, "BadRequest"),
        ("items?$top=1&$top=2", 400, "BadRequest"),
    ],
)
def test_urls_that_lead_nowhere(bc: BcClient, path: str, status: int, code: str) -> None:
    assert bc.error(path) == (status, code)


def test_an_unknown_company_and_environment(bc: BcClient) -> None:
    assert bc.error(f"{bc.api}/companies({ZERO})/items") == (404, "Internal_CompanyNotFound")
    assert bc.error(f"{bc.api}/items?company=Nobody") == (404, "Internal_CompanyNotFound")
    other = bc.api.replace("/Production/", "/Nowhere/")
    assert bc.error(f"{other}/companies")[0] == 404


def test_environments_are_listed(bc: BcClient) -> None:
    url = f"{bc.sandbox.base_url}/bc/environments/v1.2"
    assert [row["name"] for row in bc.rows(url)] == ["Production"]


def test_single_entity_and_sub_collection(bc: BcClient) -> None:
    item = bc.company.find("items", number="SP-SCM1006")[0]
    row = bc.json(f"items({item['id']})?$select=number")
    assert row["@odata.context"].endswith("/items(number)/$entity")
    assert row["number"] == "SP-SCM1006"
    variants = bc.rows(f"items({item['id']})/itemVariants")
    assert {variant["code"] for variant in variants} == {"BLACK", "RED", "WHITE"}
    one = bc.json(f"items({item['id']})/itemVariants({variants[0]['id']})")
    assert one["code"] == variants[0]["code"]
    assert bc.json(f"items({item['id']})/unitOfMeasure")["code"] == "PCS"
    other = f"items({ITEM})/itemVariants({variants[0]['id']})"
    assert bc.error(other) == (404, "BadRequest_NotFound")


# --- select and expand ---------------------------------------------------------------------------


def test_select_keeps_only_the_chosen_properties(bc: BcClient) -> None:
    row = bc.rows("items?$select=number,displayName&$top=1")[0]
    assert set(row) == {"@odata.etag", "number", "displayName"}


@pytest.mark.parametrize("option", ["$select=nonsense", "$expand=nonsense", "$orderby=nonsense"])
def test_unknown_properties_are_refused(bc: BcClient, option: str) -> None:
    assert bc.error(f"items?{option}") == (400, "BadRequest")
    assert bc.error(f"salesInvoices?$expand=salesInvoiceLines({option})") == (400, "BadRequest")


def test_expand_goes_several_levels_with_options_of_their_own(bc: BcClient) -> None:
    nested = "salesInvoiceLines($select=sequence;$filter=quantity gt 0;$orderby=sequence desc;"
    nested += "$expand=item($select=number;$expand=itemCategory($select=code)))"
    rows = bc.rows(f"salesInvoices?$select=number&$expand={nested}")
    lines = [line for row in rows for line in row["salesInvoiceLines"]]
    assert len(rows) == 303
    assert lines
    assert set(lines[0]) == {"@odata.etag", "sequence", "item"}
    assert set(lines[0]["item"]) == {"@odata.etag", "number", "itemCategory"}
    for row in rows:
        order = [line["sequence"] for line in row["salesInvoiceLines"]]
        assert order == sorted(order, reverse=True)


def test_a_single_navigation_is_an_object_or_null(bc: BcClient) -> None:
    bc.company.insert("items", {"number": "BARE"})
    bare = bc.rows("items?$filter=number eq 'BARE'&$expand=unitOfMeasure,itemCategory")[0]
    assert bare["unitOfMeasure"] is None
    desk = bc.rows("items?$filter=number eq '1896-S'&$expand=unitOfMeasure")[0]
    assert desk["unitOfMeasure"]["code"] == "PCS"


# --- stamps and stock ----------------------------------------------------------------------------


def test_stock_moves_without_touching_the_item(bc: BcClient) -> None:
    before = bc.json(f"items({ITEM})")
    bc.company.post_ledger(
        ITEM,
        Decimal("-3.5"),
        entry_type="Sale",
        document_number="X",
        posting_date="2030-01-01",
        location_code="MAIN",
    )
    after = bc.json(f"items({ITEM})")
    assert after["inventory"] == before["inventory"] - 3.5
    assert after["lastModifiedDateTime"] == before["lastModifiedDateTime"]
    assert after["@odata.etag"] == before["@odata.etag"]
    newest = bc.rows("itemLedgerEntries?$orderby=entryNumber desc&$top=1")[0]
    assert (newest["itemNumber"], newest["quantity"], newest["entryNumber"]) == (
        "1896-S",
        -3.5,
        800,
    )
    assert "#locationCode" not in newest


def test_a_line_edit_may_leave_the_headers_stamp_alone(bc: BcClient) -> None:
    order = bc.rows("purchaseOrders?$top=1")[0]
    bc.company.modify("purchaseOrders", order["id"], touch=False, totalAmountExcludingTax=1)
    after = bc.json(f"purchaseOrders({order['id']})")
    assert after["@odata.etag"] != order["@odata.etag"]
    assert after["lastModifiedDateTime"] == order["lastModifiedDateTime"]


def test_read_only_intent_is_an_error_on_anything_but_get(bc: BcClient) -> None:
    assert bc.error("items", "POST", Data_Access_Intent="ReadOnly") == (400, "BadRequest")
    assert bc.request("items?$top=1", Data_Access_Intent="ReadOnly").status_code == 200


# --- who asked ------------------------------------------------------------------------------------


def test_requests_are_logged_with_user_and_company(bc: BcClient, sandbox: Sandbox) -> None:
    bc.json("items?$top=1", Prefer="odata.maxpagesize=5")
    entry = sandbox.requests.of("bc")[-1]
    assert (entry.method, entry.status, entry.user) == ("GET", 200, "app:wholesale")
    assert entry.company == bc.company.name
    assert entry.path.endswith("/items")
    assert entry.headers["prefer"] == "odata.maxpagesize=5"


def test_no_authorization_no_answer(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.base_url}/bc/v2.0/Production/api/v2.0/companies", timeout=10)
    assert answer.status_code == 401
