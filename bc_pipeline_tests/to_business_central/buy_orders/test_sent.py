"""Whether a purchase order in Business Central is the one that was sent (mapping.md 8.2, 2, 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.buy_orders.sent import (
    LINES,
    Sent,
    differences,
    linked_order,
    marks,
    sent,
)
from bc_pipeline_tests.to_business_central.buy_orders.orders import made, order

ORDER = order((1, 10, "25.00"), (2, 5, "5.00"))
ZERO = "00000000-0000-0000-0000-000000000000"


def row(*lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    """The purchase order as Business Central shows it."""
    return {
        "id": "PO-1",
        "number": "106001",
        "vendorId": "V-1",
        "vendorNumber": "10000",
        LINES: [*lines, {"id": "c", "lineType": "Comment", "description": "OP-77", "sequence": 1}],
        **header,
    }


def line(item: str, quantity: str, sequence: int, **values: Any) -> dict[str, Any]:
    return {
        "id": f"L-{sequence}",
        "lineType": "Item",
        "itemId": f"I-{item}",
        "itemVariantId": ZERO,
        "unitOfMeasureCode": "PCS",
        "quantity": Decimal(quantity),
        "sequence": sequence,
        **values,
    }


A, B = line("a", "10", 10000), line("b", "5", 20000)


def expected() -> Sent:
    # As it comes back from the ledger, where it is kept as JSON.
    known = sent(made(ORDER)).model_copy(update={"vendor_id": "v-1"})
    known = known.model_copy(
        update={
            "lines": tuple(x.model_copy(update={"item_id": x.item_id.lower()}) for x in known.lines)
        }
    )
    return Sent.model_validate(known.model_dump(mode="json"))


def test_given_the_same_vendor_and_lines_then_it_is_the_same_whatever_cost_and_dates() -> None:
    assert differences(row(A, B, orderDate="2020-01-01"), expected()) == []
    assert differences(row({**A, "directUnitCost": Decimal(99)}, B), expected()) == []


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (row(A, B, vendorId="V-2", vendorNumber="20000"), "its vendor is 20000"),
        (row(A), "5 PCS of item B is missing"),
        (row(A, {**B, "quantity": Decimal(6)}), "6 PCS of item B was not ordered"),
        (row(A, B, line("b", "5", 30000)), "5 PCS of item B was not ordered"),
        (row(A, {**B, "unitOfMeasureCode": "BOX"}), "5 BOX of item B was not ordered"),
        (row(A, {**B, "itemVariantId": "VAR"}), "was not ordered"),
        (row(A, B, {"lineType": "Account", "sequence": 5}), "1 of its lines are not about items"),
    ],
)
def test_given_another_vendor_or_other_lines_then_it_says_what_differs(
    found: dict[str, Any], text: str
) -> None:
    assert text in "; ".join(differences(found, expected()))


@given(st.permutations([A, B]))
def test_the_order_of_the_lines_does_not_matter(lines: list[dict[str, Any]]) -> None:
    assert differences(row(*lines), expected()) == []


def test_lines_are_linked_by_their_number() -> None:
    linked = linked_order(ORDER, row(A, B), expected())

    assert (linked.order.remote_id, linked.order.optiply_id) == ("po-1", 77)
    assert linked.order.extra == {"po_number": "106001", "vendor_id": "v-1"}
    assert [(x.remote_id, x.optiply_id) for x in linked.lines] == [
        ("l-10000", 701),
        ("l-20000", 702),
    ]
    assert linked.lines[1].extra == {
        "po_number": "106001",
        "sequence": 20000,
        "document_id": "po-1",
        "item_number": "B",
        "item_id": "i-b",
        "ordered_quantity": "5",
        "factor": "1",
    }
    assert linked.lines[1].values["quantity"] == 5


def test_where_business_central_numbered_the_lines_itself_their_content_links_them() -> None:
    numbered = row(line("b", "5", 1), line("a", "10", 2))

    linked = linked_order(ORDER, numbered, expected())

    assert [(x.remote_id, x.optiply_id) for x in linked.lines] == [("l-2", 701), ("l-1", 702)]


def test_a_line_deleted_in_optiply_meanwhile_is_not_linked() -> None:
    left = ORDER.model_copy(update={"lines": ORDER.lines[:1]})

    assert [x.optiply_id for x in linked_order(left, row(A, B), expected()).lines] == [701]


@pytest.mark.parametrize(
    ("found", "is_marked"),
    [
        (row(A), True),
        ({**row(A), LINES: [A]}, False),
        ({**row(A), LINES: [{"lineType": "Comment", "description": "op-77 "}]}, True),
        ({**row(A), LINES: [{"lineType": "Comment", "description": "see OP-77"}]}, False),
        ({**row(A), LINES: [{"lineType": "Item", "description": "OP-77"}]}, False),
        ({"number": "OP-77"}, True),
        ({"number": "OP-771"}, False),
        ({"number": "1", "shopRef": "OP-77"}, True),
    ],
)
def test_the_marker_stands_in_a_comment_the_number_or_the_field_of_an_extension(
    found: dict[str, Any], is_marked: bool
) -> None:
    assert marks(found, 77, "shopRef") is is_marked
