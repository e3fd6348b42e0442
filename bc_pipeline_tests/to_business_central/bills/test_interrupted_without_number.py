"""Bills without the vendor's number, interrupted: found again by what was sent."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.to_business_central.bills.whole_bill import bill
from bc_pipeline_tests.to_business_central.documents_world import (
    INTERRUPTIONS,
    LOST,
    DocumentsWorld,
    Record,
)

ENTITY = "purchase_invoices"


@pytest.mark.parametrize("how", deep_but(INTERRUPTIONS, LOST))
def test_a_bill_without_number_is_told_from_the_others_by_what_was_sent(
    world: DocumentsWorld, how: str
) -> None:
    month = INTERRUPTIONS.index(how) + 1

    def twins(n: int) -> list[Record]:
        due = f"2027-{month:02}-{n:02}"
        return [bill(f"{due}-{i}", numbered=False) | {"dueDate": due} for i in (1, 2)]

    for records, result in world.interrupted(ENTITY, how, twins):
        assert {end["state"] for end in result.ends.values()} == {"done"}, result.problems
        found = world.rows("purchaseInvoices", dueDate=records[0]["dueDate"])
        assert sorted(row["id"] for row in found) == sorted(
            result.ends[record["externalId"]]["id"] for record in records
        )
        assert [len(world.lines(row["id"])) for row in found] == [3, 3]
