"""A bill belongs to the record that made it: another externalId with its vendor and bill number is
refused and changes nothing."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.to_business_central.accounting_world import Result
from bc_pipeline_tests.to_business_central.bills.records import line, record, told
from bc_pipeline_tests.to_business_central.documents_world import VENDOR, DocumentsWorld

ENTITY = "purchase_invoices"
NEW = r"/purchaseInvoices(\?|$)"
pytestmark = pytest.mark.covers("decision 6")


def refused(result: Result, second: str, first: str) -> bool:
    """Whether a record was refused for the sake of another one, and both are named."""
    end = result.ends[second]
    named = f"externalId {first}," in end["reason"] and f"externalId {second};" in end["reason"]
    return bool(end["error"] == "DuplicatedRecord" and named and end["id"] is None)


@pytest.mark.parametrize("posted", [False, True])
def test_given_another_records_bill_number_then_that_record_fails_and_the_bill_stays(
    world: DocumentsWorld, posted: bool
) -> None:
    world.configure(post_documents=True)
    first = f"own-{posted}".lower()
    world.run(ENTITY, record(first, isDraft=not posted))
    before = world.bill(first)

    second = record(f"{first}-2", line("a", quantity=9), billNumber=f" {first.upper()}")
    result = world.run(ENTITY, second)

    assert (before["status"] == "Draft") is not posted
    assert refused(result, f"{first}-2", first)
    assert world.bill(first)["@odata.etag"] == before["@odata.etag"]
    assert told(world, first, "quantity") == [(1,)]


def test_given_two_bills_of_one_run_with_one_number_then_the_first_is_made_and_the_second_fails(
    world: DocumentsWorld,
) -> None:
    result = world.run(
        ENTITY, record("pair-1", billNumber="PAIR"), record("pair-2", billNumber="pair")
    )

    assert result.counts == {"created": 1, "quarantined": 1}
    assert refused(result, "pair-2", "pair-1")
    assert result.ends["pair-1"]["id"] == world.bill("pair")["id"]


def test_given_two_bills_of_a_dry_run_with_one_number_then_the_second_fails_too(
    world: DocumentsWorld,
) -> None:
    two = (record("dry-1", billNumber="DRY"), record("dry-2", billNumber="DRY"))

    result = world.run(ENTITY, *two, dry_run=True)

    assert result.counts == {"created": 1, "quarantined": 1}


def test_given_a_record_that_was_refused_then_it_is_written_once_it_has_a_number_of_its_own(
    world: DocumentsWorld,
) -> None:
    world.run(ENTITY, record("mend-1"), record("mend-2", billNumber="mend-1"))

    result = world.run(ENTITY, record("mend-2"))

    assert result.counts == {"created": 1}
    assert told(world, "mend-1", "quantity") == told(world, "mend-2", "quantity") == [(1,)]


def test_given_a_bill_renamed_to_another_records_number_then_both_bills_stay(
    world: DocumentsWorld,
) -> None:
    world.run(ENTITY, record("name-1"), record("name-2"))

    result = world.run(ENTITY, record("name-2", line("a", quantity=9), billNumber="name-1"))

    assert result.ends["name-2"]["error"] == "DuplicatedRecord"
    assert "externalId name-1," in result.ends["name-2"]["reason"]
    assert told(world, "name-2", "quantity") == [(1,)]


@pytest.mark.parametrize("renamed_first", [True, False])
def test_given_a_bill_renamed_to_the_number_of_a_new_one_then_only_one_of_them_gets_it(
    world: DocumentsWorld, renamed_first: bool
) -> None:
    names = [f"{'r' if renamed_first else 'n'}{n}" for n in range(4)]
    world.run(ENTITY, *(record(f"{name}-old") for name in names))
    renamed = [record(f"{name}-old", billNumber=f"{name}-new") for name in names]
    new = [record(f"{name}-new") for name in names]

    result = world.run(ENTITY, *(renamed + new if renamed_first else new + renamed))

    assert result.quarantined == len(names)
    for name in names:
        loser = f"{name}-new" if renamed_first else f"{name}-old"
        assert result.ends[loser]["error"] == "DuplicatedRecord"
        assert world.bill(f"{name}-new")


def test_given_two_bills_renamed_to_one_number_then_only_the_first_gets_it(
    world: DocumentsWorld,
) -> None:
    names = [f"t{n}" for n in range(4)]
    old = [f"{name}-{part}" for name in names for part in "ab"]
    world.run(ENTITY, *(record(each) for each in old))

    result = world.run(ENTITY, *(record(each, billNumber=each[:2]) for each in old))

    assert result.counts == {"updated": len(names), "quarantined": len(names)}
    assert {x for x in old if result.ends[x]["error"]} == {f"{name}-b" for name in names}


def test_given_a_bill_whose_making_has_no_answer_yet_then_its_number_is_taken_already(
    world: DocumentsWorld,
) -> None:
    world.sandbox.faults.add("bc", action="drop", method="POST", path=NEW, times=None)
    lost = world.run(ENTITY, record("lost-1", billNumber="LOST"))
    world.sandbox.faults.clear()

    result = world.run(ENTITY, record("lost-2", billNumber="lost"))

    assert lost.counts == {"deferred": 1}
    assert refused(result, "lost-2", "lost-1")
    assert world.run(ENTITY, record("lost-1", billNumber="LOST")).counts == {"created": 1}


def test_given_the_same_record_again_then_it_changes_its_bill(world: DocumentsWorld) -> None:
    world.run(ENTITY, record("again"))

    result = world.run(ENTITY, record("again", line("a", quantity=3)))

    assert result.counts == {"updated": 1}
    assert told(world, "again", "quantity") == [(3,)]


def test_given_a_bill_that_a_person_made_then_the_record_takes_it_on(world: DocumentsWorld) -> None:
    (vendor,) = world.rows("vendors", number=VENDOR)
    world.run(ENTITY, record("somebody"))
    person = world.bill("somebody")
    world.person_sets("purchaseInvoices", person, vendorInvoiceNumber="SOMEBODY-2")
    world.forget(ENTITY)

    result = world.run(ENTITY, record("ours", billNumber="somebody-2", vendorId=vendor["id"]))

    assert result.ends["ours"]["id"] == person["id"]
    assert result.ends["ours"]["state"] == "done"
