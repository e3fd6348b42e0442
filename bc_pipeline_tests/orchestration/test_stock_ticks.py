"""Ticks of stock alone, between two of everything."""

from __future__ import annotations

import pytest
from dagster import (
    SkipReason,
)

from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.ticks import (
    AT,
    NEVER,
    at_work,
    evaluate_stock,
    has_run,
    shards,
    sweeps,
    swept,
    synced,
)

__all__ = ["shards", "synced"]


class TestStock:
    def test_given_two_tenants_then_a_tick_asks_for_one_sweep_of_stock(self, synced, instance):
        requests = evaluate_stock(instance)

        assert swept(requests, synced) == ["acme", "globex"]
        assert sweeps(requests)["stock 1/1"]["stock"] is True

    def test_given_a_tenant_that_wants_none_then_it_is_left_out(self, synced, instance):
        write_tenants(synced, acme=NEVER, globex={})

        assert swept(evaluate_stock(instance), synced) == ["globex"]

    def test_given_nobody_who_wants_it_then_the_tick_says_so(self, synced, instance):
        write_tenants(synced, acme=NEVER, globex=NEVER)

        skipped = evaluate_stock(instance)

        assert isinstance(skipped, SkipReason)
        assert "No tenant's stock is due" in (skipped.skip_message or "")

    @pytest.mark.parametrize(
        ("every", "minutes"),
        [
            (0, []),
            (1, [5, 10, 15, 20, 25]),
            (5, [5, 10, 15, 20, 25]),
            (7, [10, 15, 25]),
            (10, [10, 20]),
            (15, [15]),
            (30, []),
        ],
    )
    def test_between_two_half_hours_stock_is_looked_at_as_often_as_the_tenant_wants(
        self, synced, instance, every, minutes
    ):
        write_tenants(synced, acme={"sync": {"stock_every_minutes": every}}, globex=NEVER)
        for half in (0, 30):
            due = [
                minute
                for minute in (5, 10, 15, 20, 25)
                if not isinstance(
                    evaluate_stock(instance, AT.replace(minute=half + minute)), SkipReason
                )
            ]
            assert due == minutes

    def test_given_a_tenant_never_synced_or_at_work_then_it_is_left_out(self, home, instance):
        has_run(home, "globex")
        assert swept(evaluate_stock(instance), home) == ["globex"]

        at_work(instance, **{"dagster/partition": "globex"})
        assert isinstance(evaluate_stock(instance), SkipReason)
