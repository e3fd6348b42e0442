"""A bill with everything that can go half-way, and what it has to be in Business Central."""

from __future__ import annotations

from typing import Any

from bc_pipeline_tests.to_business_central.documents_world import (
    ITEMS,
    VENDOR,
    DocumentsWorld,
    Record,
)


def bill(name: str, *, numbered: bool = True, draft: bool = True) -> dict[str, Any]:
    """Two item lines, one with a location, and an expense; dimensions everywhere."""
    return {
        "externalId": name,
        **({"billNumber": name} if numbered else {}),
        "vendorNumber": VENDOR,
        "issueDate": "2026-03-02",
        "dueDate": "2026-04-15",
        "postingDate": "2026-03-03",
        "isDraft": draft,
        "departmentNumber": "SALES",
        "lineItems": [
            {
                "externalId": f"{name}-a",
                "itemNumber": ITEMS[0],
                "quantity": 2,
                "unitPrice": "12.34",
                "discount": "0.68",
                "locationNumber": "EAST",
                "description": "With a location",
                "departmentNumber": "ADM",
            },
            {"itemNumber": ITEMS[1], "quantity": 3, "unitPrice": 5, "groupNumber": "LARGE"},
        ],
        "expenses": [
            {"accountNumber": "6710", "amount": "17.5", "description": "Freight"},
        ],
    }


def check(world: DocumentsWorld, record: Record, *, status: str) -> None:
    """Exactly one bill, exactly its lines, exactly its dimensions."""
    if "billNumber" in record:
        found = world.bill(record["billNumber"])
    else:
        (found,) = world.rows("purchaseInvoices", dueDate=record["dueDate"])
    assert found["status"] == status
    assert found["dueDate"] == record["dueDate"]
    assert world.dimensions(found["id"])["DEPARTMENT"] == "SALES"
    first, second, third = world.lines(found["id"])
    east = world.rows("locations", code="EAST")[0]["id"]
    assert [str(first["unitCost"]), str(first["discountAmount"])] == ["12.34000", "0.68"]
    assert (first["lineObjectNumber"], first["quantity"], first["locationId"]) == (
        ITEMS[0],
        2,
        east,
    )
    assert (second["lineObjectNumber"], second["quantity"], second["unitCost"]) == (ITEMS[1], 3, 5)
    assert (third["lineObjectNumber"], third["quantity"], str(third["unitCost"])) == (
        "6710",
        1,
        "17.50000",
    )
    assert world.dimensions(first["id"])["DEPARTMENT"] == "ADM"
    assert world.dimensions(second["id"])["DEPARTMENT"] == "SALES"
    assert world.dimensions(second["id"])["CUSTOMERGROUP"] == "LARGE"
    assert world.dimensions(third["id"])["DEPARTMENT"] == "SALES"
