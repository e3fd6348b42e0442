"""The grammar of ``$filter``: any tree written as text reads back as the same tree."""

from __future__ import annotations

import operator as op
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.sandbox.business_central.filter_check import FilterChecker
from bc_pipeline.sandbox.business_central.filter_parser import (
    COMPARISONS,
    Call,
    Comparison,
    Junction,
    Lambda,
    Literal,
    Node,
    Operand,
    Property,
    parse_filter,
)
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import empty_row, stamp_text
from bc_pipeline.sandbox.odata_errors import BcError

names = st.sampled_from(["number", "displayName", "unitPrice", "blocked", "x_1"])
decimals = st.decimals(-(10**9), 10**9, places=3)
literals = st.one_of(
    st.text(max_size=8).map(lambda text: Literal("string", text)),
    decimals.map(lambda number: Literal("number", number)),
    st.booleans().map(lambda value: Literal("boolean", value)),
    st.uuids().map(lambda value: Literal("guid", str(value))),
    st.dates().map(lambda value: Literal("date", value.isoformat())),
    st.datetimes().map(
        lambda value: Literal("datetime", value.isoformat(timespec="milliseconds") + "Z")
    ),
)
calls = st.builds(
    Call,
    st.sampled_from(["startswith", "contains", "tolower", "substring"]),
    st.lists(st.one_of(names.map(Property), literals), min_size=1, max_size=3).map(tuple),
)
comparisons = st.builds(
    Comparison, st.one_of(names.map(Property), calls), st.sampled_from(COMPARISONS), literals
)
trees = st.recursive(
    st.one_of(comparisons, calls),
    lambda inner: st.builds(
        Junction,
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=2, max_size=3).map(tuple),
    ),
    max_leaves=12,
)


def written(node: Node | Operand) -> str:
    match node:
        case Junction(operator, terms):
            return f" {operator} ".join(_term(term) for term in terms)
        case Comparison(left, operator, Literal() | Property() | Call() as right):
            return f"{written(left)} {operator} {written(right)}"
        case Call(function, arguments):
            return f"{function}({','.join(written(argument) for argument in arguments)})"
        case Property(name):
            return name
        case Literal("string", str() as text):
            return "'" + text.replace("'", "''") + "'"
        case Literal("boolean", value):
            return str(value).lower()
        case Literal(_, Decimal() as number):
            return format(number, "f")
        case Literal(_, value):
            return str(value)
    raise AssertionError(node)


def _term(node: Node) -> str:
    # Brackets keep the tree as it is: without them "a and b and c" would be one junction.
    return f"({written(node)})" if isinstance(node, Junction) else written(node)


@given(trees)
def test_any_tree_reads_back(tree: Node) -> None:
    assert parse_filter(written(tree)) == tree


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parse_filter(text)
    except BcError as error:
        assert error.status in (400, 501)


@given(trees)
def test_a_checked_filter_judges_a_row_without_failing(tree: Node) -> None:
    entity = entities()["items"]
    try:
        test = FilterChecker(entity, newer_schema=True).test(tree)
    except BcError as error:
        assert error.status in (400, 501)
        return
    assert test(empty_row(entity)) in (True, False)


moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))


@given(moments, moments, st.integers(-14, 14), st.sampled_from(COMPARISONS))
def test_stamps_are_compared_by_time_whatever_their_zone(
    row: datetime, constant: datetime, hours: int, operator: str
) -> None:
    row = row.replace(microsecond=row.microsecond // 1000 * 1000, tzinfo=UTC)
    zoned = constant.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
    tree = parse_filter(f"lastModifiedDateTime {operator} {zoned.isoformat()}")
    test = FilterChecker(entities()["items"]).test(tree)
    expected = getattr(op, operator)(row, zoned)
    assert test({"lastModifiedDateTime": stamp_text(row)}) is expected


@given(decimals, decimals, st.sampled_from(COMPARISONS))
def test_numbers_are_compared_exactly(row: Decimal, constant: Decimal, operator: str) -> None:
    tree = parse_filter(f"unitPrice {operator} {format(constant, 'f')}")
    expected = getattr(op, operator)(row, constant)
    assert FilterChecker(entities()["items"]).test(tree)({"unitPrice": row}) is expected


def test_and_binds_closer_than_or() -> None:
    tree = parse_filter("a eq 1 or b eq 2 and c eq 3")
    assert isinstance(tree, Junction)
    assert tree.operator == "or"
    assert isinstance(tree.terms[1], Junction)


def test_a_lambda_may_hold_anything() -> None:
    assert parse_filter("lines/any(l:l/quantity gt 5 and (l/x eq ')'))") == Lambda()


@pytest.mark.parametrize("text", ["(" * 200 + "a eq 1" + ")" * 200, "a(" * 200 + ")" * 200])
def test_depth_is_limited(text: str) -> None:
    with pytest.raises(BcError):
        parse_filter(text)
