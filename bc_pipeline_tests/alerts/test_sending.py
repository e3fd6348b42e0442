"""A message reaches its address, or says why not: never the address, never for long."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bc_pipeline.alerts import delivery, sending
from bc_pipeline.alerts.book import Waiting, fingerprint, opened, read
from bc_pipeline.alerts.message import trial
from bc_pipeline.alerts.sending import NotSent, send
from bc_pipeline.tenants.alert_settings import AlertAddress
from bc_pipeline_tests.alerts.receiver import SECRET, Receiver

MESSAGE = trial("acme", datetime(2026, 12, 1, tzinfo=UTC))


def webhook(receiver: Receiver) -> AlertAddress:
    return AlertAddress(url=receiver.url, secret=SECRET)


def apprise(receiver: Receiver) -> AlertAddress:
    return AlertAddress(url=receiver.url.replace("http://", "json://"))


def test_a_webhook_gets_it_signed(receiver: Receiver):
    send(webhook(receiver), MESSAGE)

    (got,) = receiver.received
    assert got.verified
    assert got.headers["webhook-id"] == MESSAGE.id
    assert got.json["type"] == "alert.test"
    assert got.json["timestamp"] == "2026-12-01T00:00:00+00:00"
    assert got.data["text"] == MESSAGE.text


def test_a_service_gets_it_by_apprise(receiver: Receiver):
    receiver.status = 200
    send(apprise(receiver), MESSAGE)

    (got,) = receiver.received
    assert got.json["title"] == "acme: a test of alerts"
    assert "bc-pipeline alerts test acme" in got.json["message"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_does_not_take_it_is_told_by_its_status(receiver: Receiver, status: int):
    receiver.status = status

    with pytest.raises(NotSent, match=f"it answered HTTP {status}"):
        send(webhook(receiver), MESSAGE)


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1:{port}/s3cr3t",
        "slack://s3cr3t",
        "nonsense://s3cr3t",
        "http://127.0.0.1:{port}/s3cr3t",
    ],
)
def test_what_cannot_be_reached_or_understood_says_so_without_the_address(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    given = url.format(port=port)
    secret = SECRET if url.startswith("http:") else None

    with caplog.at_level(logging.DEBUG), pytest.raises(NotSent) as error:
        send(AlertAddress(url=given, secret=secret), MESSAGE)

    said = capfd.readouterr()
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")
    )
    assert "s3cr3t" not in f"{error.value}{logged}{said.out}{said.err}"
    assert error.value.__cause__ is None


def test_a_service_that_refuses_is_told(receiver: Receiver):
    receiver.status = 500

    with pytest.raises(NotSent, match="the json service did not take it"):
        send(apprise(receiver), MESSAGE)


@pytest.mark.parametrize("made", [webhook, apprise])
def test_a_receiver_that_answers_bit_by_bit_is_not_waited_for(
    made, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sending, "LONGEST", 0.5)
    receiver.drips = True

    began = datetime.now(UTC)
    with pytest.raises(NotSent, match="no answer in time"):
        send(made(receiver), MESSAGE)

    assert (datetime.now(UTC) - began).total_seconds() < 2


@pytest.mark.parametrize("made", [webhook, apprise])
def test_whoever_an_address_sends_us_on_to_is_told_nothing(made, receiver: Receiver):
    with Receiver() as stranger:
        receiver.status, receiver.sends_on_to = 307, stranger.url

        with pytest.raises(NotSent):
            send(made(receiver), MESSAGE)

        assert len(receiver.received) == 1
        assert stranger.received == []


def test_what_is_too_long_for_a_service_comes_in_parts(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "body_maxlen", 2000)
    lines = [f"line {number}" for number in range(1000)]
    receiver.status = 200

    send(apprise(receiver), replace(MESSAGE, text="\n".join(lines)))

    parts = [each.json["message"] for each in receiver.received]
    assert max(map(len, parts)) <= 2000
    assert [line for line in lines if line in "\n".join(parts)] == lines


def test_a_failure_nobody_has_foreseen_is_told_without_its_text(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    def broken(*given: object) -> None:
        raise RuntimeError("https://hooks.example.com/s3cr3t")

    monkeypatch.setattr(sending, "_to_webhook", broken)

    with pytest.raises(NotSent, match=r"^sending failed \(RuntimeError\)$"):
        send(webhook(receiver), MESSAGE)


def test_nothing_heavy_is_imported_before_there_is_something_to_send():
    script = "import sys, bc_pipeline.alerts.telling; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert not {"apprise", "dagster", "prometheus_client", "pandas"} & set(ran.stdout.split())


class TestDelivery:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "alerts" / "acme.json"

    def wait(self, path, address: AlertAddress, *messages) -> None:
        now = datetime.now(UTC)
        with opened(path) as book:
            for message in messages:
                book.waiting.append(Waiting(fingerprint(address), message, now, now))

    def test_what_waits_is_sent_once(self, path, receiver: Receiver):
        self.wait(path, webhook(receiver), MESSAGE)

        delivery.deliver(path, (webhook(receiver),))
        delivery.deliver(path, (webhook(receiver),))

        assert len(receiver.received) == 1
        assert read(path).waiting == []
        assert path.stat().st_mode & 0o777 == 0o600

    def test_what_fails_is_sent_later_as_the_same_message(
        self, path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ):
        receiver.status = 500
        self.wait(path, webhook(receiver), MESSAGE)
        delivery.deliver(path, (webhook(receiver),))
        (entry,) = read(path).waiting
        assert (entry.tries, entry.error) == (1, "it answered HTTP 500")
        assert entry.not_before > datetime.now(UTC)

        receiver.status = 200
        delivery.deliver(path, (webhook(receiver),))
        assert len(receiver.take()) == 1, "not before its time"
        monkeypatch.setattr(delivery, "_rested", {})
        with opened(path) as book:
            book.waiting[0].not_before = datetime.now(UTC)
        delivery.deliver(path, (webhook(receiver),))

        (got,) = receiver.received
        assert got.headers["webhook-id"] == MESSAGE.id
        assert read(path).waiting == []

    def test_who_hangs_holds_nobody_up_for_longer_than_said(
        self, path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(sending, "TIMEOUT", (1.0, 1.0))
        receiver.hangs = True
        others = trial("globex", datetime.now(UTC))
        self.wait(path, webhook(receiver), MESSAGE, others)

        began = datetime.now(UTC)
        delivery.deliver(path, (webhook(receiver),), seconds=0.3)
        took = datetime.now(UTC) - began

        assert took.total_seconds() < 0.9
        delivery.send_waiting(path, (webhook(receiver),))  # somebody else is at it
        assert len(receiver.received) == 1

    def test_who_hangs_until_the_process_ends_does_not_keep_the_next_one_from_others(
        self, path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ):
        with Receiver(hangs=True) as hanging:
            self.wait(path, webhook(hanging), MESSAGE)
            self.wait(path, webhook(receiver), MESSAGE)
            both = (webhook(hanging), webhook(receiver))
            delivery.deliver(path, both, seconds=0.3)
            monkeypatch.setattr(delivery, "_rested", {})  # as another process has it
            path.with_suffix(".sending").unlink()

            delivery.deliver(path, both)

            assert len(hanging.received) == len(receiver.received) == 1
            assert read(path).waiting[0].tries == 1

    def test_who_answers_bit_by_bit_costs_many_tenants_its_seconds_once(
        self, tmp_path, receiver: Receiver
    ):
        receiver.drips = True
        paths = [tmp_path / "alerts" / f"t{number}.json" for number in range(20)]
        for path in paths:
            self.wait(path, webhook(receiver), MESSAGE)

        began = datetime.now(UTC)
        for path in paths:
            delivery.deliver(path, (webhook(receiver),), seconds=0.3)

        assert (datetime.now(UTC) - began).total_seconds() < 3
        assert len(receiver.received) == 1

    def test_an_address_that_is_no_longer_named_is_told_nothing(self, path, receiver: Receiver):
        self.wait(path, webhook(receiver), MESSAGE)

        delivery.deliver(path, (AlertAddress(url="slack://a/b/c"),))

        assert receiver.received == []
        assert read(path).waiting == []
