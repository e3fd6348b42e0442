"""Which vendor and items a buy order means, and in the buyer's words why it waits
(mapping.md 8.2, step 1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked
from bc_pipeline.to_business_central.buy_orders.resolve import (
    Catalogue,
    Product,
    Supplier,
    Vendor,
    resolve,
)
from bc_pipeline_tests.to_business_central.buy_orders.orders import (
    VENDOR,
    catalogue,
    item,
    order,
    product,
)


def blocked(known: Catalogue, **options: str) -> Blocked:
    with pytest.raises(Blocked) as caught:
        resolve(order((1, 10, "25.00"), (2, 5, "5.00")), known, options.get("on", "block"))  # type: ignore[arg-type]
    return caught.value


def test_given_linked_records_then_vendor_and_items_are_known() -> None:
    resolved = resolve(order((1, 10, "25.00")), catalogue(), "block")

    assert resolved.vendor == VENDOR
    assert [(x.line.id, x.item.number) for x in resolved.lines] == [(701, "A")]


@pytest.mark.parametrize(
    ("supplier", "word", "text"),
    [
        (None, "supplier_not_linked", "supplier 7 does not exist in Optiply"),
        (Supplier("'Acme'", False), "supplier_not_linked", "supplier 'Acme' is not linked"),
        (Supplier("'Acme'", True), "vendor_not_found", "vendor that Business Central does not"),
        (
            Supplier("'Acme'", True, replace(VENDOR, blocked=True)),
            "vendor_blocked",
            "vendor 10000 (London Postmaster) is blocked",
        ),
    ],
)
def test_given_no_vendor_to_order_from_then_the_order_is_blocked(
    supplier: Supplier | None, word: str, text: str
) -> None:
    suppliers = {7: supplier} if supplier else {}
    problem = blocked(Catalogue(suppliers, catalogue().products))

    assert problem.error_class == word
    assert text in problem.message


def test_given_no_supplier_at_all_then_the_order_is_blocked() -> None:
    with pytest.raises(Blocked, match="has no supplier"):
        resolve(order((1, 10, "25.00"), supplierId=None), catalogue(), "block")


def test_given_a_vendor_blocked_for_payments_only_then_it_can_be_ordered_from() -> None:
    vendor = Vendor("v-2", "20000", "Pays later", blocked=False)
    known = Catalogue({7: Supplier("'L'", True, vendor)}, catalogue().products)

    assert resolve(order(), known, "block").vendor.number == "20000"


@pytest.mark.parametrize(
    ("given", "word", "text"),
    [
        (Product("B 'Bike'", False), "product_not_linked", "product B 'Bike' is not linked"),
        (Product("B 'Bike'", True), "item_not_found", "an item that Business Central does not"),
        (product("B", variant_gone=True), "item_not_found", "a variant that Business Central"),
        (product("B", item=item("B", blocked=True)), "item_blocked", "item B is blocked in"),
        (
            product("B", item=item("B", purchasing_blocked=True)),
            "item_blocked",
            "item B is blocked for purchasing",
        ),
        (product("B", item=item("B", base_unit=None)), "item_without_unit", "no base unit"),
    ],
)
def test_given_one_line_that_cannot_be_ordered_then_the_whole_order_is_blocked(
    given: Product, word: str, text: str
) -> None:
    problem = blocked(catalogue(p2=given))

    assert problem.error_class == word
    assert text in problem.message


def test_given_partial_then_the_other_lines_are_kept_and_the_reason_is_told() -> None:
    known = catalogue(p2=Product("B 'Bike'", False))
    resolved = resolve(order((1, 10, "25.00"), (2, 5, "5.00")), known, "partial")

    assert [line.item.number for line in resolved.lines] == ["A"]
    assert resolved.left_out == ("product B 'Bike' is not linked to an item of Business Central",)


def test_given_partial_and_no_line_left_then_the_order_is_blocked() -> None:
    gone = Product("'x'", False)

    assert blocked(catalogue(p1=gone, p2=gone), on="partial").error_class == "product_not_linked"


def test_given_several_bad_lines_then_each_reason_is_told_once() -> None:
    problem = blocked(catalogue(p1=Product("A 'x'", False), p2=Product("B 'y'", False)))

    assert problem.message == (
        "product A 'x' is not linked to an item of Business Central; "
        "product B 'y' is not linked to an item of Business Central"
    )


def test_given_lines_then_they_are_sorted_by_sku_and_then_by_their_own_order() -> None:
    known = catalogue(p1=product("Z"), p2=product("B"), p3=product("a"))
    given = order((1, 1, "1"), (2, 1, "1"), (3, 1, "1"), (2, 2, "1"))

    lines = resolve(given, known, "block").lines

    assert [(x.product.sku, x.line.quantity) for x in lines] == [
        ("B", 1),
        ("B", 2),
        ("Z", 1),
        ("a", 1),
    ]


def test_given_lines_without_a_quantity_then_they_order_nothing_and_block_nothing() -> None:
    known = catalogue(p2=Product("B", False))

    lines = resolve(order((1, 10, "25.00"), (2, 0, "0.00")), known, "block").lines

    assert [line.item.number for line in lines] == ["A"]
