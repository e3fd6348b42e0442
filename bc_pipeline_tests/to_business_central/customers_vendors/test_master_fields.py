"""Which phone number and which address of a record counts (target_behaviour.md 4, 10 C11)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.customers_vendors.fields import (
    address_parts,
    phone_number,
    wanted_changes,
)
from bc_pipeline.to_business_central.unified import Address, PhoneNumber

SHIPPING_FIRST = ("shipping", "billing")
TYPES = st.sampled_from([None, "shipping", "Billing", "home"])
TEXTS = st.sampled_from([None, "a", "b"])


@pytest.mark.parametrize(
    ("numbers", "chosen"),
    [
        ([], None),
        ([("fax", "1"), ("unknown", "2"), ("unknown", "3")], "2"),
        ([("fax", "1"), (None, "2")], "2"),
        ([("fax", "1"), ("mobile", "2")], "1"),
        ([("unknown", None), ("fax", "1")], "1"),
    ],
)
def test_the_number_of_no_particular_type_counts_else_the_first(
    numbers: list[tuple[str | None, str | None]], chosen: str | None
) -> None:
    given = [PhoneNumber(type=kind, phone_number=number) for kind, number in numbers]
    assert phone_number(given) == chosen


def test_the_address_of_the_best_type_counts() -> None:
    home = Address(address_type="home", line1="1")
    billing = Address(address_type="Billing", line1="2")
    shipping = Address(address_type="SHIPPING ", line1="3")

    assert address_parts([home, billing, shipping], SHIPPING_FIRST) == {"addressLine1": "3"}
    assert address_parts([home, billing], SHIPPING_FIRST) == {"addressLine1": "2"}
    assert address_parts([home], SHIPPING_FIRST) == {"addressLine1": "1"}


def test_an_address_without_any_part_is_none() -> None:
    empty = Address(address_type="shipping")
    assert address_parts([empty, Address(line1="1")], SHIPPING_FIRST) == {"addressLine1": "1"}


@given(st.lists(st.tuples(TYPES, TEXTS, TEXTS), max_size=4))
def test_parts_are_those_of_one_address_and_never_empty(
    addresses: list[tuple[str | None, str | None, str | None]],
) -> None:
    given = [Address(address_type=t, line1=line, city=city) for t, line, city in addresses]

    parts = address_parts(given, SHIPPING_FIRST)

    assert all(parts.values())
    expected = [
        {k: v for k, v in (("addressLine1", a.line1), ("city", a.city)) if v} for a in given
    ]
    assert parts in expected or (not parts and not any(expected))


@pytest.mark.parametrize("block", ["_x0020_", "Ship", "Invoice", "Payment", "All"])
def test_only_a_block_of_everything_is_lifted(block: str) -> None:
    lifted = wanted_changes({"blocked": "_x0020_"}, {"blocked": block})
    assert lifted == ({"blocked": "_x0020_"} if block == "All" else {})


@pytest.mark.parametrize("block", ["_x0020_", "Ship", "Invoice", "Payment"])
def test_inactive_blocks_everything_whatever_was_blocked(block: str) -> None:
    assert wanted_changes({"blocked": "All"}, {"blocked": block}) == {"blocked": "All"}
