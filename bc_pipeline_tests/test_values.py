"""Text as it can be stored and sent; several things, grouped and in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.values import counted, grouped, listed, several, storable


@pytest.mark.covers("decision 16")
@pytest.mark.parametrize(
    ("given_text", "right"),
    [
        ("Zonnebloem \ud83d", "Zonnebloem �"),
        ("\udc00x", "�x"),
        ("a\x00b\x1fc\x7f", "abc"),
        ("line\r\nline\ttab", "line\r\nline\ttab"),
        ("Crème brûlée 🌻", "Crème brûlée 🌻"),
    ],
)
def test_given_half_characters_and_controls_then_the_rest_stays(given_text: str, right: str):
    assert storable(given_text) == right


@given(st.text(st.characters(categories=None), max_size=50))
def test_given_any_text_then_it_can_be_encoded_and_mending_again_changes_nothing(text: str):
    mended = storable(text)

    assert mended.encode() is not None
    assert "\x00" not in mended
    assert storable(mended) == mended


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_given_text_without_them_then_it_is_as_it_was(text: str):
    assert storable(text) == text


@pytest.mark.parametrize(
    ("names", "most", "total", "told"),
    [
        ([], 2, None, ""),
        (["a", "b"], 2, None, "a, b"),
        (["a", "b", "c"], 2, None, "a, b and 1 more"),
        (["a", "b"], 5, 9, "a, b and 7 more"),
    ],
)
def test_names_beyond_the_most_are_counted(names, most, total, told):
    assert listed(names, most, total) == told


def test_several_of_a_thing_are_called_so():
    assert [several(number, "row") for number in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_things_are_grouped_in_the_order_they_come():
    assert list(grouped("banana", str).items()) == [
        ("b", ["b"]),
        ("a", ["a", "a", "a"]),
        ("n", ["n", "n"]),
    ]


def test_counts_are_told_by_name():
    assert counted({"quarantined": 1, "deferred": 2}) == "2 deferred, 1 quarantined"
