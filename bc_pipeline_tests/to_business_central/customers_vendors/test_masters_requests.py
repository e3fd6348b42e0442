"""How many requests a thousand customers with dimensions take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld, Result

COUNT = 1000
COMPANIES = 1
"""The list of companies is asked for before the log of a run begins here."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccountingWorld]:
    with Sandbox(wholesale_items=20) as sandbox:
        yield AccountingWorld(sandbox, Path(tmp_path_factory.mktemp("home")))


def customers(**changes: Any) -> list[dict[str, Any]]:
    return [
        {
            "externalId": f"x{n}",
            "customerNumber": f"CUST-{n:05}",
            "companyName": f"Customer & Sons {n}",
            "currency": "EUR",
            "paymentMethod": "BANK",
            "departmentNumber": "SALES",
            "groupName": "Large Business",
            **changes,
        }
        for n in range(COUNT)
    ]


@pytest.fixture(scope="module")
def made(world: AccountingWorld) -> Result:
    """The run that created the thousand."""
    return world.run("customers", *customers())


def test_c1_a_thousand_new_customers_take_at_most_25_requests(made: Result) -> None:
    assert made.counts == {"created": COUNT}
    assert made.requests_sent + COMPANIES <= 25


@pytest.mark.usefixtures("made")
def test_c1_a_thousand_updated_customers_take_at_most_30_requests(world: AccountingWorld) -> None:
    """Each is changed in a field and in a dimension: two operations that belong together."""
    result = world.run("customers", *customers(departmentNumber="ADM", website="w.example"))

    assert result.counts == {"updated": COUNT}
    assert result.requests_sent + COMPANIES <= 30


@pytest.mark.usefixtures("made")
def test_c1_some_bad_ones_among_a_thousand_updates_cost_a_request_each(
    world: AccountingWorld,
) -> None:
    changed = customers(departmentNumber="SALES", website="x.example")
    bad = (3, 500, 501)
    for n in bad:
        changed[n]["phoneNumbers"] = [{"phoneNumber": "letters"}]

    result = world.run("customers", *changed)

    assert result.counts == {"updated": COUNT - len(bad), "quarantined": len(bad)}
    assert result.requests_sent + COMPANIES <= 30


@pytest.mark.usefixtures("made")
def test_customers_that_are_so_already_are_only_looked_up(world: AccountingWorld) -> None:
    some = customers(departmentNumber="SALES", website="y.example")[:100]
    world.run("customers", *some)

    result = world.run("customers", *({**each, "externalId": None} for each in some))

    assert result.counts == {"unchanged": len(some)}
    assert result.requests_sent + COMPANIES <= 3
