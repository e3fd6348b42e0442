"""Changes of a company are kept together or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.company.transaction import Transaction
from bc_pipeline_tests.sandbox.business_central.writes import state


class Refused(Exception):
    """What rules raise."""


def company(name: str = "A") -> Company:
    made = Company(name, currency_code="EUR", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    for number in range(1, 6):
        item = made.insert("items", {"number": f"I{number}"})
        made.insert("itemVariants", {"itemId": item["id"], "code": f"V{number}"})
        vendor = made.insert("vendors", {"number": f"V{number}"})
        order = made.insert("purchaseOrders", {"vendorId": vendor["id"], "number": f"O{number}"})
        for line in (1, 2):
            values = {"documentId": order["id"], "sequence": line, "itemId": item["id"]}
            made.insert("purchaseOrderLines", values)
        for dimension in ("d1", "d2"):
            values = {"id": dimension, "parentId": order["id"], "valueCode": "x"}
            made.insert("dimensionSetLines", values)
    return made


def looked_up(made: Company) -> Any:
    """What look-ups and the default order find; keys only."""
    return {
        "lines": {r["id"]: ids(made, "purchaseOrderLines", r) for r in made.find("purchaseOrders")},
        "numbers": {r["number"]: r["id"] for r in made.find("vendors")},
        "found": [{r["id"] for r in made.find("vendors", number=f"V{n}")} for n in range(9)],
        "ordered": {name: list(made.ordered(name)) for name in ("purchaseOrderLines", "vendors")},
    }


def ids(made: Company, entity_set: str, parent: dict[str, Any]) -> list[str]:
    return sorted(r["id"] for r in made.find(entity_set, documentId=parent["id"]))


def insert(made: Company, random: Random) -> None:
    made.insert("vendors", {"number": f"V{random.randint(0, 8)}"})


def rename(made: Company, random: Random) -> None:
    row = random.choice(made.find("vendors") or made.find("items"))
    entity_set = "vendors" if row["id"] in made.tables["vendors"] else "items"
    made.modify(entity_set, row["id"], number=f"V{random.randint(0, 8)}")


def resequence(made: Company, random: Random) -> None:
    for line in made.find("purchaseOrderLines")[:2]:
        made.modify("purchaseOrderLines", line["id"], sequence=random.randint(0, 99))


def other_dimension(made: Company, random: Random) -> None:
    for line in made.find("dimensionSetLines")[:1]:
        key = made.key_of("dimensionSetLines", line)
        made.modify("dimensionSetLines", key, valueCode=random.choice("xyz"))


def delete(made: Company, random: Random) -> None:
    entity_set = random.choice(["vendors", "items", "purchaseOrders"])
    if rows := made.find(entity_set):
        made.delete(entity_set, random.choice(rows)["id"])


def move(made: Company, random: Random) -> None:
    if items := made.find("items"):
        made.post_ledger(
            random.choice(items)["id"],
            random.randint(-9, 9),
            entry_type="Purchase",
            document_number="D",
            posting_date="2026-01-01",
            location_code=random.choice(["", "L"]),
        )


CHANGES: list[Callable[[Company, Random], None]] = [
    insert,
    rename,
    resequence,
    other_dimension,
    delete,
    move,
]


@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(st.sampled_from(CHANGES), max_size=6),
    inside=st.lists(st.sampled_from(CHANGES), max_size=12),
    seed=st.integers(0, 999),
)
def test_whatever_was_changed_is_taken_back(before: list, inside: list, seed: int) -> None:
    made, random = company(), Random(seed)
    for change in before:
        change(made, random)
    looked_up(made)  # indexes and orders are there, as after some reading
    stored, found = state(made), looked_up(made)
    with pytest.raises(Refused), Transaction([made]):
        for change in inside:
            change(made, random)
        raise Refused
    assert state(made) == stored
    assert looked_up(made) == found


def test_without_an_error_everything_stays() -> None:
    made = company()
    with Transaction([made]):
        made.insert("vendors", {"number": "NEW"})
    assert made.find("vendors", number="NEW")
    assert made.undo is None


def test_taking_back_leaves_the_tags_as_they_were_but_not_the_version() -> None:
    made = company()
    vendor = made.find("vendors")[0]
    tag, version = vendor["@odata.etag"], made.version
    with pytest.raises(Refused), Transaction([made]):
        made.modify("vendors", vendor["id"], displayName="x")
        raise Refused
    assert vendor["@odata.etag"] == tag
    assert made.version > version  # what was read in between is not what is there now


def test_a_refused_part_loses_its_own_changes_only() -> None:
    made = company()
    with Transaction([made]) as transaction:
        made.insert("vendors", {"number": "FIRST"})
        with pytest.raises(Refused), transaction.part():
            made.insert("vendors", {"number": "SECOND"})
            raise Refused
    assert made.find("vendors", number="FIRST")
    assert not made.find("vendors", number="SECOND")


def test_what_was_committed_stays() -> None:
    made, other = company(), company("B")
    with pytest.raises(Refused), Transaction([made, other]) as transaction:
        made.insert("vendors", {"number": "POSTED"})
        transaction.commit()
        other.insert("vendors", {"number": "LATER"})
        raise Refused
    assert made.find("vendors", number="POSTED")
    assert not other.find("vendors", number="LATER")


def test_a_commit_inside_a_part_that_fails_later_stays() -> None:
    made = company()
    with Transaction([made]) as transaction:
        made.insert("vendors", {"number": "BEFORE"})
        with pytest.raises(Refused), transaction.part():
            made.insert("vendors", {"number": "POSTED"})
            transaction.commit()
            made.insert("vendors", {"number": "AFTER"})
            raise Refused
        transaction.roll_back()
    kept = {row["number"] for row in made.find("vendors")}
    assert {"BEFORE", "POSTED"} <= kept
    assert "AFTER" not in kept
