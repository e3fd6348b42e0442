"""Posting a bill, interrupted at any request: it is posted exactly once (D12)."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.to_business_central.bills.whole_bill import bill, check
from bc_pipeline_tests.to_business_central.documents_world import (
    INTERRUPTIONS,
    LOST,
    DocumentsWorld,
)

ENTITY = "purchase_invoices"


@pytest.mark.parametrize("how", deep_but(INTERRUPTIONS, LOST))
def test_D12_a_bill_that_is_posted_is_posted_once(world: DocumentsWorld, how: str) -> None:
    world.configure(post_documents=True)
    name = how.split()[-1]

    for (record,), result in world.interrupted(
        ENTITY, how, lambda n: [bill(f"{name}-{n}", draft=False)]
    ):
        assert {end["state"] for end in result.ends.values()} == {"done"}, result.problems
        check(world, record, status="Open")
        number = world.bill(record["billNumber"])["number"]
        assert result.ends[record["externalId"]]["number"] == number
