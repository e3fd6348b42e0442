"""When two values of a property of a BC record mean the same (behaviour.md 7)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central import properties
from bc_pipeline.to_business_central.properties import Property, differences
from bc_pipeline.values import by_code, guid, is_guid, member

KINDS: dict[str, Property] = {
    each.name: each
    for each in (
        *properties.texts("displayName"),
        *properties.codes("number"),
        *properties.guids("vendorId"),
        *properties.members("blocked"),
        *properties.flags("taxLiable"),
        *properties.numbers("amount"),
        *properties.days("postingDate"),
    )
}


@pytest.mark.parametrize(
    ("name", "shown", "wanted"),
    [
        ("displayName", "Ada", "Ada "),
        ("number", "C01", " c01"),
        (
            "vendorId",
            "aa000000-0000-0000-0000-000000000000",
            "{AA000000-0000-0000-0000-000000000000}",
        ),
        ("vendorId", "00000000-0000-0000-0000-000000000000", None),
        ("blocked", "_x0020_", " "),
        ("blocked", "_x0020_", ""),
        ("taxLiable", False, False),
        ("amount", Decimal("1.50"), Decimal("1.5")),
        ("amount", 2, Decimal("2.00")),
        ("postingDate", "2026-11-02", "2026-11-02"),
    ],
)
def test_the_same_in_another_form_is_no_difference(
    name: str, shown: object, wanted: object
) -> None:
    assert differences(KINDS, {name: shown}, {name: wanted}) == {}


@pytest.mark.parametrize(
    ("name", "shown", "wanted"),
    [
        ("displayName", "ada", "Ada"),
        ("number", "C01", "C02"),
        ("blocked", "Ship", "All"),
        ("taxLiable", False, True),
        ("amount", Decimal("0.3"), Decimal("0.30000001")),
        ("postingDate", "0001-01-01", "2026-11-02"),
    ],
)
def test_what_differs_is_sent_as_it_was_given(name: str, shown: object, wanted: object) -> None:
    assert differences(KINDS, {name: shown}, {name: wanted}) == {name: wanted}


def test_a_property_the_row_does_not_show_counts_as_empty() -> None:
    assert differences(KINDS, {}, {"displayName": "", "number": ""}) == {}


@given(st.text())
def test_a_code_sent_is_equal_to_itself_as_stored(text: str) -> None:
    stored = by_code(text)
    assert by_code(stored) == stored
    assert differences(KINDS, {"number": stored}, {"number": text}) == {}


@given(st.uuids())
def test_every_id_is_recognised_in_any_notation(id: object) -> None:
    for text in (str(id), str(id).upper(), f"{{{id}}}", f" {id} "):
        assert is_guid(text)
        assert guid(text) == str(id)


@given(st.text(alphabet=" .-()/Aa", max_size=8))
def test_an_encoded_member_is_what_it_encodes(text: str) -> None:
    encoded = "".join(c if c.isalnum() else f"_x{ord(c):04X}_" for c in text)
    assert member(encoded) == text.strip()
