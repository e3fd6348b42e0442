from __future__ import annotations

from collections.abc import Iterator

import pytest

from bc_pipeline_tests.mapping.mirror import Company, new_company


@pytest.fixture(scope="session")
def snapshot() -> Iterator[Company]:
    """One snapshot for all tests: emptying it is faster than making another."""
    company = new_company()
    yield company
    company.cursor.close()


@pytest.fixture
def company(snapshot: Company) -> Company:
    """An empty company in EUR."""
    snapshot.clear()
    snapshot.company_currency("EUR")
    return snapshot
