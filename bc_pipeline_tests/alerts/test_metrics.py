"""Figures for Prometheus, as its own parser reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bc_pipeline.alerts.metrics import PREFIX, SERIES, WRITTEN
from bc_pipeline.run import state_memory
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline_tests.cli.conftest import CommandLine, command, environment  # noqa: F401
from bc_pipeline_tests.orchestration.conftest import write_tenants

BOOKS = """
INSERT INTO ops.runs VALUES
  (1, 'a', now() - INTERVAL 40 MINUTE, now() - INTERVAL 39 MINUTE, 'failed', 'x', false, NULL),
  (2, 'b', now() - INTERVAL 10 MINUTE, now() - INTERVAL 9 MINUTE, 'success', NULL, false,
   '{"problems": [], "requests": {"business_central": {"total": 7, "throttled": 2},
     "optiply": {"total": 3, "throttled": 0}}}');
INSERT INTO ops.reads (run_no, entity, rows, complete) VALUES (2, 'bc/items', 5, true);
INSERT INTO ops.entity_counts VALUES (2, 'optiply/products', 'sent', 1);
INSERT INTO sync.products (remote_id, state, reason, attempts)
  VALUES ('a', 'quarantined', 'no name', 2), ('b', 'guard', NULL, 0), ('c', 'active', NULL, 0);
INSERT INTO outbound.ledger (entity, key, state) VALUES ('vendors', 'v-1', 'blocked'),
  ('vendors', 'v-2', 'blocked');
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    write_tenants(tmp_path, acme={}, globex={"sync": {"typo": 1}}, idle={"enabled": False})
    with (
        Snapshot.open(registry.load().get("acme").snapshot_dir) as snapshot,
        snapshot.cursor() as cursor,
    ):
        cursor.execute(BOOKS)
    return tmp_path


def _tenant_first(label: str) -> tuple[bool, str]:
    return (label != "tenant", label)


def read(text: str) -> dict[tuple[str, ...], float]:
    """Name, tenant and the other labels' values -> value."""
    return {
        (
            sample.name.removeprefix(PREFIX),
            *(sample.labels[name] for name in sorted(sample.labels, key=_tenant_first)),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_are_those_of_the_books(home: Path, command: CommandLine):
    outcome = command("metrics")
    found = read(outcome.stdout)

    assert outcome.code == 0
    assert found["settings_wrong", "globex"] == 1
    assert found["settings_wrong", "acme"] == 0
    assert found["enabled", "idle"] == 0
    assert found["last_run_status", "acme", "success"] == 1
    assert found["last_run_status", "acme", "failed"] == 0
    assert found["last_run_seconds", "acme"] == pytest.approx(60)
    assert found["runs", "acme", "failed"] == 1
    assert found["last_run_requests", "acme", "business_central"] == 7
    assert found["last_run_throttled", "acme", "business_central"] == 2
    assert found["records", "acme", "optiply/products", "quarantined"] == 1
    assert found["held_deletions", "acme"] == 1
    assert found["open_exports", "acme", "outbound/vendors", "blocked"] == 2
    now = found[(WRITTEN,)]
    assert now - found["last_good_run_timestamp_seconds", "acme"] == pytest.approx(540, abs=60)
    assert 0 < found["next_run_timestamp_seconds", "acme"] - now <= 1800
    assert found["next_run_timestamp_seconds", "acme"] % 1800 == 0
    assert ("next_run_timestamp_seconds", "idle") not in found
    assert ("late", "globex") not in found, "of what is not known there is no line"


def test_every_series_is_announced_with_what_it_says(home: Path, command: CommandLine):
    families = {
        each.name: each for each in text_string_to_metric_families(command("metrics").stdout)
    }

    assert set(families) == {PREFIX + name for name in (*SERIES, WRITTEN)}
    assert all(each.documentation and each.type == "gauge" for each in families.values())


def test_the_file_is_replaced_as_a_whole_and_others_may_read_it(
    home: Path, command: CommandLine, tmp_path: Path
):
    target = tmp_path / "bc_pipeline.prom"
    target.write_text("old")

    outcome = command("metrics", "--output", str(target))

    assert outcome.code == 0
    assert ("settings_wrong", "acme") in read(target.read_text())
    assert target.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.glob(".new-*")] == []
    nowhere = command("metrics", "--output", str(tmp_path / "none" / "x.prom"))
    assert nowhere.code == 2
    assert "cannot be written" in nowhere.stderr


def test_given_an_entity_nobody_gave_a_state_then_all_figures_are_written_all_the_same(
    home: Path, command: CommandLine
):
    with (
        Snapshot.open(registry.load().get("acme").snapshot_dir) as snapshot,
        snapshot.cursor() as cursor,
    ):
        cursor.execute("UPDATE sync.products SET state = NULL WHERE remote_id = 'c'")

    figures = read(command("metrics").stdout)

    assert figures["records", "acme", "optiply/products", ""] == 1


FORMS = {
    "tick.json": """{"ticked_at": null, "ran_at": null, "stock_at": null, "swept_at": null,
        "marks": [], "stock_marks": [], "company": [], "unfinished": []}""",
    "status.json": """{"version": "%s", "told": {"books": {"entities": []}}}""",
    "../../alerts/acme.json": """{"standing": [], "waiting": [], "digests": {}}""",
}


@pytest.mark.parametrize("name", FORMS)
def test_given_a_file_of_another_form_beside_one_tenant_then_all_are_told(
    home: Path, command: CommandLine, name: str
):
    acme = registry.load().get("acme")
    path = acme.snapshot_dir / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(FORMS[name].replace("%s", str(state_memory.version(acme))))

    figures = read(command("metrics").stdout)

    assert figures["records", "acme", "optiply/products", "guard"] == 1
    assert command("status", "acme").code == 0
    assert command("alerts", "list").code == 0
