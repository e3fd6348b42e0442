"""A process that ends, or an answer that is lost, at any request: after the next run each bill
stands in Business Central exactly once, with the right lines and dimensions (D13)."""

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
def test_D13_a_draft_left_half_written_is_resumed_to_exactly_the_wanted_lines(
    world: DocumentsWorld, how: str
) -> None:
    name = how.split()[-1]

    for records, result in world.interrupted(
        ENTITY, how, lambda n: [bill(f"{name}-{n}-{i}") for i in (1, 2)]
    ):
        assert {end["state"] for end in result.ends.values()} == {"done"}, result.problems
        for record in records:
            check(world, record, status="Draft")


@pytest.mark.parametrize("how", deep_but(INTERRUPTIONS, LOST))
def test_D13_likewise_where_lines_cannot_go_along_with_their_header(
    world: DocumentsWorld, how: str
) -> None:
    world.company.settings.deep_insert = False
    name = how.split()[-1]

    for (record,), result in world.interrupted(ENTITY, how, lambda n: [bill(f"{name}-flat-{n}")]):
        assert {end["state"] for end in result.ends.values()} == {"done"}, result.problems
        check(world, record, status="Draft")
