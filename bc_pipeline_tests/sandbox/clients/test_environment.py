"""When the clients cannot be installed: a registry that does not answer is no failure of ours."""

from __future__ import annotations

import sys

import pytest

from bc_pipeline_tests.sandbox.clients.environment import RegistryUnreachable, step


def fails(text: str) -> None:
    step(sys.executable, "-c", f"import sys; sys.exit({text!r})")


def test_given_no_answer_then_the_registry_counts_as_unreachable() -> None:
    with pytest.raises(RegistryUnreachable, match="NewConnectionError"):
        fails("WARNING: Retrying after connection broken by 'NewConnectionError(...)'")


def test_given_an_answer_that_is_no_good_then_it_is_a_failure() -> None:
    with pytest.raises(RuntimeError, match="No matching distribution"):
        fails("ERROR: No matching distribution found for msal==99")
