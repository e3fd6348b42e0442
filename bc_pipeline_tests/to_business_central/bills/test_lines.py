"""Which BC line is which line of the record: one stable number each (D5, B15, C20)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.bills.lines import Memory, leftovers_to_delete, matched
from bc_pipeline.to_business_central.bills.wanted import WantedLine

ITEM = "00000000-0000-4000-8000-00000000000{}"


def wanted(key: str, number: int | None = None, item: int = 1, **values: Any) -> WantedLine:
    return WantedLine(f"item:{key}", "item", ITEM.format(item), number, None, values, ())


def row(number: int, item: int = 1, **values: Any) -> dict[str, Any]:
    return {
        "id": f"line-{number}",
        "sequence": number,
        "lineType": "Item",
        "itemId": ITEM.format(item),
        **values,
    }


lines = st.lists(
    st.tuples(st.integers(0, 30), st.none() | st.integers(1, 40)),
    max_size=8,
    unique_by=lambda given: given[0],
).map(lambda given: [wanted(str(key), number) for key, number in given])
rows = st.lists(st.integers(1, 40), max_size=8, unique=True).map(
    lambda numbers: [row(number) for number in numbers]
)
memories = st.dictionaries(st.integers(1, 40), st.integers(0, 30), max_size=8).map(
    lambda keys: Memory(numbers={f"item:{key}": number for number, key in keys.items()})
)


@given(lines, rows, memories)
def test_every_line_has_a_number_of_its_own_and_every_bc_line_one_claim(
    lines: list[WantedLine], rows: list[dict[str, Any]], memory: Memory
) -> None:
    match = matched(lines, rows, memory)

    numbers = list(match.numbers.values())
    claimed = [claim["id"] for claim in match.claimed.values()]
    assert match.numbers.keys() == {line.key for line in lines}
    assert len(set(numbers)) == len(numbers)
    assert len(set(claimed)) == len(claimed)
    assert sorted([*claimed, *(left["id"] for left in match.leftovers)]) == sorted(
        each["id"] for each in rows
    )
    taken = {left["sequence"] for left in match.leftovers}
    assert taken.isdisjoint(numbers)


@given(lines, rows, memories)
def test_the_same_input_gives_the_same_numbers(
    lines: list[WantedLine], rows: list[dict[str, Any]], memory: Memory
) -> None:
    assert matched(lines, rows, memory) == matched(lines, rows, memory)


@given(lines, memories)
def test_what_was_remembered_is_found_again_whatever_changed(
    lines: list[WantedLine], memory: Memory
) -> None:
    first = matched(lines, (), memory)
    remembered = Memory.of(first.detail(memory, lines, done=True))
    in_bc = [row(number, item=2, description="changed") for number in first.numbers.values()]

    again = matched(list(reversed(lines)), in_bc, remembered)

    assert again.numbers == first.numbers
    assert not again.leftovers


def test_lines_without_external_id_get_numbers_in_steps_of_ten_thousand() -> None:
    match = matched([wanted("a"), wanted("b", 5), wanted("c")], (), Memory())

    assert match.numbers == {"item:a": 10_000, "item:b": 5, "item:c": 20_000}


def test_of_a_bill_the_ledger_does_not_know_the_line_that_says_the_same_is_claimed() -> None:
    two = [row(1, quantity=Decimal(2)), row(2, quantity=Decimal(1))]

    match = matched([wanted("a", quantity=Decimal(1))], two, Memory())

    assert match.claimed["item:a"]["id"] == "line-2"
    assert [left["id"] for left in match.leftovers] == ["line-1"]


def test_what_an_unfinished_write_left_behind_is_deleted_always() -> None:
    memory = Memory(numbers={"item:a": 10_000}, unfinished=frozenset({20_000}))
    match = matched([wanted("a")], [row(10_000), row(20_000), row(30_000)], memory)

    delete, report = leftovers_to_delete(match, memory, delete_missing=False)

    assert [each["sequence"] for each in delete] == [20_000]
    assert [each["sequence"] for each in report] == [30_000]


def test_lines_that_left_the_record_are_deleted_only_on_demand_and_strangers_never() -> None:
    memory = Memory(numbers={"item:a": 10_000, "item:gone": 20_000})
    match = matched([wanted("a")], [row(10_000), row(20_000), row(30_000)], memory)

    by_default = leftovers_to_delete(match, memory, delete_missing=False)
    on_demand = leftovers_to_delete(match, memory, delete_missing=True)

    assert [len(part) for part in by_default] == [0, 2]
    assert [[each["sequence"] for each in part] for part in on_demand] == [[20_000], [30_000]]
