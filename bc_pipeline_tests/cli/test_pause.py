"""``pause`` and ``resume``: the schedules keep off a tenant, and it is said everywhere."""

from __future__ import annotations

from pathlib import Path

from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.orchestration.conftest import write_tenants


def test_given_a_paused_tenant_then_status_and_sync_say_so_until_it_is_resumed(
    command: CommandLine, empty_home: Path
):
    write_tenants(empty_home, acme={})

    paused = command("pause", "acme", "--by", "Anna", "--why", "stock-taking", "--json")
    assert (paused.code, paused.json["tenant"], paused.json["by"]) == (0, "acme", "Anna")

    status = command("status")
    assert "acme: paused since" in status.stdout
    assert "by Anna: stock-taking" in status.stdout
    assert command("status", "--exit-code").code == 0
    sync = command("sync", "acme", "--json").json["tenants"]["acme"]
    assert (sync["status"], "by Anna" in sync["reason"]) == ("skipped", True)

    resumed = command("resume", "acme")
    assert resumed.stdout.startswith("acme: resumed; it was paused since")
    assert command("resume", "acme").stdout == "acme: it was not paused\n"
    assert "paused" not in command("status").stdout


def test_given_an_unknown_tenant_then_nothing_is_paused(command: CommandLine, empty_home: Path):
    write_tenants(empty_home, acme={})

    outcome = command("pause", "acne")

    assert outcome.code == 2
    assert "did you mean acme?" in outcome.stderr
