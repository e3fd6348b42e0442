"""Small bills for tests."""

from __future__ import annotations

from typing import Any

from bc_pipeline_tests.to_business_central.documents_world import ITEMS, VENDOR, DocumentsWorld


def record(name: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = [*lines] or [line("a")]
    fields = {"externalId": name, "billNumber": name, "vendorNumber": VENDOR, "lineItems": given}
    return {**fields, **more}


def line(id: str | None = None, item: str = ITEMS[0], **more: Any) -> dict[str, Any]:
    named = {"externalId": id} if id else {}
    return {**named, "itemNumber": item, "quantity": 1, "unitPrice": 10, **more}


def told(world: DocumentsWorld, name: str, *keys: str) -> list[tuple[Any, ...]]:
    """Properties of the lines of a bill, by line number."""
    return [tuple(x[key] for key in keys) for x in world.lines(world.bill(name)["id"])]
