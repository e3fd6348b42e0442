"""Vendors as suppliers (mapping.md 3)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import MODIFIED, guid, line
from bc_pipeline_tests.mapping.mirror import Company


def supplier(company: Company, number: str = "10000", **build: Any) -> dict[str, Any]:
    return company.build("suppliers", **build)[guid(f"vendor {number}")]


def test_given_a_vendor_when_mapped_then_each_attribute_has_its_source(company: Company) -> None:
    vendor_id = company.vendor("10000", displayName="Fabrikam", email="a@b.nl")
    assert supplier(company) == {
        "remote_id": vendor_id,
        "reference": "10000",
        "decision": "write",
        "reason": None,
        "source_modified_at": MODIFIED,
        "extra": {"number": "10000"},
        "name": "Fabrikam",
        "emails": ["a@b.nl"],
        "deliveryTime": None,
        "ignored": False,
        "type": "vendor",
    }


def test_given_a_blank_name_then_the_number_is_the_name(company: Company) -> None:
    company.vendor("10000", displayName="")
    assert supplier(company)["name"] == "10000"


def test_given_two_vendors_of_one_name_then_both_are_written(company: Company) -> None:
    company.vendor("1", displayName="Same")
    company.vendor("2", displayName="Same")
    rows = company.build("suppliers")
    assert [row["decision"] for row in rows.values()] == ["write", "write"]


def test_given_several_addresses_then_they_are_split_trimmed_lowered_and_each_sent_once(
    company: Company,
) -> None:
    company.vendor("10000", email=" B@x.nl ; a@x.nl,b@X.NL;; ")
    assert supplier(company)["emails"] == ["b@x.nl", "a@x.nl"]


@pytest.mark.parametrize(
    "address",
    [
        "none",
        "a@b",
        "a b@c.nl",
        "a@b..nl",
        "@b.nl",
        "a@.nl",
        ".a@b.nl",
        "a.@b.nl",
        "a@-b.nl",
        "a@b@c.nl",
        "jan <jan@b.nl>",
    ],
)
def test_given_an_invalid_address_then_it_is_dropped_and_warned(
    company: Company, address: str
) -> None:
    company.vendor("10000", email=f"{address};good@x.nl")
    assert supplier(company)["emails"] == ["good@x.nl"]
    assert address in company.warnings("invalid_email")[0][1]


@pytest.mark.parametrize("address", ["o'neil@x.co.uk", "a+b@sub-1.x.nl", "1@2.photography"])
def test_given_an_unusual_but_valid_address_then_it_is_kept(company: Company, address: str) -> None:
    company.vendor("10000", email=address)
    assert supplier(company)["emails"] == [address]


@pytest.mark.parametrize("email", ["", "  ", "nonsense", ";,"])
def test_given_no_valid_address_then_emails_are_left_out(company: Company, email: str) -> None:
    company.vendor("10000", email=email)
    assert supplier(company)["emails"] is None


@pytest.mark.parametrize(
    ("blocked", "ignored"),
    [
        ("_x0020_", False),
        (" ", False),
        ("", False),
        ("Payment", False),
        ("All", True),
        ("New", False),
    ],
)
def test_given_a_block_then_only_all_means_ignored(
    company: Company, blocked: str, ignored: bool
) -> None:
    company.vendor("10000", blocked=blocked)
    assert supplier(company)["ignored"] is ignored


def test_given_a_new_vendor_blocked_for_all_then_it_is_created_only_for_an_open_order(
    company: Company,
) -> None:
    company.vendor("10000", blocked="All")
    row = supplier(company)
    assert (row["decision"], bool(row["reason"])) == ("update_only", True)
    company.purchase_order("P1", line("A"), vendor="10000", status="Draft")
    assert supplier(company)["decision"] == "write"
    only_released = SyncOptions(buy_order_statuses=("Open",))
    assert supplier(company, options=only_released)["decision"] == "update_only"


def test_given_any_source_then_the_lead_time_in_optiply_survives(company: Company) -> None:
    company.vendor("10000")
    company.item("A")
    company.page("A", Vendor_No="10000", Lead_Time_Calculation="2W")
    assert supplier(company, sources=frozenset({"bc.item_page"}))["deliveryTime"] is None
