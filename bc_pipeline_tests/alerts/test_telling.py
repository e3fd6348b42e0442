"""Whatever ran tells: the command line, a run in Dagster, and the sensor where nothing runs."""

from __future__ import annotations

import json
import logging
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import SkipReason, build_sensor_context

from bc_pipeline.alerts import book, telling
from bc_pipeline.errors import AuthError, ConfigError
from bc_pipeline.orchestration.alert_sensor import states_to_alerts
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.snapshot.reader import SnapshotReader
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline_tests.alerts.receiver import SECRET, Receiver
from bc_pipeline_tests.cli.conftest import CommandLine, command, environment  # noqa: F401
from bc_pipeline_tests.full_disk import no_file_beyond
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.templates import memory_instance

FAILED = """
INSERT INTO ops.runs VALUES (1, 'the-run', now(), now(), 'failed', 'Optiply answered 503', false,
  '{"problems": [{"entity": "run", "remote_id": null, "kind": "blocked", "reason": "503"}]}')
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> Path:
    """acme's last run failed; both tenants tell the receiver of failures."""
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    alerts(tmp_path, receiver, "failed", "recovered")
    fail("acme")
    return tmp_path


def alerts(home: Path, receiver: Receiver, *on: str) -> None:
    write_tenants(home, acme={}, globex={})
    path = home / "tenants.yaml"
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    address = {"url": receiver.url, "secret": SECRET, "on": list(on)}
    path.write_text(yaml.safe_dump({"defaults": {"alerts": [address]}, **document}))


def fail(name: str) -> None:
    with (
        Snapshot.open(registry.load().get(name).snapshot_dir) as snapshot,
        snapshot.cursor() as cursor,
    ):
        cursor.execute(FAILED)


def test_many_at_once_tell_it_once(home: Path, receiver: Receiver):
    acme = registry.load().get("acme")

    with ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(telling.after_run, acme) for _ in range(16)]:
            each.result()
    telling.after_run(acme)

    assert receiver.kinds == [("raised", "failed")]


def test_the_sensor_tells_it_and_starts_no_run(home: Path, receiver: Receiver):
    with memory_instance() as instance:
        context = build_sensor_context(instance=instance)
        told = [states_to_alerts(context, tenants=TenantsResource()) for _ in range(2)]

    assert all(isinstance(each, SkipReason) for each in told)
    assert receiver.kinds == [("raised", "failed")]
    assert "Optiply answered 503" in receiver.received[0].data["text"]


