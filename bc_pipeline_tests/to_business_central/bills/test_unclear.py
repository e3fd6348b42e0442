"""No answer from Business Central: nothing is repeated blindly, nothing counts as absent without a
look."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.to_business_central.bills.records import line, record, told
from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld

ENTITY = "purchase_invoices"
NEW = r"/purchaseInvoices(\?|$)"


def test_a_request_that_never_arrived_is_sent_again_after_a_look(world: DocumentsWorld) -> None:
    fault = world.sandbox.faults.add("bc", action="drop", method="POST", path=NEW)

    result = world.run(ENTITY, record("dropped"))

    assert fault.hits
    assert result.counts == {"created": 1}
    assert world.bill("dropped")["status"] == "Draft"


def test_a_lost_answer_is_found_at_once(world: DocumentsWorld) -> None:
    fault = world.sandbox.faults.add("bc", action="apply_then_drop", method="POST", path=NEW)

    result = world.run(ENTITY, record("lost", line("a", groupNumber="LARGE")))

    assert fault.hits
    assert result.counts == {"created": 1}
    assert told(world, "lost", "sequence") == [(10_000,)]


def test_a_look_after_a_lost_answer_that_is_refused_leaves_the_bill_unresolved(
    world: DocumentsWorld,
) -> None:
    """An error of the look-up says nothing about the bill, whatever its status."""
    nameless = record("refused look", dueDate="2029-03-03")
    del nameless["billNumber"]
    world.sandbox.faults.add("bc", action="apply_then_drop", method="POST", path=NEW)
    look = world.sandbox.faults.add(
        "bc", action="status", status=400, path="vendorId eq", times=None
    )

    first = world.run(ENTITY, nameless)
    world.sandbox.faults.clear()
    second = world.run(ENTITY, nameless)

    assert look.hits
    assert (first.counts, second.counts) == ({"deferred": 1}, {"created": 1})
    assert len(world.rows("purchaseInvoices", dueDate="2029-03-03")) == 1


def test_where_bc_may_still_be_at_work_the_next_run_looks(world: DocumentsWorld) -> None:
    world.sandbox.faults.add("bc", action="status", status=504, method="POST", path=NEW)

    first = world.run(ENTITY, record("slow"))
    second = world.run(ENTITY, record("slow"))

    assert first.counts == {"deferred": 1}
    assert first.ends["slow"]["state"] == "ambiguous"
    assert second.counts == {"created": 1}
    assert world.bill("slow")["status"] == "Draft"


def test_two_drafts_that_may_be_the_lost_one_are_told_and_none_is_taken(
    world: DocumentsWorld,
) -> None:
    nameless = record("unclear", dueDate="2029-01-01")
    del nameless["billNumber"]
    world.run(ENTITY, nameless)
    world.run(ENTITY, nameless | {"externalId": "twin"})
    forget(world.tenant.snapshot_dir)

    result = world.run(ENTITY, nameless)

    assert result.counts == {"deferred": 1}
    assert "several drafts may be it" in result.problems[0].reason
    assert len(world.rows("purchaseInvoices", dueDate="2029-01-01")) == 2


def forget(directory: Path) -> None:
    """The ledger as it is when nobody knows what became of the first bill, and of the second."""
    with Snapshot.open(directory) as snapshot, snapshot.cursor() as connection:
        connection.execute("DELETE FROM outbound.ledger WHERE key LIKE '%twin%'")
        connection.execute(
            "UPDATE outbound.ledger SET state = 'intent', step = 'create', bc_id = NULL,"
            ' detail = json_merge_patch(detail, \'{"creating": true, "unfinished": [10000]}\')'
        )


def test_a_lost_answer_to_posting_is_looked_up(world: DocumentsWorld) -> None:
    world.configure(post_documents=True)
    fault = world.sandbox.faults.add("bc", action="apply_then_drop", path=r"NAV\.post")

    result = world.run(ENTITY, record("lost-post", isDraft=False))

    assert fault.hits
    assert result.ends["lost-post"]["action"] == "posted"
    assert world.bill("lost-post")["status"] == "Open"


def test_a_bill_somebody_else_is_at_work_on_is_posted_in_the_next_run(
    world: DocumentsWorld,
) -> None:
    world.configure(post_documents=True)
    body = {"error": {"code": "Request_EntityChanged", "message": "Another user has changed it."}}
    world.sandbox.faults.add("bc", action="status", status=409, body=body, path=r"NAV\.post")

    first = world.run(ENTITY, record("busy", isDraft=False))
    second = world.run(ENTITY, record("busy", isDraft=False))

    assert (first.counts, second.counts) == ({"deferred": 1}, {"created": 1})
    assert world.bill("busy")["status"] == "Open"


def test_posting_that_never_arrived_is_sent_again(world: DocumentsWorld) -> None:
    world.configure(post_documents=True)
    fault = world.sandbox.faults.add("bc", action="drop", path=r"NAV\.post")

    result = world.run(ENTITY, record("dropped-post", isDraft=False))

    assert fault.hits
    assert result.ends["dropped-post"]["action"] == "posted"
    assert world.bill("dropped-post")["status"] == "Open"


def test_of_two_lost_drafts_each_record_finds_its_own_by_its_lines(world: DocumentsWorld) -> None:
    fields = {"dueDate": "2029-02-02"}
    one, two = (record(f"own-{n}", line("a", quantity=n), **fields) for n in (3, 4))
    for bill in (one, two):
        del bill["billNumber"]
    before = world.run(ENTITY, one, two)
    forget(world.tenant.snapshot_dir)

    after = world.run(ENTITY, one, two)

    assert [after.ends[f"own-{n}"]["id"] for n in (3, 4)] == [
        before.ends[f"own-{n}"]["id"] for n in (3, 4)
    ]
    assert len(world.rows("purchaseInvoices", dueDate="2029-02-02")) == 2


@pytest.mark.parametrize("action", ["no_value", "not_json", "empty"])
@pytest.mark.parametrize("after", range(3, 9))
def test_given_somebody_else_answers_with_200_then_the_bill_is_made_once(
    world: DocumentsWorld, action: str, after: int
) -> None:
    world.configure(post_documents=True)
    name = f"proxy-{action}-{after}"
    bill = record(name, line("a", locationNumber="EAST", groupNumber="LARGE"), isDraft=False)
    world.sandbox.faults.add("bc", action=action, after=after)

    first = world.run(ENTITY, bill)
    world.sandbox.faults.clear()
    world.run(ENTITY, bill)

    assert "unexpected" not in str(first.problems)
    assert world.bill(name)["status"] == "Open"
    assert told(world, name, "unitCost") == [(10,)]
