"""Purchase orders until goods come in (rules.md 3, 4)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline.sandbox.bookkeeping.documents import Refused, lines_of
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_ORDER
from bc_pipeline.sandbox.changes import purchases, receiving
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline_tests.sandbox.consistency import faults


@pytest.fixture
def order(company: Company) -> Row:
    specs = [
        {"item": "A", "quantity": 2, "unit": "DOOS", "price": "70", "date": "2026-03-20"},
        {"item": "B", "quantity": 5},
        {"comment": "As agreed"},
    ]
    return purchases.new_purchase_order(company, vendor="V1", lines=specs, discount=10)


def lines(company: Company, order: Row) -> list[Row]:
    return lines_of(company, PURCHASE_ORDER, order["id"])


def test_given_a_new_order_then_it_is_a_draft_with_totals_after_the_invoice_discount(
    company: Company, order: Row
):
    assert (order["status"], order["fullyReceived"]) == ("Draft", False)
    assert (order["totalAmountExcludingTax"], order["discountAmount"]) == (153, 17)
    assert [row["directUnitCost"] for row in lines(company, order)] == [70, 6, 0]
    assert lines(company, order)[0]["expectedReceiptDate"] == "2026-03-20"
    assert lines(company, order)[1]["expectedReceiptDate"] == "0001-01-01"
    assert faults(company) == []


@pytest.mark.parametrize(
    ("vendor", "item"), [("V3", "A"), ("V1", "BLOCKED"), ("V1", "NOT-BOUGHT"), ("nobody", "A")]
)
def test_given_a_blocked_vendor_or_item_then_the_order_is_refused(
    company: Company, vendor: str, item: str
):
    with pytest.raises(Refused):
        purchases.new_purchase_order(company, vendor=vendor, lines=[{"item": item, "quantity": 1}])
    assert not company.tables["purchaseOrders"]


def test_given_a_vendor_blocked_for_payment_then_orders_are_fine(company: Company):
    order = purchases.new_purchase_order(company, vendor="V4", lines=[{"item": "A", "quantity": 1}])
    assert order["vendorNumber"] == "V4"


@pytest.mark.parametrize("touch", [True, False])
def test_given_a_line_is_added_changed_or_removed_then_the_stamp_moves_only_when_touched(
    company: Company, order: Row, touch: bool
):
    number = order["number"]
    for change in (
        lambda: purchases.add_purchase_line(
            company, order=number, line={"item": "B", "quantity": 1}, touch_header=touch
        ),
        lambda: purchases.change_purchase_line(
            company, order=number, sequence=10000, quantity=3, touch_header=touch
        ),
        lambda: purchases.change_purchase_line(
            company, order=number, sequence=10000, date="2026-04-01", touch_header=touch
        ),
        lambda: purchases.remove_purchase_line(
            company, order=number, sequence=20000, touch_header=touch
        ),
    ):
        stamp = order["lastModifiedDateTime"]
        change()
        assert (order["lastModifiedDateTime"] > stamp) is touch
    assert [row["sequence"] for row in lines(company, order)] == [10000, 30000, 40000]
    assert lines(company, order)[0]["expectedReceiptDate"] == "2026-04-01"
    assert order["totalAmountExcludingTax"] == Decimal("194.4")
    assert faults(company) == []


def test_given_the_last_line_was_removed_then_its_sequence_is_not_used_again(
    company: Company, order: Row
):
    purchases.remove_purchase_line(company, order=order["number"], sequence=30000)
    added = purchases.add_purchase_line(
        company, order=order["number"], line={"item": "B", "quantity": 1}
    )
    assert added["sequence"] == 40000


def test_given_cost_and_discount_change_then_amounts_follow(company: Company, order: Row):
    purchases.change_purchase_line(
        company, order=order["number"], sequence=20000, cost="7.5", discount="20"
    )
    line = lines(company, order)[1]
    assert (line["amountExcludingTax"], line["netAmount"]) == (30, 27)


@pytest.mark.parametrize("status", ["In_x0020_Review", "Open"])
def test_given_the_order_is_released_then_lines_are_fixed_but_dates_may_change(
    company: Company, order: Row, status: str
):
    number = order["number"]
    purchases.change_purchase_order_status(company, order=number, status=status)
    for change in (
        lambda: purchases.change_purchase_line(company, order=number, sequence=10000, quantity=9),
        lambda: purchases.remove_purchase_line(company, order=number, sequence=10000),
        lambda: purchases.add_purchase_line(
            company, order=number, line={"item": "B", "quantity": 1}
        ),
        lambda: purchases.change_vendor_of_purchase_order(company, order=number, vendor="V2"),
    ):
        with pytest.raises(Refused):
            change()
    purchases.change_purchase_line(company, order=number, sequence=10000, date="2026-05-01")
    assert lines(company, order)[0]["expectedReceiptDate"] == "2026-05-01"


def test_given_received_goods_then_quantity_cannot_go_below_and_the_line_stays(
    company: Company, order: Row
):
    number = order["number"]
    receiving.receive_purchase_order(company, order=number, quantities={"20000": 3})
    with pytest.raises(Refused):
        purchases.change_purchase_line(company, order=number, sequence=20000, quantity=2)
    with pytest.raises(Refused):
        purchases.remove_purchase_line(company, order=number, sequence=20000)
    with pytest.raises(Refused):
        purchases.delete_purchase_order(company, order=number)
    with pytest.raises(Refused):
        purchases.change_vendor_of_purchase_order(company, order=number, vendor="V2")
    purchases.change_purchase_line(company, order=number, sequence=20000, quantity=3)


def test_given_another_vendor_then_lines_have_new_ids_and_the_same_sequences(
    company: Company, order: Row
):
    before = [(row["id"], row["sequence"], row["netAmount"]) for row in lines(company, order)]
    purchases.change_vendor_of_purchase_order(company, order=order["number"], vendor="V2")
    after = [(row["id"], row["sequence"], row["netAmount"]) for row in lines(company, order)]
    assert order["vendorNumber"] == order["payToVendorNumber"] == "V2"
    assert not {row[0] for row in before} & {row[0] for row in after}
    assert [row[1:] for row in before] == [row[1:] for row in after]
    assert faults(company) == []


def test_given_another_requested_date_then_open_lines_follow(company: Company, order: Row):
    receiving.receive_purchase_order(company, order=order["number"], quantities={"20000": 5})
    purchases.change_requested_date(company, order=order["number"], date="2026-06-01")
    dates = [row["expectedReceiptDate"] for row in lines(company, order)]
    assert dates == ["2026-06-01", "0001-01-01", "0001-01-01"]
    assert order["requestedReceiptDate"] == "2026-06-01"


def test_given_an_untouched_order_is_deleted_then_lines_go_with_it(company: Company, order: Row):
    purchases.delete_purchase_order(company, order=order["number"])
    assert not company.tables["purchaseOrders"]
    assert not company.tables["purchaseOrderLines"]


def test_given_an_unknown_or_the_same_status_then_it_is_refused(company: Company, order: Row):
    for status in ("Draft", "Released"):
        with pytest.raises(Refused):
            purchases.change_purchase_order_status(company, order=order["number"], status=status)
