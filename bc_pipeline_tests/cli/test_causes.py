"""What people read when a system cannot be reached or does not let us in: cause and advice, in the
output of every command and on the step's page, and no traceback (decisions 35, 36)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.orchestration.instance import open_instance
from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.cli.aged import changed_settings
from bc_pipeline_tests.cli.conftest import CommandLine, Outcome


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong, and what everybody has to be told about it."""

    told: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] | None = None


REFUSED = Trouble(
    ("127.0.0.1:1 refuses connections", "business_central.api_url"),
    {"business_central": {"api_url": "http://127.0.0.1:1", "max_attempts": 1}},
)
NO_HOST = Trouble(
    ("there is no host nowhere.invalid", "optiply.login_url"),
    {"optiply": {"login_url": "https://nowhere.invalid/api", "max_attempts": 1}},
)
SIGN_IN = Trouble(
    ("interaction_required", "sign in again"),
    {"business_central": {"max_attempts": 1}},
    {"error": "interaction_required", "error_description": "AADSTS50076"},
)


@pytest.fixture(params=[REFUSED, NO_HOST, SIGN_IN], ids=["refused", "no host", "sign in"])
def trouble(request: pytest.FixtureRequest, sandbox: Sandbox, home: Path) -> Iterator[Trouble]:
    found: Trouble = request.param
    for token in (home / "secrets").glob("cronus.*.json"):
        token.unlink()
    if found.answer:
        sandbox.faults.add("entra", action="status", status=400, times=None, body=found.answer)
    with changed_settings(home, "cronus", found.settings):
        yield found
    sandbox.faults.clear()


@pytest.mark.covers("decision 35", "decision 36")
def test_every_command_and_the_step_tell_cause_and_advice_without_a_traceback(
    command: CommandLine, home: Path, trouble: Trouble
):
    sync = command("sync", "cronus")
    check = command("check", "cronus")
    status = command("status", "cronus", "--exit-code")
    as_json = command("sync", "cronus", "--json")

    for name, outcome in (("sync", sync), ("check", check), ("status", status), ("j", as_json)):
        printed = flat(outcome)
        assert outcome.code == 1, name
        assert "Traceback" not in printed, name
        for words in trouble.told:
            assert words in printed, (name, printed)
    run_id = as_json.json["tenants"]["cronus"]["run_id"]
    with open_instance(home) as instance:
        (failure,) = (
            entry.dagster_event.step_failure_data
            for entry in instance.all_logs(run_id)
            if entry.dagster_event is not None and entry.dagster_event.is_step_failure
        )
    described = failure.user_failure_data.description
    for words in trouble.told:
        assert words in described
    assert failure.error.cause is None


def flat(outcome: Outcome) -> str:
    """What was printed, with what a table has wrapped put together again."""
    return " ".join((outcome.stdout + outcome.stderr).split())
