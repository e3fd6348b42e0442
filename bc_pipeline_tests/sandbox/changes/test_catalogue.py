"""Changes by name, as the control surface and people apply them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bc_pipeline.sandbox.apply import apply
from bc_pipeline.sandbox.business_central.environments import Environment, Environments
from bc_pipeline.sandbox.changes import CHANGES, NAMES, Refused
from bc_pipeline.sandbox.company.company import Company


def sandbox(*companies: Company) -> Any:
    by_name = {company.name: company for company in companies}
    return SimpleNamespace(
        business_central=SimpleNamespace(
            environments=Environments(Production=Environment("Production", companies=by_name))
        )
    )


def test_given_the_catalogue_then_every_change_tells_what_it_does():
    assert tuple(CHANGES) == NAMES
    assert all(change.__doc__ for change in CHANGES.values())


def test_given_one_company_then_it_need_not_be_named(company: Company):
    told = apply(sandbox(company), "rename_item", {"item": "A", "name": "Other"})
    assert told == "rename_item(item='A', name='Other') -> A"
    assert company.find("items", number="A")[0]["displayName"] == "Other"


def test_given_several_companies_then_the_named_one_changes(company: Company):
    other = Company("Other", currency_code="EUR", clock=company.clock)
    both = sandbox(company, other)
    apply(both, "new_vendor", {"company": "Other", "name": "Theirs"})
    assert [row["displayName"] for row in other.tables["vendors"].values()] == ["Theirs"]
    for wrong in ({}, {"company": "Nobody"}):
        with pytest.raises(KeyError, match="company must be one of"):
            apply(both, "new_vendor", {"name": "x"} | wrong)


def test_given_a_change_bc_refuses_then_it_is_a_value_error(company: Company):
    with pytest.raises(ValueError, match="is blocked already") as refused:
        apply(sandbox(company), "block_item", {"item": "BLOCKED"})
    assert isinstance(refused.value, Refused)
