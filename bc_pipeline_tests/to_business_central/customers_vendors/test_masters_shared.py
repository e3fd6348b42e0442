"""Two externalIds for one customer or vendor: the number is who it is, so both write it; told."""

from __future__ import annotations

import pytest

from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld

pytestmark = pytest.mark.covers("decision 6")
MASTERS = (
    ("customers", {"customerNumber": "SHARED", "companyName": "First"}),
    ("vendors", {"vendorNumber": "SHARED", "vendorName": "First"}),
)


def warnings(world: AccountingWorld) -> list[str]:
    """What the tenant's runs have warned of, in order."""
    with Snapshot.open(world.tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        found = cursor.execute(
            "SELECT message FROM ops.warnings WHERE kind = 'written_by_two' ORDER BY run_no"
        ).fetchall()
    return [str(row[0]) for row in found]


@pytest.mark.parametrize(("entity", "fields"), MASTERS)
def test_given_another_external_id_with_its_number_then_it_is_written_and_a_warning_names_both(
    world: AccountingWorld, entity: str, fields: dict[str, str]
) -> None:
    world.run(entity, {"externalId": "crm-1", **fields})

    result = world.run(entity, {"externalId": "crm-2", **fields, "email": "new@example.com"})

    assert result.counts == {"updated": 1}
    assert result.warnings == {"written_by_two": 1}
    (told,) = warnings(world)
    assert f"{entity} SHARED" in told
    assert "externalId crm-1" in told
    assert "crm-2" in told


@pytest.mark.parametrize(("entity", "fields"), MASTERS)
def test_given_two_new_records_of_one_run_with_one_number_then_the_second_is_warned_of_once(
    world: AccountingWorld, entity: str, fields: dict[str, str]
) -> None:
    first, second = ({"externalId": id, **fields, "email": f"{id}@a.example"} for id in "ab")

    result = world.run(entity, first, second)

    assert result.counts == {"created": 1, "updated": 1}
    assert result.warnings == {"written_by_two": 1}


@pytest.mark.parametrize(("entity", "fields"), MASTERS)
def test_given_its_own_record_again_or_a_persons_then_nothing_is_warned_of(
    world: AccountingWorld, entity: str, fields: dict[str, str]
) -> None:
    world.add(entity, id="99999999-0000-4000-8000-000000000001", number="SHARED")

    for email in ("a@example.com", "b@example.com"):
        assert not world.run(entity, {"externalId": "crm-1", **fields, "email": email}).warnings
