"""Dimensions of documents and lines (rules.md 5.13, 9)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.sandbox.changes import purchases
from bc_pipeline_tests.sandbox.business_central.rules.conftest import (
    DIALOG,
    FIELD,
    NOWHERE,
    RELATION,
    ZERO,
    Acme,
    moment,
)

CLASS_X = {"code": "CLASS", "valueCode": "X"}


@pytest.fixture
def draft(acme: Acme) -> str:
    """Path of a draft without dimensions."""
    return f"purchaseInvoices({acme.invoice(acme.item())['id']})"


# --- inherited (5.13) ----------------------------------------------------------------------------


def test_given_defaults_then_vendor_to_header_and_header_with_item_to_line(acme: Acme):
    order = acme.order(acme.item("D"), acme.account(), {"description": "x"}, vendorNumber="DIM")
    item, account, comment = (
        acme.dimensions(f"purchaseOrderLines({row['id']})") for row in order["purchaseOrderLines"]
    )
    assert acme.dimensions(f"purchaseOrders({order['id']})") == {"DEPARTMENT": "SALES"}
    assert item == {"DEPARTMENT": "SALES", "CLASS": "X"}
    assert account == {"DEPARTMENT": "SALES"}
    assert comment == {}


def test_given_header_and_item_differ_then_the_header_wins(acme: Acme):
    draft = acme.invoice(vendorNumber="DIM")
    path = f"purchaseInvoices({draft['id']})"
    acme.created(f"{path}/dimensionSetLines", {"code": "CLASS", "valueCode": "Y"})
    line = acme.created(f"{path}/purchaseInvoiceLines", acme.item("D"))
    own = acme.dimensions(f"purchaseInvoiceLines({line['id']})")
    assert own == {"DEPARTMENT": "SALES", "CLASS": "Y"}


def test_given_dimension_priorities_for_items_then_the_item_wins(acme: Acme):
    acme.company.settings.line_dimensions_win = True
    draft = acme.invoice(vendorNumber="DIM")
    path = f"purchaseInvoices({draft['id']})"
    acme.created(f"{path}/dimensionSetLines", {"code": "CLASS", "valueCode": "Y"})
    line = acme.created(f"{path}/purchaseInvoiceLines", acme.item("D"))
    own = acme.dimensions(f"purchaseInvoiceLines({line['id']})")
    assert own == {"DEPARTMENT": "SALES", "CLASS": "X"}


def test_given_a_later_change_of_the_header_then_its_lines_keep_theirs(acme: Acme):
    draft = acme.invoice(acme.item())
    path = f"purchaseInvoices({draft['id']})"
    acme.created(f"{path}/dimensionSetLines", CLASS_X)
    line = draft["purchaseInvoiceLines"][0]
    assert acme.dimensions(f"purchaseInvoiceLines({line['id']})") == {}


def test_given_the_dimension_of_a_default_was_deleted_then_documents_go_without_it(acme: Acme):
    acme.company.delete("dimensions", acme.id("dimensions", "DEPARTMENT"))
    draft = acme.invoice(acme.item(), vendorNumber="DIM", vendorInvoiceNumber="F1")
    path = f"purchaseInvoices({draft['id']})"
    assert acme.dimensions(path) == {}
    acme.act(f"{path}/Microsoft.NAV.post")


def test_given_another_item_then_the_line_inherits_anew(acme: Acme):
    order = acme.order(acme.item("D"))
    path = f"purchaseOrderLines({order['purchaseOrderLines'][0]['id']})"
    assert acme.dimensions(path) == {"CLASS": "X"}
    acme.patched(path, {"itemId": acme.id("items", "A")})
    assert acme.dimensions(path) == {}
    acme.patched(path, {"quantity": 5})
    assert acme.dimensions(path) == {}


# --- written (9) ---------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["code", "id", "both", "mixed"])
def test_given_dimension_and_value_then_they_are_added_however_they_are_named(
    acme: Acme, draft: str, by: str
):
    dimension, value = acme.id("dimensions", "CLASS"), acme.value("CLASS", "X")
    body = {
        "code": CLASS_X,
        "id": {"id": dimension, "valueId": value},
        "both": {"id": dimension, "code": "class", "valueId": value, "valueCode": "x"},
        "mixed": {"id": dimension, "valueCode": "X"},
    }[by]
    line = acme.created(f"{draft}/dimensionSetLines", body)
    assert (line["id"], line["code"], line["displayName"]) == (dimension, "CLASS", "Class")
    assert (line["valueId"], line["valueCode"]) == (value, "X")
    assert line["parentType"] == "Purchase_x0020_Invoice"
    assert line["parentId"] in draft


def test_given_no_parent_then_it_is_refused(acme: Acme, draft: str):
    assert acme.refused("POST", "dimensionSetLines", CLASS_X) == DIALOG
    acme.created(f"{draft}/dimensionSetLines", CLASS_X)
    assert acme.error("dimensionSetLines") == DIALOG
    bare = f"dimensionSetLines({acme.id('dimensions', 'CLASS')})"
    assert acme.send("PATCH", bare, {"valueCode": "Y"}).status_code >= 400
    body = CLASS_X | {"parentId": NOWHERE}
    code = (400, "BadRequest_InvalidOperation")
    assert acme.refused("POST", f"{draft}/dimensionSetLines", body) == code


def test_given_a_part_is_missing_or_unknown_or_does_not_agree_then_it_is_refused(
    acme: Acme, draft: str
):
    for body in (
        {"valueCode": "X"},
        {"code": "CLASS"},
        {"code": "CLASS", "valueId": ZERO},
        {"code": "NONE", "valueCode": "X"},
        {"id": NOWHERE, "valueCode": "X"},
        {"code": "CLASS", "valueCode": "NONE"},
        {"code": "CLASS", "valueId": NOWHERE},
        {"code": "CLASS", "valueCode": "SALES"},
        {"id": acme.id("dimensions", "CLASS"), "code": "DEPARTMENT", "valueCode": "SALES"},
        {"code": "CLASS", "valueId": acme.value("CLASS", "X"), "valueCode": "Y"},
    ):
        assert acme.refused("POST", f"{draft}/dimensionSetLines", body) == DIALOG, body
    other = {"code": "CLASS", "valueId": acme.value("DEPARTMENT", "SALES")}
    assert acme.refused("POST", f"{draft}/dimensionSetLines", other) == RELATION
    assert acme.dimensions(draft) == {}


def test_given_the_value_comes_before_its_dimension_then_only_in_the_order_of_the_page(
    acme: Acme, draft: str
):
    body = {"valueCode": "X", "code": "CLASS"}
    acme.company.settings.property_order = "json"
    assert acme.refused("POST", f"{draft}/dimensionSetLines", body) == DIALOG
    acme.company.settings.property_order = "page"
    assert acme.created(f"{draft}/dimensionSetLines", body)["valueCode"] == "X"


@pytest.mark.parametrize(
    "body",
    [
        {"code": "DEPARTMENT", "valueCode": "SHUT"},
        {"code": "DEPARTMENT", "valueCode": "TOTAL"},
        {"code": "PROJECT", "valueCode": "P1"},
    ],
)
def test_given_something_blocked_or_a_total_then_it_is_refused(
    acme: Acme, draft: str, body: dict[str, Any]
):
    assert acme.refused("POST", f"{draft}/dimensionSetLines", body) == DIALOG


def test_given_the_dimension_is_there_then_post_is_refused_and_patch_changes_the_value(
    acme: Acme,
):
    draft = acme.invoice(vendorNumber="DIM")
    path = f"purchaseInvoices({draft['id']})/dimensionSetLines"
    body = {"code": "DEPARTMENT", "valueCode": "WEB"}
    assert acme.refused("POST", path, body) == DIALOG
    own = f"{path}({acme.id('dimensions', 'DEPARTMENT')})"
    assert acme.patched(own, {"valueCode": "WEB"})["valueCode"] == "WEB"
    changed = acme.patched(own, {"valueId": acme.value("DEPARTMENT", "SALES")})
    assert changed["valueCode"] == "SALES"
    assert acme.refused("PATCH", own, {"code": "CLASS"}) == DIALOG
    assert acme.refused("PATCH", own, {"id": acme.id("dimensions", "CLASS")}) == DIALOG
    assert acme.refused("PATCH", own, {"valueCode": "SHUT"}) == DIALOG
    assert acme.refused("PATCH", own, {"valueId": acme.value("CLASS", "X")}) == RELATION
    assert acme.dimensions(f"purchaseInvoices({draft['id']})") == {"DEPARTMENT": "SALES"}


@pytest.mark.parametrize("nothing", [{"valueId": ZERO}, {"valueCode": ""}, {"valueId": NOWHERE}])
def test_given_no_value_on_patch_then_it_is_refused_and_the_old_one_stays(
    acme: Acme, draft: str, nothing: dict[str, str]
):
    line = acme.created(f"{draft}/dimensionSetLines", CLASS_X)
    assert acme.refused("PATCH", f"{draft}/dimensionSetLines({line['id']})", nothing) == DIALOG
    assert acme.dimensions(draft) == {"CLASS": "X"}


def test_given_one_dimension_on_two_documents_then_each_has_its_own(acme: Acme):
    first, second = (f"purchaseInvoices({acme.invoice()['id']})" for _ in range(2))
    acme.created(f"{first}/dimensionSetLines", CLASS_X)
    acme.created(f"{second}/dimensionSetLines", {"code": "CLASS", "valueCode": "Y"})
    own = f"dimensionSetLines({acme.id('dimensions', 'CLASS')})"
    acme.deleted(f"{first}/{own}")
    assert (acme.dimensions(first), acme.dimensions(second)) == ({}, {"CLASS": "Y"})
    assert acme.send("PATCH", f"{first}/{own}", {"valueCode": "X"}).status_code == 404


def test_given_any_change_then_the_parents_tag_and_stamp_move(acme: Acme, draft: str):
    seen = [acme.json(draft)]
    acme.created(f"{draft}/dimensionSetLines", CLASS_X)
    seen.append(acme.json(draft))
    own = f"{draft}/dimensionSetLines({acme.id('dimensions', 'CLASS')})"
    acme.patched(own, {"valueCode": "Y"})
    seen.append(acme.json(draft))
    acme.deleted(own)
    seen.append(acme.json(draft))
    assert len({row["@odata.etag"] for row in seen}) == 4
    stamps = [moment(row) for row in seen]
    assert stamps == sorted(stamps)
    assert stamps[0] != stamps[-1]


def test_given_a_deep_insert_then_only_dimensions_that_are_not_inherited(acme: Acme):
    body = {"vendorNumber": "DIM", "dimensionSetLines": [CLASS_X]}
    order = acme.created("purchaseOrders", body)
    path = f"purchaseOrders({order['id']})"
    assert acme.dimensions(path) == {"DEPARTMENT": "SALES", "CLASS": "X"}
    inherited = {"code": "DEPARTMENT", "valueCode": "WEB"}
    assert (
        acme.refused("POST", "purchaseOrders", body | {"dimensionSetLines": [inherited]}) == DIALOG
    )
    assert len(acme.rows("purchaseOrders")) == 1
    lines = [acme.item(dimensionSetLines=[CLASS_X])]
    deep = acme.order(*lines)["purchaseOrderLines"][0]
    assert acme.dimensions(f"purchaseOrderLines({deep['id']})") == {"CLASS": "X"}


def test_given_a_released_order_then_its_dimensions_are_bound(acme: Acme):
    order = acme.order(acme.item())
    purchases.change_purchase_order_status(acme.company, order=order["number"], status="Open")
    for path in (
        f"purchaseOrders({order['id']})",
        f"purchaseOrderLines({order['purchaseOrderLines'][0]['id']})",
    ):
        assert acme.refused("POST", f"{path}/dimensionSetLines", CLASS_X) == FIELD


def test_given_ledger_entries_and_receipts_then_their_dimensions_are_read_only(acme: Acme):
    acme.posted(acme.item(), vendorNumber="DIM", vendorInvoiceNumber="F1")
    for entity_set in ("generalLedgerEntries", "purchaseReceipts", "purchaseReceiptLines"):
        row = acme.rows(entity_set)[0]
        path = f"{entity_set}({row['id']})/dimensionSetLines"
        assert acme.refused("POST", path, CLASS_X) == DIALOG
    entry = acme.rows("generalLedgerEntries")[0]
    own = f"dimensionSetLines({acme.id('dimensions', 'DEPARTMENT')})"
    path = f"generalLedgerEntries({entry['id']})/{own}"
    assert acme.refused("PATCH", path, {"valueCode": "WEB"}) == DIALOG
    assert acme.refused("DELETE", path) == DIALOG