def test_given_nothing_changed_then_the_sensor_opens_no_snapshot(
    home: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    telling.look(registry.load())
    monkeypatch.setattr(SnapshotReader, "__init__", lambda self: pytest.fail("it was opened"))

    telling.look(registry.load(), ["acme"])

    assert receiver.kinds == [("raised", "failed")]


def test_given_nobody_is_to_be_told_then_nothing_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_tenants(tmp_path, acme={})
    monkeypatch.setattr(telling, "read_state", lambda *given, **options: pytest.fail("looked at"))

    telling.look(registry.load(tmp_path, tmp_path / "tenants.yaml"))

    assert not (tmp_path / "alerts").exists()


@pytest.mark.parametrize("name", ["../../globex", "a/b", "x" * 300, "_installation", "A B"])
def test_given_a_tenant_is_broken_for_its_name_then_that_is_told_and_no_other_file_is_touched(
    home: Path, receiver: Receiver, name: str
):
    alerts(home, receiver, "config")
    path = home / "tenants.yaml"
    document = yaml.safe_load(path.read_text())
    document["tenants"][name] = document["tenants"].pop("globex")
    path.write_text(yaml.safe_dump(document))

    for _ in range(2):
        telling.look(registry.load())

    assert [each.data["tenant"] for each in receiver.received] == [name]
    assert {each.suffix for each in (home / "alerts").iterdir()} <= {".json", ".lock", ".sending"}
    assert not list(home.parent.glob("globex*"))


def test_given_nobody_is_to_be_told_any_more_then_nothing_is_kept_as_told(
    home: Path, receiver: Receiver
):
    telling.look(registry.load())
    write_tenants(home, acme={}, globex={})

    telling.look(registry.load())

    assert telling.contents(book.path_of(home, "acme")) == {"standing": [], "unsent": []}


def test_given_a_broken_file_then_the_tick_of_the_sensor_fails_and_it_is_told(
    home: Path, receiver: Receiver
):
    alerts(home, receiver, "config")
    telling.look(registry.load())
    (home / "tenants.yaml").write_text("defaults: [\n")

    with memory_instance() as instance:
        for _ in range(2):
            with pytest.raises(ConfigError):
                states_to_alerts(build_sensor_context(instance=instance), tenants=TenantsResource())

    assert receiver.kinds == [("raised", "config")]


def test_given_alerts_that_fail_in_a_way_nobody_has_foreseen_then_a_run_does_not(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*given: object, **options: object) -> None:
        raise RuntimeError("https://hooks.example.com/s3cr3t")

    monkeypatch.setattr(telling, "settle", broken)

    with caplog.at_level(logging.DEBUG):
        telling.after_run(registry.load().get("acme"))

    assert "alerts of acme failed (RuntimeError)" in caplog.text
    assert "s3cr3t" not in caplog.text


class TestCommands:
    def test_test_says_of_each_address_what_became_of_it(
        self, home: Path, receiver: Receiver, command: CommandLine
    ):
        sent = command("alerts", "test", "acme")
        receiver.status = 500
        refused = command("alerts", "test", "acme", "--json")

        assert sent.code == 0
        assert sent.stdout == "acme: alerts.0 (http): sent\n"
        assert receiver.kinds[0] == ("test", "")
        assert refused.code == 1
        assert refused.json["tenants"]["acme"][0]["error"] == "it answered HTTP 500"
        assert "s3cr3t-path" not in sent.stdout + refused.stdout

    def test_test_of_a_tenant_that_tells_nobody_says_so(self, home: Path, command: CommandLine):
        write_tenants(home, acme={})

        outcome = command("alerts", "test", "acme")

        assert outcome.code == 1
        assert "alerts names nobody in tenants.yaml" in outcome.stdout

    def test_test_of_a_tenant_whose_settings_are_wrong_says_what_is_wrong(
        self, home: Path, command: CommandLine
    ):
        write_tenants(home, acme={"alerts": [{"url": "https://hooks.example.com"}]})

        outcome = command("alerts", "test", "acme")

        assert outcome.code == 1
        assert "secret is missing: a webhook is signed" in outcome.stdout
        assert "names nobody" not in outcome.stdout

    def test_list_says_so_when_nothing_stands(self, home: Path, command: CommandLine):
        write_tenants(home, acme={})

        assert command("alerts", "list").stdout == "Nothing that was told still stands\n"

    def test_send_does_what_the_sensor_does_and_list_shows_it(
        self, home: Path, receiver: Receiver, command: CommandLine
    ):
        outcome = command("alerts", "send", "--json")
        listed = command("alerts", "list")

        assert outcome.json == {"unsent": 0}
        assert receiver.kinds == [("raised", "failed")]
        assert "failed" in listed.stdout
        assert "The last run failed" in listed.stdout
        told = command("alerts", "list", "acme", "--json").json["tenants"]["acme"]
        assert "failed" in [each["kind"] for each in told["standing"]]

    def test_status_says_what_could_not_be_sent(
        self, home: Path, receiver: Receiver, command: CommandLine
    ):
        receiver.status = 503
        telling.look(registry.load())

        plain = command("status", "acme")
        told = command("status", "acme", "--json").json["tenants"]["acme"]["alerts"]

        assert "acme: 1 alerts could not be sent and are tried again: it answered HTTP 503" in (
            plain.stdout
        )
        assert told["unsent"][0]["error"] == "it answered HTTP 503"
        assert told["standing"][0]["kind"] == "failed"
        kept = json.dumps(told) + book.path_of(home, "acme").read_text()
        assert "s3cr3t-path" not in kept
        assert SECRET not in kept

    def test_a_broken_file_is_told_by_the_command_that_meets_it(
        self, home: Path, receiver: Receiver, command: CommandLine
    ):
        alerts(home, receiver, "config")
        telling.look(registry.load())
        (home / "tenants.yaml").write_text("defaults: [\n")

        outcome = command("sync", "--all")

        assert outcome.code == 2
        assert receiver.kinds == [("raised", "config")]

    def test_given_all_tenants_are_broken_then_a_tick_by_hand_tells_them(
        self, home: Path, receiver: Receiver, command: CommandLine
    ):
        path = home / "tenants.yaml"
        path.write_text(path.read_text().replace("client_id: app", "client_idd: app"))

        outcome = command("sync", "--all")

        assert outcome.code == 2
        assert receiver.kinds == [("raised", "config")] * 2
        assert {each.data["tenant"] for each in receiver.received} == {"acme", "globex"}


def test_what_a_run_could_not_read_of_its_settings_is_told(home: Path, receiver: Receiver):
    path = home / "tenants.yaml"
    path.write_text(path.read_text().replace("account_id", "account"))

    telling.after_refusal(registry.load, "globex")

    assert receiver.received[0].data["tenant"] == "globex"
    assert "optiply.account" in receiver.received[0].data["text"]


def test_an_error_of_the_snapshot_is_told(
    home: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    def unreadable(*given: object, **options: object) -> None:
        raise AuthError("the snapshot was written by a newer version")

    monkeypatch.setattr(telling, "read_state", unreadable)

    telling.after_run(registry.load().get("acme"))

    assert "newer version" in receiver.received[0].data["text"]


def test_given_a_full_disk_then_it_is_told_directly_once_and_once_more_when_it_is_over(
    home: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("full-as-well")))
    with no_file_beyond(0):
        for _ in range(3):
            telling.look(registry.load(), ["acme"])

    assert receiver.kinds == [("raised", "disk"), ("raised", "failed")]
    assert "acme cannot be written: " in receiver.received[0].data["text"]
    assert not list((home / "alerts").glob("*.json"))
    receiver.take()
    telling.look(registry.load(), ["acme"])
    assert receiver.kinds == [("recovered", "disk")]
    assert "disk" not in [each["kind"] for each in told_of(home)["standing"]]


def test_given_the_book_cannot_be_written_then_it_is_kept_elsewhere_for_every_process(
    home: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    (home / "alerts").write_text("in its way")

    for _ in range(2):
        telling.look(registry.load(), ["acme"])
        book._kept.clear()  # as in another process

    assert receiver.kinds == [("raised", "failed")]
    (kept,) = elsewhere.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o700
    (home / "alerts").unlink()
    telling.look(registry.load(), ["acme"])
    assert receiver.kinds == [("raised", "failed")]
    assert not list(kept.glob("*.json"))


def test_given_somebody_else_may_write_where_it_would_be_kept_then_it_is_not_read(
    home: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
):
    elsewhere = tmp_path_factory.mktemp("open-to-all")
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    (home / "alerts").write_text("in its way")
    telling.look(registry.load(), ["acme"])
    book._kept.clear()
    (kept,) = elsewhere.iterdir()
    kept.chmod(0o777)

    assert told_of(home) == {"standing": [], "unsent": []}
    telling.look(registry.load(), ["acme"])

    assert receiver.kinds == [("raised", "failed")] * 2


def told_of(home: Path) -> dict[str, Any]:
    return telling.contents(book.path_of(home, "acme"))
