"""The body of the purchase order (mapping.md 8.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked
from bc_pipeline.to_business_central.buy_orders.payload import Terms
from bc_pipeline.to_business_central.buy_orders.resolve import Catalogue, Supplier
from bc_pipeline_tests.to_business_central.buy_orders.orders import (
    TERMS,
    VENDOR,
    catalogue,
    item,
    made,
    order,
    product,
)


def test_given_an_order_then_header_and_line_carry_what_was_decided_and_nothing_else() -> None:
    request = made(order((1, 10, "25.00"), expectedDeliveryDate="2026-06-20T00:00:00Z"))

    assert request.header == {
        "vendorId": "v-1",
        "orderDate": "2026-06-10",
        "requestedReceiptDate": "2026-06-20",
    }
    assert list(request.lines[0].body.items()) == [
        ("sequence", 10000),
        ("lineType", "Item"),
        ("itemId", "i-A"),
        ("unitOfMeasureCode", "PCS"),
        ("quantity", Decimal(10)),
        ("directUnitCost", Decimal("2.5")),
        ("expectedReceiptDate", "2026-06-20"),
    ]


def test_given_several_lines_then_they_are_numbered_in_tens_of_thousands() -> None:
    request = made(order((2, 1, "1"), (1, 1, "1"), (2, 3, "1")))

    assert [(x.item_number, x.sequence) for x in request.lines] == [
        ("A", 10000),
        ("B", 20000),
        ("B", 30000),
    ]


# --- dates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("placed", "zone", "day"),
    [
        ("2026-06-10T08:00:00Z", "Europe/Amsterdam", "2026-06-10"),
        ("2026-06-10T22:30:00Z", "Europe/Amsterdam", "2026-06-11"),
        ("2026-06-10T02:00:00Z", "America/New_York", "2026-06-09"),
    ],
)
def test_the_order_date_is_the_day_it_was_placed_in_the_tenants_time_zone(
    placed: str, zone: str, day: str
) -> None:
    request = made(order(placed=placed), replace(TERMS, zone=ZoneInfo(zone)))

    assert request.header["orderDate"] == day


def test_the_posting_date_is_sent_only_when_the_tenant_wants_it() -> None:
    assert "postingDate" not in made(order()).header

    request = made(order(), replace(TERMS, posting_date=True))
    assert request.header["postingDate"] == request.header["orderDate"]


def test_a_delivery_in_the_past_is_asked_for_today() -> None:
    request = made(order(expectedDeliveryDate="2026-06-01T00:00:00Z"))

    assert request.header["requestedReceiptDate"] == "2026-06-10"
    assert request.lines[0].expected == date(2026, 6, 10)


def test_a_line_has_its_own_delivery_date_else_that_of_the_order() -> None:
    given = order((1, 1, "1"), (2, 1, "1"), expectedDeliveryDate="2026-06-20T00:00:00Z")
    later = given.lines[0].model_copy(update={"expected": given.expected.replace(day=25)})  # type: ignore[union-attr]
    given = given.model_copy(update={"lines": (later, given.lines[1])})

    assert [x.expected for x in made(given).lines] == [date(2026, 6, 25), date(2026, 6, 20)]


def test_without_any_delivery_date_none_is_sent() -> None:
    request = made(order())

    assert "requestedReceiptDate" not in request.header
    assert "expectedReceiptDate" not in request.lines[0].body


def test_a_plain_date_is_never_shifted_and_a_moment_is_a_day_of_the_time_zone() -> None:
    terms = replace(TERMS, zone=ZoneInfo("America/New_York"))
    plain = order(expectedDeliveryDate="2026-06-20T00:00:00Z")
    moment = order(expectedDeliveryDate="2026-06-20T02:00:00Z")

    assert made(plain, terms).header["requestedReceiptDate"] == "2026-06-20"
    assert made(moment, terms).header["requestedReceiptDate"] == "2026-06-19"


# --- units: all in one unit or all in the other -------------------------------------------------


def boxes(**values: object) -> Catalogue:
    return catalogue(p1=product("A", item=item("A", purchase_unit="BOX", **values)))


def test_given_a_purchase_unit_then_quantity_unit_and_cost_are_all_in_it() -> None:
    (line,) = made(order((1, 24, "60.00")), known=boxes()).lines

    assert (line.quantity, line.unit, line.cost, line.factor) == (2, "BOX", 30, 12)


def test_given_a_quantity_that_fills_no_boxes_then_all_is_in_base_units_with_a_warning() -> None:
    request = made(order((1, 30, "60.00")), known=boxes())

    (line,) = request.lines
    assert (line.quantity, line.unit, line.cost) == (30, "PCS", 2)
    assert request.warnings == (
        ("not_in_purchase_units", "item A is ordered in PCS, 30 is not a multiple of 12"),
    )


def test_given_a_purchase_unit_of_unknown_factor_then_all_is_in_base_units_with_a_warning() -> None:
    request = made(order((1, 24, "60.00")), known=boxes(units={"PCS": Decimal(1)}))

    assert (request.lines[0].quantity, request.lines[0].unit) == (24, "PCS")
    assert "the factor of purchase unit BOX is not known" in request.warnings[0][1]


def test_given_no_purchase_unit_then_the_base_unit_is_sent_so_that_no_other_is_assumed() -> None:
    request = made(order((1, 24, "60.00")))

    assert request.lines[0].body["unitOfMeasureCode"] == "PCS"
    assert request.warnings == ()


def test_given_optiply_counts_in_grams_then_kilos_are_ordered() -> None:
    grams = item("A", base_unit="KG", units={"KG": Decimal(1000)})
    (line,) = made(order((1, 1500, "3.00")), known=catalogue(p1=product("A", item=grams))).lines

    assert (line.quantity, line.unit, line.cost) == (Decimal("1.5"), "KG", 2)


def test_given_a_quantity_no_five_decimals_can_express_then_the_order_is_blocked() -> None:
    thirds = item("A", base_unit="KG", units={"KG": Decimal(3)})

    with pytest.raises(Blocked) as caught:
        made(order((1, 1, "3.00")), known=catalogue(p1=product("A", item=thirds)))
    assert caught.value.error_class == "quantity_not_expressible"


@given(quantity=st.integers(1, 10**7), factor=st.integers(1, 500))
def test_whatever_the_factor_the_goods_ordered_are_those_of_the_buyer(
    quantity: int, factor: int
) -> None:
    known = boxes(units={"PCS": Decimal(1), "BOX": Decimal(factor)})
    (line,) = made(order((1, quantity, "1.00")), known=known).lines

    assert line.quantity * line.factor == quantity
    assert (line.unit, line.factor) in (("BOX", factor), ("PCS", 1))


# --- cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "subtotal", "cost"),
    [(3, "10.00", "3.33333"), (6, "10.00", "1.66667"), (7, "0.00", None), (1, "12.50", "12.5")],
)
def test_the_cost_is_the_subtotal_per_unit_with_five_decimals_and_never_zero(
    quantity: int, subtotal: str, cost: str | None
) -> None:
    (line,) = made(order((1, quantity, subtotal))).lines

    assert line.cost == (None if cost is None else Decimal(cost))
    assert ("directUnitCost" in line.body) == (cost is not None)


def test_without_export_line_price_no_cost_is_sent() -> None:
    assert made(order(), replace(TERMS, line_price=False)).lines[0].cost is None


@pytest.mark.parametrize(("currency", "sent"), [("USD", False), ("EUR", True), (None, True)])
def test_a_vendor_in_a_foreign_currency_is_sent_no_cost(currency: str | None, sent: bool) -> None:
    vendor = replace(VENDOR, currency=currency)
    known = Catalogue({7: Supplier("'L'", True, vendor)}, catalogue().products)

    assert (made(order(), known=known).lines[0].cost is not None) is sent


def test_the_configured_location_is_that_of_every_line_and_a_variant_is_never_the_zero_id() -> None:
    terms: Terms = replace(TERMS, location_id="loc-1")
    known = catalogue(p2=product("B", variant_id="var-1"))
    one, two = made(order((1, 1, "1"), (2, 1, "1")), terms, known).lines

    assert (one.body["locationId"], two.body["locationId"]) == ("loc-1", "loc-1")
    assert "itemVariantId" not in one.body
    assert two.body["itemVariantId"] == "var-1"
    assert list(two.body)[2:5] == ["itemId", "itemVariantId", "locationId"]
