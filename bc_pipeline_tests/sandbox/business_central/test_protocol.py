"""OData as Business Central speaks it, where clients are most often wrong about it (behaviour.md
3, 4.1, 4.2)."""

from __future__ import annotations

import email
import json
from typing import Any

import pytest

from bc_pipeline_tests.sandbox.conftest import BcClient

STALE = 'W/"an older one"'


def draft(bc: BcClient) -> dict[str, Any]:
    """A bill that can be posted."""
    vendor = bc.rows("vendors?$top=1")[0]
    account = bc.rows("accounts?$filter=number eq '8210'&$select=id")[0]
    line = {"accountId": account["id"], "quantity": 1, "unitCost": 10}
    body = {"vendorId": vendor["id"], "vendorInvoiceNumber": "P-1", "purchaseInvoiceLines": [line]}
    return bc.created("purchaseInvoices", body)


# --- bound actions -------------------------------------------------------------------------------


@pytest.mark.covers("sandbox: bound actions")
def test_an_action_with_a_stale_tag_does_nothing(bc: BcClient) -> None:
    bill = draft(bc)
    path = f"purchaseInvoices({bill['id']})"

    stale = bc.refused("POST", f"{path}/Microsoft.NAV.post", If_Match=STALE)
    garbled = bc.refused("POST", f"{path}/Microsoft.NAV.post", If_Match="x")

    assert stale == (409, "Request_EntityChanged")
    assert garbled == (400, "BadRequest_InvalidToken")
    assert bc.json(path)["status"] == "Draft"


@pytest.mark.covers("sandbox: bound actions")
@pytest.mark.parametrize("name", ["Microsoft.NAV.Post", "microsoft.nav.POST"])
def test_an_action_is_called_in_any_case(bc: BcClient, name: str) -> None:
    bill = draft(bc)
    path = f"purchaseInvoices({bill['id']})"

    tag = bc.json(path)["@odata.etag"]
    answer = bc.send("POST", f"{path}/{name}", If_Match=tag)

    assert (answer.status_code, answer.content) == (204, b"")
    assert bc.json(path)["status"] == "Open"


# --- batch ---------------------------------------------------------------------------------------


@pytest.mark.covers("sandbox: batch")
def test_parts_without_id_are_answered_in_order_with_null(bc: BcClient) -> None:
    requests = [
        {"method": "GET", "url": f"companies({bc.company.id})/items?$top={n}"} for n in (1, 2)
    ]

    answer = bc.send("POST", f"{bc.api}/$batch", {"requests": requests})

    responses = answer.json()["responses"]
    assert [(each["id"], len(each["body"]["value"])) for each in responses] == [
        (None, 1),
        (None, 2),
    ]


@pytest.mark.covers("sandbox: batch")
def test_more_than_a_hundred_operations_are_too_many(bc: BcClient) -> None:
    part = {"method": "GET", "url": f"companies({bc.company.id})/items/$count"}

    too_many = bc.refused("POST", f"{bc.api}/$batch", {"requests": [part] * 101})
    enough = bc.send("POST", f"{bc.api}/$batch", {"requests": [part] * 100})

    assert too_many == (500, "Unknown")
    assert len(enough.json()["responses"]) == 100


@pytest.mark.covers("sandbox: batch")
@pytest.mark.parametrize("accept", ["*/*", "multipart/mixed"])
def test_without_accepting_json_a_batch_is_answered_in_parts(bc: BcClient, accept: str) -> None:
    parts = [
        {"id": "a", "method": "GET", "url": f"companies({bc.company.id})/items?$top=1"},
        {"id": "b", "method": "GET", "url": f"companies({bc.company.id})/nowhere"},
    ]

    answer = bc.send("POST", f"{bc.api}/$batch", {"requests": parts}, Accept=accept)

    kind = answer.headers["content-type"]
    assert kind.startswith("multipart/mixed; boundary=")
    message = email.message_from_string(f"Content-Type: {kind}\r\n\r\n{answer.text}")
    first, second = (str(part.get_payload()) for part in message.get_payload())
    assert first.startswith("HTTP/1.1 200 OK")
    assert len(json.loads(first.replace("\r\n", "\n").partition("\n\n")[2])["value"]) == 1
    assert second.startswith("HTTP/1.1 404 Not Found")


