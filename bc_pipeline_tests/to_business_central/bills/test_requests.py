"""How many requests bills take (C3)."""

from __future__ import annotations

from typing import Any

from bc_pipeline_tests.to_business_central.documents_world import ITEMS, VENDOR, DocumentsWorld

ENTITY = "purchase_invoices"
BILLS = 30


def bill(number: int, **more: Any) -> dict[str, Any]:
    """Ten lines, with dimensions on the header and on every line."""
    lines = [
        {
            "itemNumber": ITEMS[n % 5],
            "quantity": n + 1,
            "unitPrice": "3.75",
            "locationNumber": "EAST",
            "description": f"Line {n}",
            "groupNumber": "LARGE",
        }
        for n in range(10)
    ]
    fields = {"externalId": f"R{number}", "billNumber": f"R{number}", "vendorNumber": VENDOR}
    return {**fields, "departmentNumber": "SALES", "lineItems": lines, **more}


def test_C3_thirty_bills_of_ten_lines_take_less_than_three_requests_each(
    world: DocumentsWorld,
) -> None:
    result = world.run(ENTITY, *(bill(n) for n in range(BILLS)))

    assert result.counts == {"created": BILLS}
    assert result.requests_sent <= 2 * BILLS + 3
    for n in range(BILLS):
        lines = world.lines(world.bill(f"R{n}")["id"])
        assert len(lines) == 10
        assert {str(line["unitCost"]) for line in lines} == {"3.75000"}


def test_posting_adds_the_posting_and_one_look(world: DocumentsWorld) -> None:
    world.configure(post_documents=True)

    result = world.run(ENTITY, *(bill(n, isDraft=False) for n in range(100, 105)))

    assert result.counts == {"created": 5}
    assert {end["action"] for end in result.ends.values()} == {"posted"}
    assert result.requests_sent <= 4 * 5 + 3


def test_C3_a_bill_without_dimensions_is_made_with_one_request_and_not_read_again(
    world: DocumentsWorld,
) -> None:
    line = {"itemNumber": ITEMS[0], "quantity": 1, "unitPrice": 2}
    record = {"externalId": "one", "billNumber": "R-one", "vendorNumber": VENDOR}

    result = world.run(ENTITY, record | {"lineItems": [line]})

    assert result.requests_sent == 2, "one look-up of vendor, item and bill; one POST"


def test_the_same_record_again_needs_no_request(world: DocumentsWorld) -> None:
    world.run(ENTITY, bill(200))

    result = world.run(ENTITY, bill(200))

    assert result.counts == {"unchanged": 1}
    assert result.requests_sent == 0
