"""Keys of rows that stand in no table: any text finds its own row."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from bc_pipeline.sandbox.business_central.published import RowList

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@given(TEXTS)
@example("2026-01-02")
@example("0000-00-00")
@example("7d1a5c1e-0000-4000-8000-00000000000a")
def test_given_any_text_then_it_finds_its_row(text: str) -> None:
    found = RowList("Artikel", [{"No": text, "Place": 7}]).row(quoted(text), ())
    assert (found["No"], found["Place"]) == (text, 7)


@given(TEXTS, TEXTS)
def test_given_two_columns_then_they_may_come_in_any_order(item: str, unit: str) -> None:
    rows = RowList("Units", [{"Item_No": item, "Code": unit, "Place": 7}])
    parts = [f"Item_No={quoted(item)}", f"Code={quoted(unit)}"]
    for key in (",".join(parts), ", ".join(reversed(parts))):
        assert rows.row(key, ())["Place"] == 7
