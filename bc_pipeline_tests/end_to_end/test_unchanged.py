"""A run that finds nothing new writes nothing, and asks little of Business Central."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.end_to_end.installation import Installation, counts

MOST_REQUESTS = 14


@pytest.fixture
def installation(tmp_path: Path):
    with Sandbox(seed=3, wholesale_items=120) as sandbox:
        yield Installation.create(sandbox, tmp_path)


@pytest.mark.parametrize("tenant", ["cronus", "wholesale"])
def test_a_second_run_writes_nothing_with_at_most_14_requests_to_bc(
    installation: Installation, tenant: str
) -> None:
    shop = installation.sandbox.optiply.shops[tenant]
    assert counts(installation.sync(tenant), "created")
    written = shop.writes
    asked = len(installation.sandbox.requests.of("bc"))

    again = installation.sync(tenant)

    assert shop.writes == written
    for kind in ("created", "updated", "deleted"):
        assert counts(again, kind) == {}
    assert len(installation.sandbox.requests.of("bc")) - asked <= MOST_REQUESTS
    assert again.business_central.total <= MOST_REQUESTS
    assert again.optiply.total == 0


def test_settings_of_the_company_are_read_again_when_asked_for(installation: Installation) -> None:
    def reads(path: str) -> int:
        log = installation.sandbox.requests.of("bc")
        return sum(1 for request in log if request.path.endswith(path))

    installation.sync("cronus")
    installation.sync("cronus")
    assert reads("/locations") == 1

    installation.sync("cronus", full=True)
    assert reads("/locations") == 2

    installation.sync("cronus", entities=("bc/locations",))
    assert reads("/locations") == 3


def test_another_company_or_account_never_meets_the_state_of_this_one(
    installation: Installation,
) -> None:
    installation.sync("cronus")
    other = installation.sandbox.optiply.add_shop("other")
    installation.point_to("cronus", other)

    refused = installation.sync("cronus")

    assert refused.status == "failed"
    assert refused.problems[0].kind == "config"
    assert "optiply.account_id" in (refused.reason or "")
    assert other.writes == 0
