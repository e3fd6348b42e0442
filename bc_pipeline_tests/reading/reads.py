"""Rows to read and questions to the mirror, for the tests of reading."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.reading.entity import ReadResult, read_entity
from bc_pipeline_tests.business_central.fake import World


def invoice(id: str, stamp: str = "2026-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    lines = more.pop("lines", [{"id": f"{id}-1", "sequence": 10000, "quantity": 2}])
    return {
        "id": id,
        "number": id,
        "lastModifiedDateTime": stamp,
        "salesInvoiceLines": lines,
        **more,
    }


def vendor(id: str, stamp: str = "2026-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    return {"id": id, "number": id, "displayName": id, "lastModifiedDateTime": stamp, **more}


def read(world: World, name: str = "bc/sales_invoices", **how: Any) -> ReadResult:
    return read_entity(world.bc, world.snapshot, ENTITIES[name], run_no=how.pop("run_no", 1), **how)


def ids(world: World, table: str = "sales_invoices") -> list[str]:
    return [row[0] for row in world.rows(f"SELECT id FROM bc.{table} ORDER BY id")]


def bookmark(world: World, entity: str) -> datetime | None:
    found = world.rows(f"SELECT stamp FROM ops.bookmarks WHERE entity = '{entity}'")
    return found[0][0] if found else None


def reads(world: World) -> list[tuple[Any, ...]]:
    return world.rows("SELECT entity, mode, rows, pages, requests, complete, reason FROM ops.reads")


DOCUMENTS = {
    "bc/sales_invoices": ("salesInvoices", "salesInvoiceLines"),
    "bc/sales_shipments": ("salesShipments", "salesShipmentLines"),
    "bc/purchase_receipts": ("purchaseReceipts", "purchaseReceiptLines"),
}
BEFORE, NOW = "2026-01-01T00:00:00Z", "2026-03-01T12:00:00Z"


def document(name: str, id: str, stamp: str = NOW) -> dict[str, Any]:
    line = {"id": f"{id}-1", "sequence": 10000, "quantity": 2}
    return {"id": id, "number": id, "lastModifiedDateTime": stamp, DOCUMENTS[name][1]: [line]}


def everything(world: World, name: str) -> tuple[list[str], list[str]]:
    table = name.removeprefix("bc/")
    return ids(world, table), ids(world, f"{table.removesuffix('s')}_lines")


def looked_up(world: World, entity_set: str) -> list[str]:
    return [
        seen.entity_set for seen in world.fake.seen if seen.entity_set.startswith(f"{entity_set}(")
    ]
