"""Records that were written or refused can be looked at and sent again."""

from __future__ import annotations

import pytest

from bc_pipeline.errors import ConfigError
from bc_pipeline.run import operator_actions
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.story.shown import show
from bc_pipeline_tests.run.exports.house import CUSTOMERS, House
from bc_pipeline_tests.to_business_central.records import drop, left, results


def test_given_a_written_record_then_it_can_be_looked_at(house: House):
    drop(house.directory, "Customers.jsonl", {"externalId": "a", "email": "a@b.nl"})
    house.run(CUSTOMERS)

    (story,) = show(house.tenant(), CUSTOMERS, "a")
    shown = story.as_json()

    assert shown["record"] == {"externalId": "a", "email": "a@b.nl"}
    assert (shown["ledger"]["state"], shown["ledger"]["bc_number"]) == ("done", "A")
    assert [(o["file"], o["line"]) for o in shown["outcomes"]] == [("Customers.jsonl", 1)]


def test_given_refused_records_then_resend_brings_exactly_these_again(house: House):
    writer = house.writers["customers"]
    writer.refused = {"b": "value is blocked", "c": "value is blocked"}
    drop(house.directory, "Customers.jsonl", *({"externalId": x, "email": "x@y"} for x in "abc"))
    house.run(CUSTOMERS)
    writer.refused.clear()

    assert operator_actions.resend(house.tenant(), CUSTOMERS) == 2
    assert operator_actions.resend_outbound(house.tenant()) == 0  # they wait already
    (name,) = left(house.directory)
    assert name.startswith("Customers.resend-")
    summary = house.run(CUSTOMERS)

    assert writer.calls[-1] == ["b", "c"]
    assert summary.entities[CUSTOMERS].created == 2
    assert [line["externalId"] for line in results(house.directory, name)] == ["b", "c"]
    assert operator_actions.resend_outbound(house.tenant()) == 0


def test_given_one_refused_record_then_it_alone_can_be_sent_again(house: House):
    house.writers["customers"].refused = {"b": "no", "c": "no"}
    drop(house.directory, "Customers.jsonl", *({"externalId": x} for x in "abc"))
    house.run(CUSTOMERS)

    assert operator_actions.resend_outbound(house.tenant(), "customers", "c") == 1
    assert operator_actions.retry(house.tenant(), CUSTOMERS, "b") == 1
    with pytest.raises(ConfigError, match="no export"):
        operator_actions.resend_outbound(house.tenant(), "outbound/klanten")


def test_given_a_company_that_came_later_then_resend_is_not_repeated_for_ever(house: House):
    drop(house.directory, "Customers.jsonl", {"externalId": "a", "subsidiaryName": "Nowhere"})
    house.run(CUSTOMERS)

    assert operator_actions.resend_outbound(house.tenant()) == 1
    with Snapshot.open(house.directory, read_only=True) as snapshot:
        assert snapshot.frame("outbound.ledger").empty
