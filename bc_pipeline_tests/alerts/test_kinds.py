"""Each kind of alert, provoked in the sandbox, received by a web server: once, with tenant, what,
why and what to do, and no secret in it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline import clock
from bc_pipeline.alerts import telling
from bc_pipeline.alerts.kinds import KINDS
from bc_pipeline.errors import ConfigError
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.alert_settings import AlertAddress
from bc_pipeline_tests.alerts.kinds_world import (
    DAY,
    FORBIDDEN,
    PROVOKED,
    change,
    check,
    check_without_tenant,
    fault,
    home,
    sandbox,
    synced_home,
    told,
)
from bc_pipeline_tests.alerts.receiver import NO_DIGEST, SECRET, Receiver
from bc_pipeline_tests.cli.aged import changed_settings, let_pass, synced, tenant
from bc_pipeline_tests.full_disk import no_file_beyond

__all__ = ["home", "sandbox", "synced_home", "told"]


def test_failed_an_entity_once_escalated_after_three_runs_then_over(told, sandbox: Sandbox):
    forbidden = {"action": "status", "status": 403, "path": r"/items\?", "body": FORBIDDEN}
    with fault(sandbox, "bc", **forbidden):
        run = synced()
        (first,) = told()
        again = told()
        synced()
        second = told()
        synced()
        (third,) = told()
    synced()
    (over,) = told()

    assert first.data["kind"] == "failed"
    (item,) = first.data["items"]
    assert "bc/items" in item["what"]
    assert "403" in item["why"]
    assert item["link"] == f"https://dagster.example.com/runs/{run.run_id}"
    assert item["link"] in first.data["text"]
    assert again == second == []
    assert third.data["event"] == "escalated"
    assert "does not go away by itself" in third.data["text"]
    assert (over.data["event"], over.data["kind"]) == ("recovered", "failed")
    assert told() == []


def test_disk_nothing_can_be_stored_though_the_book_cannot_be_either(told, home: Path):
    with no_file_beyond(4096):
        run = synced(entities=("suppliers",), full=True)
        (message,) = [each for each in told() if each.data["kind"] == "disk"]
        again = told()
    assert synced(entities=("suppliers",)).status == "success"
    over = told()

    assert run.status == "failed"
    (item,) = message.data["items"]
    assert f"{home / 'snapshots/cronus'} cannot be written: " in item["what"]
    assert "Raise the limit" in item["todo"]
    assert again == []
    assert ("recovered", "disk") in [(each.data["event"], each.data["kind"]) for each in over]


def test_token_somebody_has_to_sign_in(told, sandbox: Sandbox, home: Path):
    kept = home / "secrets" / "cronus.business_central.json"
    before = kept.read_bytes()
    kept.unlink()
    refused = {"error": "invalid_grant", "error_description": "AADSTS70008: expired"}
    try:
        with fault(sandbox, "entra", action="status", status=400, body=refused):
            run = synced()
            (message,) = told()
    finally:
        kept.write_bytes(before)

    assert run.status == "failed"
    assert message.data["kind"] == "token"
    assert "cronus" in message.data["text"]


def test_token_the_client_secret_ends_told_30_and_7_days_before(told, sandbox: Sandbox):
    def ends_in(days: int) -> dict[str, Any]:
        day = (datetime.now(UTC) + days * DAY).date()
        settings = tenant().business_central
        return {"business_central": settings.model_copy(update={"client_secret_expires": day})}

    assert told(**ends_in(31)) == []
    (month,) = told(**ends_in(30))
    assert told(**ends_in(8)) == []
    (week,) = told(**ends_in(7))
    assert "(30 days)" in month.data["items"][0]["what"]
    assert "(7 days)" in week.data["items"][0]["what"]
    assert "Entra" in week.data["items"][0]["todo"]
    (ended,) = told(**ends_in(0))
    assert "has ended" in ended.data["items"][0]["what"]
    assert [each.data["event"] for each in told(**ends_in(700))] == ["recovered"]


def test_token_that_nobody_uses(told, home: Path):
    kept = home / "secrets" / "cronus.business_central.json"
    long_ago = (datetime.now(UTC) - 61 * DAY).timestamp()
    before = kept.stat().st_mtime
    os.utime(kept, (long_ago, long_ago))
    try:
        (message,) = told()
    finally:
        os.utime(kept, (before, before))

    assert message.data["kind"] == "token"
    assert "has not been used since" in message.data["items"][0]["what"]


def test_late_and_stock_late(told):
    let_pass(timedelta(minutes=60))
    (stock,) = told()
    let_pass(timedelta(minutes=60))
    (late,) = told()

    assert stock.data["kind"] == "stock_late"
    assert "stock_late_after_minutes" in stock.data["items"][0]["why"]
    assert late.data["kind"] == "late"
    assert "bc-pipeline status cronus" in late.data["text"]
    synced()
    assert {each.data["event"] for each in told()} == {"recovered"}


def test_late_although_a_run_holds_the_snapshot(told, receiver: Receiver):
    # what it told before the run is known, time passes all the same
    later = datetime.now(UTC) + timedelta(hours=3)

    class Later(clock.MachineClock):
        def now(self) -> datetime:
            return later

    with Snapshot.open(tenant().snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("CREATE TABLE ops.touched (id INTEGER)")
        with clock.using(Later()):
            messages = told()

    assert "late" in [each.data["kind"] for each in messages]


def test_guard_with_the_numbers_and_the_very_command(told, sandbox: Sandbox):
    company = sandbox.business_central.companies[tenant().business_central.company]
    goods = [row for row in company.tables["items"].values() if row["type"] == "Inventory"]
    gone = sorted(goods, key=lambda row: row["number"])[:12]
    kept = {row["id"]: dict(row) for row in gone}
    for row in gone:
        company.delete("items", row["id"])
    try:
        synced(entities=("products",))
        messages = told()
    finally:
        company.tables["items"].update(kept)

    message = next(each for each in messages if each.data["kind"] == "guard")
    text = message.data["text"]
    assert "12 deletions in optiply/products held until approved" in text
    assert gone[0]["number"] in text
    assert "bc-pipeline approve-deletions cronus products" in text


@pytest.mark.parametrize(
    ("entity", "state", "words"),
    [
        (
            "purchase_orders",
            "blocked",
            ("2 buy orders are blocked: 4711, 4712", "bc-pipeline export cronus"),
        ),
        (
            "purchase_orders",
            "ambiguous",
            ("may or may not be in Business Central", "resend cronus purchase_orders KEY"),
        ),
        (
            "vendors",
            "failed",
            (
                "2 records of vendors were refused",
                "bc-pipeline resend cronus vendors",
                "bc-pipeline records cronus vendors --state failed",
            ),
        ),
    ],
)
def test_blocked_how_many_which_why_and_what_to_do(told, entity, state, words):
    reason = "vendor 10000 is blocked in Business Central"
    change(
        *(
            "INSERT INTO outbound.ledger (entity, key, state, reason) "
            f"VALUES ('{entity}', '{number}', '{state}', '{reason}')"
            for number in (4711, 4712)
        )
    )

    (message,) = told()

    assert message.data["kind"] == "blocked"
    assert reason in message.data["text"]
    for each in words:
        assert each in message.data["text"]
    assert told() == []
    change("DELETE FROM outbound.ledger")
    (over,) = told()
    assert over.data["event"] == "recovered"


def test_config_a_name_that_business_central_does_not_have(told, home: Path):
    with changed_settings(home, "cronus", {"sync": {"locations": ["EASST"]}}):
        synced(entities=("products",))
        (message,) = [each for each in told() if each.data["kind"] != "stock_late"]

    assert message.data["kind"] in ("config", "failed")
    assert "EASST" in message.data["text"]


def test_config_the_settings_of_one_tenant_are_broken(home: Path, receiver: Receiver):
    address = {"url": receiver.url, "secret": SECRET, "on": list(NO_DIGEST)}
    with changed_settings(home, "cronus", {"alerts": [address], "sync": {"typo": 1}}):
        telling.look(registry.load())
        telling.look(registry.load())
    (message,) = receiver.take()

    check_without_tenant(message)
    assert message.data["tenant"] == "cronus"
    assert "sync.typo: unknown key" in message.data["text"]
    with changed_settings(home, "cronus", {"alerts": [address]}):
        telling.look(registry.load())
    assert ("recovered", "config") in receiver.kinds


def test_config_the_file_is_broken_told_to_whom_it_named_last(home: Path, receiver: Receiver):
    path = home / "tenants.yaml"
    sound = path.read_text()
    named = {"alerts": [{"url": {"env": "HOOK"}, "secret": SECRET, "on": list(NO_DIGEST)}]}
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOOK", receiver.url)
            path.write_text(f"defaults: {json.dumps(named)}\n{sound}")
            telling.look(registry.load())
            receiver.take()
            path.write_text("defaults: [\n")
            for _ in range(2):
                with pytest.raises(ConfigError) as error:
                    registry.load()
                telling.file_is_broken(home, error.value)
            (message,) = receiver.take()
            path.write_text(f"defaults: {json.dumps(named)}\n{sound}")
            telling.look(registry.load())
    finally:
        path.write_text(sound)

    check_without_tenant(message)
    assert message.data["title"] == "this installation: settings are wrong"
    assert "not valid YAML" in message.data["text"]
    assert ("recovered", "config") in receiver.kinds
    known = home / telling.LAST_KNOWN
    assert known.stat().st_mode & 0o777 == 0o600
    assert receiver.url not in known.read_text()


def test_went_back(told):
    change(
        "INSERT INTO ops.warnings SELECT max(run_no), 'bc/items', NULL, 'source_went_back', "
        "'restored to an earlier point' FROM ops.runs"
    )

    (message,) = told()

    assert message.data["kind"] == "went_back"
    assert "restored to an earlier point" in message.data["text"]


def test_slow_but_not_the_first_run(told):
    slower = "UPDATE ops.runs SET started_at = ended_at - INTERVAL 40 MINUTE"
    change(slower)
    assert told() == []
    synced(entities=("suppliers",))
    change(slower)

    (message,) = [each for each in told() if each.data["kind"] == "slow"]

    assert "took 40 minutes" in message.data["text"]


def test_quarantined_for_a_new_reason_with_the_numbers(told):
    change(
        "UPDATE sync.suppliers SET state = 'quarantined', reason = 'name ''X'' is refused' "
        "WHERE remote_id IN (SELECT remote_id FROM sync.suppliers ORDER BY 1 LIMIT 2)"
    )

    (message,) = told()
    assert message.data["kind"] == "quarantined"
    assert "2 records of optiply/suppliers in quarantine" in message.data["text"]
    assert "bc-pipeline retry cronus suppliers" in message.data["text"]
    change("UPDATE sync.suppliers SET reason = 'name ''Y'' is refused' WHERE state = 'quarantined'")
    assert told() == []


def test_counts_more_than_one_in_a_hundred_is_missing(told):
    change(
        "UPDATE sync.products SET optiply_id = NULL WHERE remote_id IN "
        "(SELECT remote_id FROM sync.products WHERE optiply_id IS NOT NULL ORDER BY 1 LIMIT 5)"
    )

    (message,) = told()

    assert message.data["kind"] == "counts"
    assert "5 are missing" in message.data["text"]


def test_digest_at_its_hour(home: Path, receiver: Receiver):
    let_pass(timedelta(minutes=120))
    address = AlertAddress(url=receiver.url, secret=SECRET, on=("digest",), digest_hour=0)
    at = tenant().model_copy(update={"alerts": (address,)})

    telling.after_run(at)
    telling.after_run(at)

    (message,) = receiver.take()
    check(message)
    assert message.data["event"] == "digest"
    assert "data is late" in message.data["text"]


def test_every_kind_was_provoked():
    assert set(KINDS) - {"recovered"} <= PROVOKED | {"recovered"}
