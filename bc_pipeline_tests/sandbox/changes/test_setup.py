"""Changes of set-up: dimensions, values, accounts."""

from __future__ import annotations

import pytest

from bc_pipeline.sandbox.changes import NAMES, SETUP_CHANGES, Refused, apply_to
from bc_pipeline.sandbox.company.company import Company


def test_given_set_up_changes_then_random_business_does_not_make_them():
    assert not set(SETUP_CHANGES) & set(NAMES)
    assert all(change.__doc__ for change in SETUP_CHANGES.values())


def test_given_a_dimension_then_it_and_its_values_can_be_blocked_and_unblocked(company: Company):
    apply_to(company, "new_dimension", {"code": "CLASS"})
    apply_to(company, "new_dimension_value", {"dimension": "CLASS", "code": "A"})
    dimension = company.find("dimensions", code="CLASS")[0]
    value = company.find("dimensionValues", code="A")[0]
    assert (dimension["displayName"], value["dimensionId"]) == ("Class", dimension["id"])
    for name, params, row in (
        ("dimension", {"code": "CLASS"}, dimension),
        ("dimension_value", {"dimension": "CLASS", "code": "A"}, value),
    ):
        stamp = row["lastModifiedDateTime"]
        apply_to(company, f"block_{name}", params)
        assert row["#blocked"] is True
        assert row["lastModifiedDateTime"] > stamp
        apply_to(company, f"unblock_{name}", params)
        assert row["#blocked"] is False


def test_given_a_dimension_then_it_is_new_once_and_goes_with_its_values(company: Company):
    apply_to(company, "new_dimension", {"code": "CLASS"})
    apply_to(company, "new_dimension_value", {"dimension": "CLASS", "code": "A"})
    for name, params in (
        ("new_dimension", {"code": "CLASS"}),
        ("new_dimension_value", {"dimension": "CLASS", "code": "A"}),
        ("block_dimension", {"code": "NONE"}),
        ("block_dimension_value", {"dimension": "CLASS", "code": "NONE"}),
    ):
        with pytest.raises(Refused):
            apply_to(company, name, params)
    apply_to(company, "delete_dimension", {"code": "CLASS"})
    assert not company.tables["dimensions"]
    assert not company.tables["dimensionValues"]


def test_given_a_dimension_in_use_then_it_cannot_be_deleted(company: Company):
    apply_to(company, "new_dimension", {"code": "CLASS"})
    dimension = company.find("dimensions", code="CLASS")[0]["id"]
    vendor = company.find("vendors", number="V1")[0]["id"]
    company.insert(
        "defaultDimensions", {"parentType": "Vendor", "parentId": vendor, "dimensionId": dimension}
    )
    with pytest.raises(Refused):
        apply_to(company, "delete_dimension", {"code": "CLASS"})


def test_given_an_account_then_it_can_be_blocked(company: Company):
    account = company.find("accounts", number="8000")[0]
    apply_to(company, "block_account", {"account": "8000"})
    assert account["blocked"] is True
    apply_to(company, "unblock_account", {"account": "8000"})
    assert account["blocked"] is False
