"""Every state a record can be in says what it means, and what to do, in commands to type."""

from __future__ import annotations

from typing import get_args

import pytest

from bc_pipeline.catalogue import states
from bc_pipeline.catalogue.states import FOR_BUSINESS_CENTRAL, FOR_OPTIPLY, GUARD
from bc_pipeline.run.records import HELD
from bc_pipeline.run.tenant_state import HELD_STATES, NEED_A_PERSON, OPEN_EXPORT_STATES
from bc_pipeline.to_business_central.export_types import LedgerState
from bc_pipeline_tests.alerts.kinds_world import assert_typed_as_it_stands

ALL = [("optiply/products", state) for state in FOR_OPTIPLY] + [
    (task, state)
    for task in ("outbound/customers", "outbound/purchase_orders")
    for state in FOR_BUSINESS_CENTRAL
]


def test_every_state_of_the_books_is_described():
    assert set(FOR_BUSINESS_CENTRAL) == set(get_args(LedgerState)) >= set(OPEN_EXPORT_STATES)
    assert set(FOR_OPTIPLY) >= {GUARD, *HELD_STATES}
    assert {*FOR_OPTIPLY, *FOR_BUSINESS_CENTRAL} >= set(HELD)


def test_what_waits_for_a_person_says_what_to_do():
    assert all(FOR_BUSINESS_CENTRAL[state].todo for state in (*NEED_A_PERSON, "failed"))
    assert all(FOR_OPTIPLY[state].todo for state in (GUARD, *HELD_STATES))


@pytest.mark.parametrize(("task", "state"), ALL)
@pytest.mark.parametrize("records", [(), ("1000",), ("-7 'x'",), ("1", "2")])
def test_every_command_can_be_typed_as_it_stands(task: str, state: str, records: tuple[str, ...]):
    told = states.advice(task, state, "acme", records)

    assert_typed_as_it_stands(told)
    assert not set("{}").intersection(told)


@pytest.mark.parametrize(
    ("task", "state", "records", "told"),
    [
        ("optiply/products", "quarantined", ("7",), "retry acme products 7. All about it: "),
        ("outbound/vendors", "failed", ("7",), "resend acme vendors 7. All about it: "),
        ("outbound/vendors", "failed", ("7", "8"), "resend acme vendors. All of them: "),
        ("outbound/vendors", "failed", ("7",), "show acme vendors 7"),
        ("outbound/vendors", "failed", ("7", "8"), "records acme vendors --state failed"),
        ("outbound/purchase_orders", "ambiguous", ("7", "8"), "resend acme purchase_orders KEY."),
    ],
)
def test_of_one_its_own_command_and_of_several_that_for_all(
    task: str, state: str, records: tuple[str, ...], told: str
):
    assert told in states.advice(task, state, "acme", records)


def test_given_a_record_of_a_file_then_nobody_is_told_to_set_it_free():
    assert "resend" not in states.advice("outbound/customers", "ambiguous", "acme", ("7",))


def test_given_a_word_that_nobody_has_described_then_it_stands_for_itself():
    assert states.means("optiply/products", "odd") == "odd"
    assert states.todo("optiply/products", "odd", "acme") is None