@pytest.mark.covers("sandbox: batch")
def test_a_part_may_ask_for_no_content(bc: BcClient) -> None:
    quiet = {"Content-Type": "application/json", "Prefer": "return-no-content", "If-Match": "*"}
    item = bc.rows("items?$top=1&$select=id")[0]["id"]

    made, changed, refused = bc.batch(
        {"method": "POST", "url": "vendors", "body": {"number": "Q1"}, "headers": quiet},
        {"method": "PATCH", "url": f"items({item})", "body": {"gtin": "1"}, "headers": quiet},
        {"method": "POST", "url": "vendors", "body": {"balance": 1}, "headers": quiet},
    )

    assert [made["status"], changed["status"], refused["status"]] == [204, 204, 400]
    assert "body" not in made and "body" not in changed
    assert refused["body"]["error"]["code"] == "BadRequest_InvalidOperation"
    assert bc.rows("vendors?$filter=number eq 'Q1'")
    assert bc.json(f"items({item})")["gtin"] == "1"


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.covers("sandbox: bad requests")
@pytest.mark.parametrize(
    "option", ["$filter=number eq '1000'", "$top=1", "$skip=1", "$orderby=number", "$count=true"]
)
def test_one_entity_is_no_collection(bc: BcClient, option: str) -> None:
    item = bc.rows("items?$top=1&$select=id")[0]["id"]

    assert bc.error(f"items({item})?{option}") == (400, "BadRequest")


@pytest.mark.covers("sandbox: bad requests")
@pytest.mark.parametrize(
    "option",
    [
        "$expand=purchaseOrderLines()",
        "$expand=purchaseOrderLines($filter=)",
        "$expand=purchaseOrderLines($select=id;;$top=1)",
        "$expand=purchaseOrderLines,,vendor",
        "$expand=",
        "$filter=",
        "$select=",
    ],
)
def test_an_option_without_content_is_refused(bc: BcClient, option: str) -> None:
    assert bc.error(f"purchaseOrders?{option}") == (400, "BadRequest")


# --- the shape of answers ------------------------------------------------------------------------


@pytest.mark.covers("sandbox: response shape")
def test_the_context_names_what_was_selected(bc: BcClient) -> None:
    place = f"{bc.api}/$metadata#companies({bc.company.id})/items"
    one = bc.json("items?$top=1&$select=id,number")

    assert one["@odata.context"] == f"{place}(id,number)"
    assert bc.json("items?$top=1")["@odata.context"] == place
    item = f"items({one['value'][0]['id']})"
    assert bc.json(f"{item}?$select=number")["@odata.context"] == f"{place}(number)/$entity"
    assert bc.json(item)["@odata.context"] == f"{place}/$entity"


@pytest.mark.covers("sandbox: response shape")
def test_a_page_size_that_was_asked_for_is_applied_without_its_number(bc: BcClient) -> None:
    asked = bc.request("items", Prefer="odata.maxpagesize=5")

    assert asked.headers["preference-applied"] == "odata.maxpagesize"
    assert "preference-applied" not in bc.request("items").headers


@pytest.mark.covers("sandbox: response shape")
def test_expanded_lists_are_counted_when_asked(bc: BcClient) -> None:
    orders = bc.rows("salesOrders?$expand=salesOrderLines($select=id)&$select=id")
    counted = "salesOrders?$expand=salesOrderLines($count=true;$top=1;$select=id)&$select=id"

    found = {row["id"]: row for row in bc.rows(counted)}

    lines = {row["id"]: len(row["salesOrderLines"]) for row in orders}
    assert {id: row["salesOrderLines@odata.count"] for id, row in found.items()} == lines
    assert max(lines.values()) > 1
    assert {len(row["salesOrderLines"]) for row in found.values()} == {1}


@pytest.mark.covers("sandbox: response shape")
def test_a_next_link_carries_what_is_left_of_top(bc: BcClient) -> None:
    first = bc.json("items?$top=9&$skip=3&$select=id", Prefer="odata.maxpagesize=4")
    second = bc.json(first["@odata.nextLink"], Prefer="odata.maxpagesize=4")

    assert "$top=5" in first["@odata.nextLink"]
    assert "$skip=" not in first["@odata.nextLink"]
    assert "$top=1" in second["@odata.nextLink"]
    assert len(bc.rows(second["@odata.nextLink"])) == 1
