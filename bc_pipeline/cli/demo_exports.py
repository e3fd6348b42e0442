"""What the demo writes to Business Central: what became of a buy order, and a file of each
accounting entity with good and bad records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.optiply.store import Shop
from bc_pipeline.to_business_central.inbox.place import directory

Records = list[dict[str, Any]]

STEM = "demo"


def marker(order_id: int) -> str:
    """What tells a purchase order in Business Central that it is a buy order's (mapping.md 8.3)."""
    return f"OP-{order_id}"


def standing(company: Company, order_id: int) -> Row:
    """The purchase order in Business Central that carries a buy order's marker.

    Raises:
        LookupError: there is none.
    """
    wanted = marker(order_id)
    for line in company.tables["purchaseOrderLines"].values():
        if line["lineType"] == "Comment" and line["description"] == wanted:
            return company.tables["purchaseOrders"][line["documentId"]]
    return _first(company, "purchaseOrders", number=wanted)


def describe(company: Company, order: Row) -> Iterator[str]:
    """A purchase order with its lines, in words."""
    yield f"purchase order {order['number']} from {order['vendorName']}, {order['status']}"
    lines = company.tables["purchaseOrderLines"].values()
    for line in sorted(lines, key=lambda row: row["sequence"]):
        if line["documentId"] != order["id"]:
            continue
        if line["lineType"] == "Comment":
            yield f"  {line['sequence']:>6}  comment {line['description']}"
        else:
            goods = f"{line['lineObjectNumber']} {line['description']}"
            quantity, cost = line["quantity"].normalize(), line["directUnitCost"].normalize()
            yield f"  {line['sequence']:>6}  {quantity:f} x {goods} at {cost:f}"


def copies(shop: Shop, order_id: int) -> int:
    """How many other buy orders Optiply has for the same purchase order; there should be none."""
    orders = shop.rows("buyOrders")
    remote_id = next(row["remoteId"] for row in orders if row["id"] == order_id)
    return sum(row["remoteId"] == remote_id and row["id"] != order_id for row in orders)


def receive(company: Company, order_id: int) -> str:
    """Receive a buy order's goods in Business Central; what happened, in words."""
    number = standing(company, order_id)["number"]
    return apply_to(company, "receive_purchase_order", {"order": number})


def received_lines(shop: Shop, order_id: int) -> list[Row]:
    """The receipts Optiply knows of an order's own lines."""
    lines = {row["id"] for row in shop.rows("buyOrderLines") if row["buyOrderId"] == order_id}
    return [row for row in shop.rows("receiptLines") if row["buyOrderLineId"] in lines]


def drop_files(company: Company, snapshot_dir: Path, today: date) -> list[str]:
    """Drop one file of each accounting entity, each with a good and a bad record.

    Returns:
        the names of the files, in the order they are written to Business Central.
    """
    place = directory(snapshot_dir)
    place.mkdir(parents=True, exist_ok=True)
    names = []
    for stream, records in _files(company, today.isoformat()).items():
        name = f"{stream}.{STEM}.jsonl"
        # Under another name first: a run may look at any moment.
        written = place / f"{name}.tmp"
        written.write_text("".join(f"{json.dumps(record)}\n" for record in records), "utf-8")
        written.rename(place / name)
        names.append(name)
    return names


def _files(company: Company, today: str) -> dict[str, Records]:
    """The records of ``demo_records.json`` by stream, with what this company has in them."""
    first, second = _accounts(company)
    text = resources.files(__package__).joinpath("demo_records.json").read_text("utf-8")
    filled = Template(text).substitute(
        today=today,
        first=first,
        second=second,
        item=_first(company, "items", type="Inventory", blocked=False)["number"],
        journal=_first(company, "vendorPaymentJournals")["code"],
        department=_department(company),
    )
    records: dict[str, Records] = json.loads(filled)
    return records


def results(snapshot_dir: Path, names: list[str]) -> list[dict[str, Any]]:
    """The result lines of files that were written, each with its ``file``."""
    place = directory(snapshot_dir) / "results"
    return [
        {"file": name, **json.loads(line)}
        for name in names
        for line in (place / f"{name}.results.jsonl").read_text("utf-8").splitlines()
    ]


def _accounts(company: Company) -> tuple[str, str]:
    """Two accounts of the income statement that may be posted to."""
    usable = [
        str(row["number"])
        for row in company.tables["accounts"].values()
        if row["accountType"] == "Posting" and row["directPosting"] and not row["blocked"]
    ]
    first, second = sorted(usable)[-2:]
    return first, second


def _department(company: Company) -> str:
    dimension = _first(company, "dimensions", code="DEPARTMENT")["id"]
    for row in company.tables["dimensionValues"].values():
        if row["dimensionId"] == dimension and not row.get("#blocked"):
            return str(row["code"])
    raise LookupError("the demo needs a department")


def _first(company: Company, table: str, **wanted: object) -> Row:
    """The first row of a table with the wanted values."""
    for row in company.tables[table].values():
        if all(row.get(name) == value for name, value in wanted.items()):
            return row
    raise LookupError(f"the demo needs one of {table} with {wanted}")
