"""What tests of writes compare: a whole company, a default dimension, how a refusal looks."""

from __future__ import annotations

from typing import Any

from bc_pipeline.sandbox.company.company import Company
from bc_pipeline_tests.sandbox.conftest import BcClient

NOWHERE = "12345678-1234-1234-1234-123456789abc"
DIALOG = (400, "Application_DialogException")


def state(company: Company) -> Any:
    """Everything a company holds, order of rows included."""
    tables = {
        name: [(key, dict(row)) for key, row in table.items()]
        for name, table in company.tables.items()
        if table
    }
    stock = {id: company.stock(id) for id in company.tables["items"]}
    return tables, stock, dict(company.last_entry_numbers)


def area(bc: BcClient, value: str = "40") -> dict[str, str]:
    """A default dimension, by ids."""
    dimension = bc.company.find("dimensions", code="AREA")[0]["id"]
    chosen = bc.company.find("dimensionValues", dimensionId=dimension, code=value)[0]["id"]
    return {"dimensionId": dimension, "dimensionValueId": chosen}


def vendor(bc: BcClient) -> dict[str, Any]:
    """A vendor without dimensions, made once per company."""
    company = bc.company
    found = company.find("vendors", number="PLAIN")
    return found[0] if found else company.insert("vendors", {"number": "PLAIN", "city": "Ede"})
