"""Receipts of a purchase order that stands in Optiply, and what is to be written of them."""

from __future__ import annotations

from typing import Any

from bc_pipeline_tests.mapping.documents import guid
from bc_pipeline_tests.mapping.mirror import Company


def order_line(sequence: int = 10000) -> str:
    return guid(f"purchase_orders P {sequence}")


def receipt_line(number: str = "R1", sequence: int = 10000) -> str:
    return guid(f"purchase_receipts {number} {sequence}")


def ordered(company: Company, *lines: dict[str, Any], **build: Any) -> None:
    """Purchase order P stands in Optiply; its lines have the Optiply ids 501, 502, ..."""
    company.purchase_order("P", *lines)
    for resource, first_id in (("buy_orders", 400), ("buy_order_lines", 501)):
        company.build(resource, **build)
        company.written(resource, first_id)


def optiply_id(company: Company, sequence: int = 10000) -> int:
    (row,) = company.rows(
        "SELECT optiply_id FROM sync.buy_order_lines WHERE remote_id = ?", [order_line(sequence)]
    )
    return int(row["optiply_id"])


def build(shop: Company, *arguments: Any, **inputs: Any) -> dict[str, dict[str, Any]]:
    return shop.build("receipt_lines", *arguments, **inputs)


def only(shop: Company, *arguments: Any, **inputs: Any) -> dict[str, Any]:
    (row,) = build(shop, *arguments, **inputs).values()
    return row


def written(rows: dict[str, dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """remote id -> (buy order line, quantity) of what is to be written."""
    return {
        key: (row["buyOrderLineId"], row["quantity"])
        for key, row in rows.items()
        if row["decision"] == "write"
    }
