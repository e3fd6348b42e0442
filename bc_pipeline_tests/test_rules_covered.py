"""Marks name rules that there are."""

from __future__ import annotations

from bc_pipeline_tests.rules_covered import RULES, tests_by_rule


def test_every_mark_names_a_rule() -> None:
    assert sorted(set(tests_by_rule()) - set(RULES)) == []
