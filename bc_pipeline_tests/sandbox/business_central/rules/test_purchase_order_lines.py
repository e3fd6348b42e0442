"""Lines of purchase orders (rules.md 4)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.changes import purchases, receiving
from bc_pipeline_tests.sandbox.business_central.rules.conftest import (
    DIALOG,
    FIELD,
    NOWHERE,
    RELATION,
    ZERO,
    Acme,
    moment,
)

# --- where it goes (4.1, 4.2) --------------------------------------------------------------------


def test_given_a_nested_url_or_a_document_id_then_the_line_is_on_the_order(
    acme: Acme, order: dict[str, Any], lines: str
):
    acme.created(lines, acme.item())
    acme.created("purchaseOrderLines", acme.item() | {"documentId": order["id"]})
    assert [row["sequence"] for row in acme.rows(lines)] == [10000, 20000]


def test_given_no_or_an_unknown_document_then_it_is_refused(acme: Acme, lines: str):
    assert acme.refused("POST", "purchaseOrderLines", acme.item()) == DIALOG
    for body in (acme.item(documentId=NOWHERE), acme.item(documentId=ZERO)):
        assert acme.refused("POST", "purchaseOrderLines", body) == DIALOG
    assert acme.refused("POST", lines, acme.item(documentId=NOWHERE)) == DIALOG


def test_given_a_sequence_then_it_is_used_once_and_the_next_follows_the_last(
    acme: Acme, lines: str
):
    assert acme.created(lines, acme.item(sequence=15000))["sequence"] == 15000
    assert acme.created(lines, acme.item())["sequence"] == 25000
    assert acme.refused("POST", lines, acme.item(sequence=15000)) == DIALOG
    assert acme.created(lines, acme.item(sequence=10000))["sequence"] == 10000
    assert acme.created(lines, acme.item())["sequence"] == 35000


def test_given_a_line_then_neither_its_document_nor_its_sequence_can_change(acme: Acme, lines: str):
    line = acme.created(lines, acme.item())
    path = f"{lines}({line['id']})"
    other = acme.order()
    assert acme.refused("PATCH", path, {"sequence": 20000}) == DIALOG
    assert acme.refused("PATCH", path, {"documentId": other["id"]}) == DIALOG
    assert acme.patched(path, {"sequence": 10000, "documentId": line["documentId"]})


# --- what it is about (4.3-4.8) ------------------------------------------------------------------


def test_given_an_item_then_the_line_is_filled_from_it(acme: Acme, lines: str):
    line = acme.created(lines, {"itemId": acme.id("items", "B")})
    assert (line["lineType"], line["lineObjectNumber"]) == ("Item", "B")
    assert (line["description"], line["unitOfMeasureCode"]) == ("Item B", "DOOS")
    assert line["unitOfMeasureId"] == acme.id("unitsOfMeasure", "DOOS")
    assert (line["taxCode"], line["taxPercent"]) == ("BTW21", 21)
    assert (line["quantity"], line["directUnitCost"]) == (0, 24)
    assert (line["accountId"], line["locationId"], line["itemVariantId"]) == (ZERO, ZERO, ZERO)


def test_given_type_and_number_then_the_object_is_found(acme: Acme, lines: str):
    item = acme.created(lines, {"lineType": "Item", "lineObjectNumber": "a", "quantity": 2})
    account = acme.created(lines, {"lineType": "Account", "lineObjectNumber": "4000"})
    assert item["itemId"] == acme.id("items", "A")
    assert account["accountId"] == acme.id("accounts", "4000")
    assert account["lineType"] == "Account"


@pytest.mark.usefixtures("json_order")
def test_given_a_number_without_type_then_it_is_read_as_a_standard_text(acme: Acme, lines: str):
    assert acme.refused("POST", lines, {"lineObjectNumber": "A"}) == RELATION
    assert acme.refused("POST", lines, {"lineObjectNumber": "A", "lineType": "Item"}) == RELATION


def test_given_unknown_objects_then_they_are_refused(acme: Acme, lines: str):
    for body in (
        {"itemId": NOWHERE},
        {"accountId": NOWHERE},
        {"lineType": "Item", "lineObjectNumber": "NONE"},
        {"lineType": "Account", "lineObjectNumber": "NONE"},
        {"itemId": acme.id("items", "A"), "accountId": acme.id("accounts", "4000")},
    ):
        assert acme.refused("POST", lines, body) == DIALOG
    assert acme.rows(lines) == []


@pytest.mark.covers("sandbox: order line ids")
@pytest.mark.parametrize("name", ["itemId", "accountId"])
@pytest.mark.parametrize("entity_set", ["purchaseOrders", "purchaseInvoices"])
def test_given_a_zero_id_then_it_is_refused_and_the_line_stays_as_it_was(
    acme: Acme, entity_set: str, name: str
):
    document = acme.created(entity_set, {"vendorNumber": "V1"})
    lines = f"{entity_set}({document['id']})/{entity_set.removesuffix('s')}Lines"
    for body in (acme.item(), acme.account(), {"description": "A note"}):
        path = f"{lines}({acme.created(lines, body)['id']})"
        before = acme.json(path)
        assert acme.refused("PATCH", path, {name: ZERO}) == DIALOG
        assert acme.refused("PATCH", path, {name: ZERO, "description": "Other"}) == DIALOG
        assert acme.json(path) == before


@pytest.mark.covers("sandbox: order line ids")
def test_given_a_zero_id_beside_another_then_no_line_is_made(acme: Acme, lines: str):
    for body in (acme.item(accountId=ZERO), acme.account(itemId=ZERO), {"itemId": ZERO}):
        assert acme.refused("POST", lines, body) == DIALOG
    assert acme.rows(lines) == []


def test_given_only_a_description_then_it_is_a_comment(acme: Acme, lines: str):
    for body in ({"description": "OP-1"}, {"lineType": "Comment", "description": "OP-1"}):
        line = acme.created(lines, body)
        assert (line["lineType"], line["description"]) == ("Comment", "OP-1")
        assert (line["itemId"], line["accountId"], line["quantity"]) == (ZERO, ZERO, 0)


def test_given_a_comment_then_it_takes_neither_quantity_nor_cost(acme: Acme, lines: str):
    assert acme.refused("POST", lines, {"description": "x", "quantity": 1}) == FIELD
    assert acme.refused("POST", lines, {"description": "x", "directUnitCost": 1}) == FIELD


@pytest.mark.parametrize("number", ["BLOCKED", "NOT-BOUGHT", "NO-GROUP", "NO-STOCK-GROUP"])
def test_given_an_item_that_cannot_be_bought_then_it_is_refused(
    acme: Acme, lines: str, number: str
):
    assert acme.refused("POST", lines, acme.item(number)) == FIELD


def test_given_a_service_then_it_needs_no_inventory_posting_group(acme: Acme, lines: str):
    assert acme.created(lines, acme.item("SERVICE"))["lineObjectNumber"] == "SERVICE"


@pytest.mark.parametrize("number", ["4900", "4999", "1600"])
def test_given_an_account_nobody_may_post_to_then_it_is_refused(
    acme: Acme, lines: str, number: str
):
    assert acme.refused("POST", lines, acme.account(number)) == FIELD


def test_given_another_item_then_the_line_is_reset_but_keeps_its_quantity(acme: Acme, lines: str):
    line = acme.created(
        lines, acme.item(quantity=3, directUnitCost=9, expectedReceiptDate="2026-09-01")
    )
    path = f"{lines}({line['id']})"
    other = acme.patched(path, {"itemId": acme.id("items", "B")})
    assert (other["quantity"], other["directUnitCost"]) == (3, 24)
    assert (other["description"], other["unitOfMeasureCode"]) == ("Item B", "DOOS")
    assert other["expectedReceiptDate"] == "2026-03-02"
    account = acme.patched(path, {"accountId": acme.id("accounts", "4000")})
    assert (account["lineType"], account["itemId"]) == ("Account", ZERO)


def test_given_only_another_type_then_the_object_is_blank(acme: Acme, lines: str):
    line = acme.created(lines, acme.item())
    changed = acme.patched(f"{lines}({line['id']})", {"lineType": "Account"})
    assert (changed["lineObjectNumber"], changed["itemId"]) == ("", ZERO)


def test_given_another_object_number_then_it_is_refused(acme: Acme, lines: str):
    line = acme.created(lines, acme.item())
    path = f"{lines}({line['id']})"
    assert acme.refused("PATCH", path, {"lineObjectNumber": "B"}) == DIALOG
    assert acme.patched(path, {"lineObjectNumber": "A"})["lineObjectNumber"] == "A"


# --- units, variants, quantities (4.10-4.13) -----------------------------------------------------


@pytest.mark.covers("sandbox: field validation")
def test_given_a_unit_of_the_item_then_by_code_or_id_and_no_other(acme: Acme, lines: str):
    box = acme.id("unitsOfMeasure", "DOOS")
    by_code = acme.created(lines, acme.item(unitOfMeasureCode="DOOS"))
    by_id = acme.created(lines, acme.item(unitOfMeasureId=box))
    assert by_code["unitOfMeasureId"] == by_id["unitOfMeasureId"] == box
    assert by_code["unitOfMeasureCode"] == by_id["unitOfMeasureCode"] == "DOOS"
    assert acme.refused("POST", lines, acme.item("C", unitOfMeasureCode="DOOS")) == RELATION
    assert acme.refused("POST", lines, acme.item(unitOfMeasureCode="UUR")) == RELATION
    assert acme.refused("POST", lines, acme.item(unitOfMeasureId=NOWHERE)) == RELATION
    assert acme.refused("POST", lines, acme.item("C", unitOfMeasureId=box)) == RELATION


@pytest.mark.covers("sandbox: field validation")
def test_given_a_variant_then_it_must_be_one_of_the_item(acme: Acme, lines: str):
    red, blue = (acme.company.find("itemVariants", code=c)[0]["id"] for c in ("RED", "BLUE"))
    line = acme.created(lines, acme.item(itemVariantId=red))
    assert (line["itemVariantId"], line["description"]) == (red, "Red")
    for wrong in (blue, NOWHERE):
        assert acme.refused("POST", lines, acme.item(itemVariantId=wrong)) == RELATION
        path = f"{lines}({line['id']})"
        assert acme.refused("PATCH", path, {"itemVariantId": wrong}) == RELATION
    assert acme.refused("POST", lines, acme.account(itemVariantId=red)) == FIELD
    assert len(acme.rows(lines)) == 1


@pytest.mark.covers("sandbox: field validation")
def test_given_a_location_then_it_must_exist(acme: Acme, lines: str):
    place = acme.id("locations", "AMS")
    assert acme.created(lines, acme.item(locationId=place))["locationId"] == place
    assert acme.refused("POST", lines, acme.item(locationId=NOWHERE)) == RELATION
    assert acme.refused("POST", lines, acme.account(locationId=NOWHERE)) == RELATION


def test_given_a_quantity_then_it_is_open_to_be_received_and_invoiced(acme: Acme, lines: str):
    line = acme.created(lines, acme.item(quantity=Decimal("2.123456")))
    assert line["quantity"] == Decimal("2.12346")
    assert line["receiveQuantity"] == line["invoiceQuantity"] == line["quantity"]
    acme.company.settings.default_quantity_to_receive = "Blank"
    blank = acme.created(lines, acme.item(quantity=2))
    assert (blank["receiveQuantity"], blank["invoiceQuantity"]) == (0, 0)


def test_given_quantities_to_handle_then_they_stay_within_what_is_left(acme: Acme, lines: str):
    path = f"{lines}({acme.created(lines, acme.item(quantity=4))['id']})"
    changed = acme.patched(path, {"receiveQuantity": 1, "invoiceQuantity": 1})
    assert (changed["receiveQuantity"], changed["invoiceQuantity"]) == (1, 1)
    assert acme.refused("PATCH", path, {"receiveQuantity": 5}) == DIALOG
    assert acme.refused("PATCH", path, {"receiveQuantity": -1}) == DIALOG
    assert acme.refused("PATCH", path, {"invoiceQuantity": 2}) == DIALOG
    acme.patched(path, {"quantity": -4})
    assert acme.patched(path, {"receiveQuantity": -3})["receiveQuantity"] == -3
    assert acme.refused("PATCH", path, {"receiveQuantity": 1}) == DIALOG


def test_given_goods_came_in_then_quantity_and_item_are_bound(
    acme: Acme, order: dict[str, Any], lines: str
):
    path = f"{lines}({acme.created(lines, acme.item(quantity=4))['id']})"
    receiving.receive_purchase_order(acme.company, order=order["number"], quantities={"10000": 3})
    assert acme.json(path)["receiveQuantity"] == 1
    assert acme.refused("PATCH", path, {"quantity": 2}) == DIALOG
    assert acme.refused("PATCH", path, {"quantity": -4}) == DIALOG
    for body in (
        {"itemId": acme.id("items", "B")},
        {"unitOfMeasureCode": "DOOS"},
        {"locationId": acme.id("locations", "AMS")},
    ):
        assert acme.refused("PATCH", path, body) == FIELD
    changed = acme.patched(path, {"quantity": 10})
    assert (changed["receivedQuantity"], changed["receiveQuantity"]) == (3, 7)


@pytest.mark.parametrize("name", ["receivedQuantity", "invoicedQuantity", "netAmount"])
def test_given_what_bc_counts_then_it_cannot_be_sent(acme: Acme, lines: str, name: str):
    code = (400, "BadRequest_InvalidOperation")
    assert acme.refused("POST", lines, acme.item(**{name: 1})) == code


# --- dates (4.17) --------------------------------------------------------------------------------


def test_given_no_date_then_goods_are_expected_when_asked_for_or_after_the_lead_time(acme: Acme):
    asked = acme.order(acme.item("C"), requestedReceiptDate="2026-05-05")
    assert asked["purchaseOrderLines"][0]["expectedReceiptDate"] == "2026-05-05"
    planned = acme.order(acme.item("C"), acme.item("A"))
    dates = [row["expectedReceiptDate"] for row in planned["purchaseOrderLines"]]
    assert dates == ["2026-03-16", "2026-03-02"]


# --- the order (3.12, 3.15, 4.18, behaviour.md 3.2) ----------------------------------------------


def test_given_lines_then_the_header_sums_them(acme: Acme, order: dict[str, Any], lines: str):
    acme.created(lines, acme.item(quantity=4, directUnitCost=Decimal("2.5"), discountAmount=1))
    acme.created(lines, acme.account(quantity=1, directUnitCost=7))
    header = acme.json(f"purchaseOrders({order['id']})")
    assert (header["totalAmountExcludingTax"], header["totalTaxAmount"]) == (16, 1.89)
    assert header["totalAmountIncludingTax"] == 17.89


def test_given_a_change_of_value_then_the_headers_stamp_moves_but_a_date_leaves_it(
    acme: Acme, order: dict[str, Any], lines: str
):
    line = acme.created(lines, acme.item(quantity=4, directUnitCost=2))
    path, header = f"{lines}({line['id']})", f"purchaseOrders({order['id']})"

    def seen() -> tuple[str, datetime]:
        row = acme.json(header)
        return row["@odata.etag"], moment(row)

    before = seen()
    acme.patched(path, {"expectedReceiptDate": "2026-08-08", "description": "Other"})
    acme.created(lines, {"description": "A note"})
    assert seen() == before
    acme.patched(path, {"directUnitCost": 3})
    after = seen()
    assert after[0] != before[0]
    assert after[1] > before[1]


def test_given_a_released_order_then_lines_keep_all_but_dates_and_texts(
    acme: Acme, order: dict[str, Any], lines: str
):
    line = acme.created(lines, acme.item(quantity=4))
    path = f"{lines}({line['id']})"
    purchases.change_purchase_order_status(acme.company, order=order["number"], status="Open")
    for body in ({"quantity": 5}, {"directUnitCost": 1}, {"itemId": acme.id("items", "B")}):
        assert acme.refused("PATCH", path, body) == FIELD
    assert acme.refused("POST", lines, acme.item()) == FIELD
    assert acme.refused("DELETE", path) == FIELD
    body = {"expectedReceiptDate": "2026-08-08", "quantity": 4}
    assert acme.patched(path, body)["expectedReceiptDate"] == "2026-08-08"


def test_given_a_line_is_deleted_then_the_totals_follow_unless_goods_came_in(
    acme: Acme, order: dict[str, Any], lines: str
):
    first = acme.created(lines, acme.item(quantity=4))
    second = acme.created(lines, acme.item("B"))
    receiving.receive_purchase_order(acme.company, order=order["number"], quantities={"10000": 1})
    assert acme.refused("DELETE", f"{lines}({first['id']})") == DIALOG
    acme.deleted(f"{lines}({second['id']})")
    assert acme.json(f"purchaseOrders({order['id']})")["totalAmountExcludingTax"] == 20
    assert acme.created(lines, acme.item())["sequence"] == 20000
