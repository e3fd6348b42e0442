"""The text of an error, wherever the answer keeps it (optiply.md 4)."""

from __future__ import annotations

import pytest

from bc_pipeline.optiply.messages import MAXIMUM_LENGTH, error_message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"errors":[{"meta":{"message":"a"},"detail":"b","message":"c"}]}', "a"),
        ('{"errors":[{"detail":"b","message":"c"}]}', "b"),
        ('{"errors":[{"message":"c"}],"message":"d"}', "c"),
        ('{"errors":[],"message":"d","error":"e"}', "d"),
        ('{"error":"e"}', "e"),
        ('{"errors":[{"detail":"b"},{"message":"c"}]}', "b; c"),
        ("<html>\n  down </html>", "<html> down </html>"),
        ("", "no explanation given"),
        ("[1]", "[1]"),
        ('{"errors":[3, "x"]}', "x"),
    ],
)
def test_the_first_place_that_has_a_text_is_quoted(body: str, text: str) -> None:
    assert error_message(body) == text


def test_a_long_text_is_cut() -> None:
    assert len(error_message("x" * 9999)) == MAXIMUM_LENGTH
