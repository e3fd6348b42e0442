"""What the commands print, on a terminal of 80 columns and into a pipe."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import click
import pytest
from rich.console import Console

from bc_pipeline.cli import output
from bc_pipeline.cli.sync import print_summary
from bc_pipeline.report import COUNT_NAMES, EntityResult, RunSummary

RED, GREEN = "\x1b[31m", "\x1b[32m"

Terminal = Callable[..., StringIO]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in place of stdout; what it was sent."""

    def opened(width: int = 80) -> StringIO:
        screen = StringIO()
        shown = Console(
            file=screen, width=width, force_terminal=True, color_system="standard", highlight=False
        )
        monkeypatch.setattr(output, "console", lambda **options: shown)
        return screen

    monkeypatch.delenv("NO_COLOR", raising=False)
    return opened


def counts(*numbers: int) -> list[object]:
    return ["optiply/product_compositions", *numbers]


def test_given_counts_that_are_all_zero_then_their_column_goes(capsys: pytest.CaptureFixture[str]):
    rows = [counts(56, 0, 0, 0, 8, 0, 0), counts(0, 0, 0, 0, 0, 0, 0)]

    output.print_table("acme", ["entity", *COUNT_NAMES], rows, numbers=COUNT_NAMES)

    head = capsys.readouterr().out.splitlines()[2]
    assert head.split() == ["entity", "created", "skipped"]


def test_given_counts_that_do_not_fit_then_they_stand_in_words_and_nothing_is_cut(
    terminal: Terminal,
):
    screen = terminal()

    output.print_table(
        "acme", ["entity", *COUNT_NAMES], [counts(1, 2, 3, 40000, 5, 6, 7)], numbers=COUNT_NAMES
    )

    told = click.unstyle(screen.getvalue())
    words = " ".join(told.split())
    assert "optiply/product_compositions 1 created, 2 updated, 3 deleted, 40000" in words
    assert "7 quarantined" in words
    assert "…" not in told
    assert max(len(line) for line in told.splitlines()) <= 80


def test_given_rows_that_fit_no_table_then_each_has_its_lines_and_its_reason_is_whole(
    terminal: Terminal,
):
    screen = terminal()
    columns = ["entity", "number", "name", "state", "tries", "next try", "reason"]
    reason = "purchase order 106249 is not in Optiply"

    output.print_table(
        "acme: held back",
        columns,
        [
            [
                "receipt_lines",
                "107296",
                "Waddenkust Straßenlampe",
                "deferred",
                2,
                "next run",
                reason,
            ],
            ["optiply/buy_order_lines", "106008", "", "quarantined", 0, "next run", reason],
        ],
        numbers=["tries"],
    )

    told = click.unstyle(screen.getvalue())
    words = " ".join(told.split())
    assert "receipt_lines, 107296, Waddenkust Straßenlampe, deferred, 2 tries, next run" in words
    assert "optiply/buy_order_lines, 106008, quarantined, next run" in words
    assert [line.strip() for line in told.splitlines()].count(reason) == 2
    assert "…" not in told
    assert max(len(line) for line in told.splitlines()) <= 80


def test_given_a_column_in_which_nothing_stands_then_it_goes(capsys: pytest.CaptureFixture[str]):
    output.print_table("acme", ["entity", "remark", "reason"], [["a", "", "b"], ["c", None, "d"]])

    assert capsys.readouterr().out.splitlines()[2].split() == ["entity", "reason"]


def test_given_a_run_that_had_nothing_to_write_then_it_says_so(capsys: pytest.CaptureFixture[str]):
    print_summary(
        RunSummary("acme", "", entities={"outbound/vendors": EntityResult(name="outbound/vendors")})
    )

    assert capsys.readouterr().out.splitlines() == ["acme: success", "  there was nothing to write"]


def test_given_a_terminal_then_states_have_colours(terminal: Terminal):
    screen = terminal()

    output.print_table("acme", ["check", "outcome"], [["a", "passed"], ["b", "failed"]])
    output.line("acme: failed", "failed")

    told = screen.getvalue()
    assert f"{GREEN}passed" in told
    assert f"{RED}failed" in told
    assert f"{RED}acme: failed" in told


def test_given_no_color_then_there_is_none(terminal: Terminal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = terminal()

    output.print_table("acme", ["check", "outcome"], [["b", "failed"]])

    assert RED not in screen.getvalue()


def test_given_a_pipe_then_there_are_no_colours_and_lines_stay_whole(
    capsys: pytest.CaptureFixture[str],
):
    text = "  acme: " + "a long reason " * 20

    output.print_table("acme", ["check", "outcome"], [["b", "failed"]], status="failed")
    output.line(text, "failed")

    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert text in told.splitlines()


def test_given_a_terminal_then_a_long_line_goes_on_below_its_beginning(terminal: Terminal):
    screen = terminal()

    output.line("  " + "reason " * 30)

    lines = screen.getvalue().splitlines()
    assert len(lines) > 1
    assert all(line.startswith("  reason") and len(line) <= 80 for line in lines)


def test_given_a_terminal_then_what_is_copied_or_clicked_stays_whole(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
):
    screen = terminal()
    address = f"  Business Central: https://example.com/{'x' * 100}?page=30"

    output.line(address, whole=True)

    assert screen.getvalue() + capsys.readouterr().out == f"{address}\n"


def test_warnings_are_one_line_and_told_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(output, "_warned", set())

    output.warn_once(["a secret", "another", "a third"])
    output.warn_once(["a secret", "another"])

    told = capsys.readouterr().err
    assert told == "Warning: a secret (and 2 more: bc-pipeline tenants list)\n"
