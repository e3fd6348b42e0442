from __future__ import annotations

from collections.abc import Iterator

import pytest

from bc_pipeline_tests.mapping.mirror import Company, new_company


@pytest.fixture(scope="session")
def snapshot() -> Iterator[Company]:
    """One snapshot for all tests, with an empty company in EUR."""
    company = new_company(optimizer=False)
    company.company_currency("EUR")
    yield company
    company.cursor.close()


@pytest.fixture
def company(snapshot: Company) -> Iterator[Company]:
    """An empty company in EUR; what a test does with it is never committed."""
    with snapshot.undone() as company:
        yield company


@pytest.fixture
def shop(company: Company) -> Company:
    """Items A and B and vendor V1 stand in Optiply."""
    company.product("A", 1)
    company.product("B", 2)
    company.supplier("V1", 100)
    return company
