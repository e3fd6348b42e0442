from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.business_central.filters import LENGTH_BUDGET, Guid, all_of, any_of, eq, literal
from bc_pipeline.business_central.urls import encoded_option, query_url

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("10000", "'10000'"),
        ("O'Neill's", "'O''Neill''s'"),
        ("", "''"),
        (Guid(GUID), GUID),
        (True, "true"),
        (42, "42"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 7, 1), "2026-07-01"),
        (datetime(2026, 7, 1, 12, tzinfo=UTC), "2026-07-01T12:00:00Z"),
        (datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2026-07-01T10:00:00Z"),
    ],
)
def test_given_a_value_then_its_literal_is_that_of_its_type(value: Any, text: str):
    assert literal(value) == text


def test_given_a_binary_fraction_then_it_is_refused():
    with pytest.raises(TypeError):
        literal(0.1)  # type: ignore[arg-type]


def test_given_conditions_then_they_are_joined_so_that_or_stays_on_one_property():
    assert all_of() == ""
    assert all_of("a eq 1", None, "") == "a eq 1"
    assert all_of("a eq 1 or a eq 2", "b eq 3") == "(a eq 1 or a eq 2) and (b eq 3)"


def test_given_many_values_then_they_go_into_as_few_conditions_as_the_url_holds():
    values = [f"C{n:05}" for n in range(120)]

    conditions = any_of("number", values)

    assert len(conditions) == 3
    assert conditions[0].startswith("number eq 'C00000' or number eq 'C00001'")
    assert any_of("number", []) == []


# --- round trip ------------------------------------------------------------------------------


TERM = re.compile(r"(\w+) eq (?:'((?:[^']|'')*)'|([^' ]+))(?: or |$)")


def parsed(condition: str) -> list[tuple[str, str]]:
    """Field and value of each term; the whole text has to be terms."""
    found, position = [], 0
    while position < len(condition):
        match = TERM.match(condition, position)
        assert match, condition[position:]
        text = match[3] if match[2] is None else match[2].replace("''", "'")
        found.append((match[1], text))
        position = match.end()
    return found


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
awkward = st.sampled_from(
    ["a & b", "#1", "1+1", "50%", "%26", "' or 1 eq 1", "''", "a or b", "?&$="]
)


@given(texts | awkward)
def test_given_any_text_then_the_filter_in_the_url_gives_it_back(value: str):
    url = query_url("http://bc/customers", {"$select": "id", "$filter": eq("displayName", value)})

    assert url.isascii()
    options = parse_qsl(urlsplit(url.replace("+", "%2B")).query, keep_blank_values=True)
    assert [name for name, _ in options] == ["$select", "$filter"]
    assert parsed(options[1][1]) == [("displayName", value)]


@given(st.lists(texts | awkward, max_size=80), st.integers(50, 2500), st.integers(1, 60))
def test_given_any_values_then_the_conditions_hold_each_once_and_fit(
    values: list[str], budget: int, most: int
):
    conditions = any_of("number", values, budget=budget, most=most)

    terms = [term for condition in conditions for term in parsed(condition)]
    assert terms == [("number", value) for value in dict.fromkeys(values)]
    for condition in conditions:
        size = len(parsed(condition))
        assert size <= most
        assert size == 1 or len(encoded_option(condition)) <= budget


@given(st.lists(st.uuids().map(str), min_size=1, max_size=100, unique=True))
def test_given_guids_then_they_are_bare(values: list[str]):
    conditions = any_of("id", map(Guid, values))

    assert "'" not in "".join(conditions)
    assert [text for each in conditions for _, text in parsed(each)] == values
    assert all(len(encoded_option(condition)) <= LENGTH_BUDGET for condition in conditions)
