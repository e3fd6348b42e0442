"""Every rule of the sandbox names its source and how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import rule_table
from bc_pipeline.sandbox.rule_table import HERE, PAGE, Certainty, page, rules

pytestmark = pytest.mark.covers("sandbox: rule table")

NUMBER = r"\d{1,2}\.\d{1,2}"
LIST = rf"{NUMBER}(?:-{NUMBER})?(?:, {NUMBER}(?:-{NUMBER})?)*"


def sources() -> list[Path]:
    return sorted(HERE.rglob("*.py"))


def cited(path: Path) -> Iterator[str]:
    """Rules a module cites, as the table calls them."""
    text = path.read_text("utf-8")
    own_rules = "business_central/rules" in path.as_posix()
    patterns = [rf"rules\.md ({LIST})"] + ([rf"\(({LIST})\)"] if own_rules else [])
    for pattern in patterns:
        for match in re.finditer(pattern, text):
            for first, last in re.findall(rf"({NUMBER})(?:-({NUMBER}))?", match[1]):
                chapter, start = first.split(".")
                end = (last or first).split(".")[1]
                yield from (f"rules {chapter}.{n}" for n in range(int(start), int(end) + 1))
    owner = "optiply" if "/optiply/" in path.as_posix() else "behaviour"
    yield from (f"{owner} {m[1]}" for m in re.finditer(r"behaviour\.md (\d(?:\.\d)?)", text))
    yield from (f"platform {m[1]}" for m in re.finditer(r"platform(?:\.md)? (\d)", text))


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(HERE).as_posix())
def test_given_a_rule_the_code_cites_then_it_is_in_the_table(path: Path):
    known = {rule.rule for rule in rules()}
    chapters = {name.partition(".")[0] for name in known}
    assert [name for name in cited(path) if name not in known | chapters] == []


def test_given_rules_then_each_is_told_once_and_kept_by_a_module():
    assert len({rule.says for rule in rules()}) == len(rules())
    for rule in rules():
        assert (HERE / rule.code).is_file(), rule
        assert rule.says[-1] == ".", rule


def test_given_the_page_then_it_is_current_and_lists_what_is_assumed_first():
    shown = (HERE.parents[1] / PAGE).read_text("utf-8")
    assert shown == page().rstrip("\n") + "\n", "run python -m bc_pipeline.sandbox.rule_table"
    assumptions = [rule for rule in rules() if rule.sure is Certainty.ASSUMPTION]
    assert assumptions
    first = shown.index("## Assumptions")
    last = max(shown.index(rule.says) for rule in assumptions)
    known = [rule for rule in rules() if rule not in assumptions]
    assert first < last < min(shown.index(rule.says) for rule in known)


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        '{"part": "Items"}',
        '{"part":"a","rule":"b","says":"c","sure":"guess","source":"d","code":"e"}',
        '{"part":"a","rule":"b","says":"","sure":"assumption","source":"d","code":"e"}',
    ],
)
def test_given_a_line_that_is_no_rule_then_its_number_is_told(line: str):
    with pytest.raises(ValueError, match="line 7"):
        rule_table._rule(7, line)
