"""Text as it can be stored and sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.values import storable


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
