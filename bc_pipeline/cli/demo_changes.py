"""The day in the demo: a handful of things people do in Business Central between two runs."""

from __future__ import annotations

from collections.abc import Iterator

from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline.sandbox.company.company import Company


def a_day_at_work(company: Company) -> Iterator[str]:
    """Apply the demo's changes to a company of the sandbox, telling each in words."""
    first, second = _pick(company, "items", 2, type="Inventory", blocked=False)
    (vendor,) = _pick(company, "vendors", 1, blocked="_x0020_")
    (customer,) = _pick(company, "customers", 1, blocked="_x0020_")
    sold = {"item": first, "quantity": 1}
    bought = {"item": second, "quantity": 10}

    yield apply_to(company, "move_stock", {"item": first, "quantity": 25})
    yield apply_to(company, "rename_item", {"item": second, "name": "Renamed in the demo"})
    yield apply_to(company, "new_vendor", {"name": "Demo Supplies Ltd.", "email": "d@demo.example"})
    yield apply_to(company, "new_sales_invoice", {"customer": customer, "lines": [sold]})
    ordered = apply_to(company, "new_purchase_order", {"vendor": vendor, "lines": [bought]})
    yield ordered
    number = ordered.rpartition(" -> ")[2]
    yield apply_to(company, "receive_purchase_order", {"order": number})


def _pick(company: Company, table: str, count: int, **wanted: object) -> list[str]:
    """Numbers of the first rows of a table that have the wanted values."""
    rows = company.tables[table].values()
    found = [
        str(row["number"])
        for row in rows
        if all(row.get(name) == value for name, value in wanted.items())
    ]
    return sorted(found)[:count]
