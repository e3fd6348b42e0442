"""Tables whose numbers are links; what other systems write is never read as markup."""

from __future__ import annotations

from decimal import Decimal

from bc_pipeline.orchestration.assets.linked import LONGEST, WHOLE, linked_table


def test_given_numbers_with_an_address_then_they_are_links_and_the_rest_is_text():
    found = linked_table(
        [{"number": "1896-S", "name": "Desk"}, {"number": "X(1)", "stock": Decimal("1.5")}],
        ["number"],
        lambda number: f"https://bc/?n={number}",
    )

    assert found.value.splitlines() == [
        "| number | name | stock |",
        "| --- | --- | --- |",
        "| [1896-S](https://bc/?n=1896-S) | Desk |  |",
        "| [X(1)](https://bc/?n=X(1%29) |  | 1.5 |",
    ]


def test_given_texts_that_look_like_markup_then_they_stay_texts():
    rows = [{"name": "a|b <b>*x*</b>\n[y](z) `q`", "long": "n" * (LONGEST + 5), "is": False}]

    line = linked_table(rows).value.splitlines()[2]

    assert line.startswith("| a\\|b \\<b\\>\\*x\\*\\</b\\> \\[y\\](z) \\`q\\` | nnn")
    assert line.endswith("n… | False |")


def test_given_figures_and_members_then_they_read_as_people_write_them():
    rows = [{"a": Decimal("78.0000000000"), "b": Decimal("0E-10"), "c": "Non_x002D_Inventory"}]

    found = linked_table([{**rows[0], "d": 0, "e": None}]).value.splitlines()[2]

    assert found == "| 78 | 0 | Non-Inventory | 0 |  |"


def test_given_no_rows_then_it_says_none():
    assert linked_table([]).value == "none"


def test_what_people_are_told_to_do_is_not_cut_and_samples_are():
    rows = [{"why": "x" * 500}]

    assert "x" * 500 in str(linked_table(rows, longest=WHOLE).value)
    assert "x" * LONGEST not in str(linked_table(rows).value)
