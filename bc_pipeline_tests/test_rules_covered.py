"""Every rule learned in the field has a test that shows it, and the page about them is current."""

from __future__ import annotations

from bc_pipeline_tests import rules_covered
from bc_pipeline_tests.rules_covered import PAGE, RULES, page


def test_every_mark_names_a_rule() -> None:
    assert sorted(set(rules_covered.tests_by_rule()) - set(RULES)) == []


def test_every_rule_has_a_test() -> None:
    assert sorted(set(RULES) - set(rules_covered.tests_by_rule())) == []


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page()
