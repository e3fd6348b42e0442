"""Random business: repeatable, complete, always sound."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bc_pipeline.sandbox.changes import NAMES, apply_to, random_changes
from bc_pipeline.sandbox.changes.random_changes import PICKS, WEIGHTS
from bc_pipeline.sandbox.companies import cronus, wholesale
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline_tests.sandbox.consistency import faults

NOW = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)


def now() -> datetime:
    return NOW


def wholesaler() -> Company:
    return wholesale.build(clock=now, seed=4, items=80, months=2)


def kinds(done: list[str]) -> set[str]:
    return {told.partition("(")[0] for told in done}


def test_given_every_change_then_it_has_a_weight_and_a_pick():
    assert set(NAMES) == set(WEIGHTS) == set(PICKS)


@pytest.mark.parametrize("seed", range(5))
def test_given_200_changes_to_the_wholesaler_then_every_kind_happened_and_all_is_sound(seed: int):
    company = wholesaler()
    done = random_changes(company, seed, 200)
    assert len(done) == 200
    assert kinds(done) == set(NAMES)
    assert faults(company) == []


@pytest.mark.parametrize("seed", range(5))
def test_given_200_changes_to_cronus_then_all_is_sound(seed: int):
    company = cronus.build(now)
    before = faults(company)
    done = random_changes(company, seed, 200)
    # Cronus publishes no item card.
    assert set(NAMES) - kinds(done) == {"change_item_card", "change_main_vendor"}
    assert faults(company) == before


def test_given_the_same_seed_then_the_same_changes():
    first, second, other = (random_changes(wholesaler(), seed, 60) for seed in (7, 7, 8))
    assert first == second
    assert first != other


def test_given_only_some_kinds_then_no_other_happens():
    done = random_changes(wholesaler(), 1, 30, kinds={"move_stock", "rename_item"})
    assert kinds(done) == {"move_stock", "rename_item"}


def test_given_nothing_can_be_done_then_it_says_so(company: Company):
    with pytest.raises(ValueError, match="no further change"):
        random_changes(company, 1, 3, kinds={"pay_sales_invoice"})


def test_given_a_change_by_name_then_its_description_tells_what_was_done(company: Company):
    told = apply_to(company, "move_stock", {"item": "A", "quantity": 3})
    assert told == "move_stock(item='A', quantity=3) -> T00001"
    with pytest.raises(KeyError):
        apply_to(company, "burn_down", {})
    with pytest.raises(TypeError):
        apply_to(company, "move_stock", {"colour": "red"})
