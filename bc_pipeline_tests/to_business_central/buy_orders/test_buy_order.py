"""A buy order as Optiply answers it."""

from __future__ import annotations

import pytest

from bc_pipeline.mapping.markers import marked_id, marker
from bc_pipeline.optiply.client import Record
from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked, buy_order
from bc_pipeline.to_business_central.buy_orders.candidates import why_not
from bc_pipeline_tests.to_business_central.buy_orders.orders import at, order

START = at("2026-06-01T00:00:00")


def test_an_order_placed_by_a_user_is_a_candidate() -> None:
    assert why_not(order(), START) is None


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"placed": None}, "not placed"),
        ({"completed": "2026-06-11T00:00:00Z"}, "completed"),
        ({"assembly": True}, "assembly"),
        ({"createdFromPublicApi": True}, "not made by a user"),
        ({"placed": "2026-05-31T23:59:59Z"}, "before exports began"),
    ],
)
def test_what_is_no_candidate_says_why(attributes: dict[str, object], text: str) -> None:
    assert text in str(why_not(order(**attributes), START))


@pytest.mark.covers("decision 9")
@pytest.mark.parametrize(
    "nothing", ["0001-01-01", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+02:00"]
)
def test_given_year_1_as_a_date_then_there_is_none(nothing: str) -> None:
    found = order(completed=nothing, expectedDeliveryDate=nothing, createdAt=nothing)

    assert (found.completed, found.expected, found.created_at) == (None, None, None)
    assert why_not(found, START) is None
    assert "not placed" in str(why_not(order(placed=nothing), START))


def test_an_order_that_does_not_say_who_made_it_is_a_candidate() -> None:
    assert why_not(order(createdFromPublicApi=None), START) is None


def test_a_number_that_is_none_blocks_the_order_instead_of_being_guessed() -> None:
    record = Record(1, {"supplierId": 7, "placed": "2026-06-10T08:00:00Z"})
    line = Record(2, {"productId": 1, "quantity": "1.5", "subtotalValue": "1.00"})

    with pytest.raises(Blocked, match="not a whole number"):
        buy_order(record, [line])
    with pytest.raises(Blocked, match="supplierId"):
        buy_order(Record(1, {"supplierId": "x"}))


def test_the_fingerprint_changes_with_what_is_ordered_only() -> None:
    plain = order((1, 10, "25.00")).fingerprint()

    assert order((1, 10, "25.00"), (2, 0, "0.00")).fingerprint() == plain
    assert order((1, 11, "25.00")).fingerprint() != plain
    assert order((1, 10, "25.00"), supplierId=8).fingerprint() != plain


@pytest.mark.parametrize("text", ["OP-0", "OP-", "OP-12x", "XOP-12", "OP 12", None, 12, ""])
def test_only_a_whole_marker_is_one(text: object) -> None:
    assert marked_id(text) is None


@pytest.mark.parametrize("number", [1, 12, 99999999])
def test_a_marker_is_read_back(number: int) -> None:
    assert marked_id(f" {marker(number).lower()} ") == number
