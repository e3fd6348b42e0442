"""``status`` asks a snapshot once, until somebody touches it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bc_pipeline.run import state_memory
from bc_pipeline.run.tenant_state import TenantState, read_state
from bc_pipeline.snapshot.reader import SnapshotReader
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.orchestration.conftest import write_tenants

NOW = datetime.now(UTC)
BOOKS = """
INSERT INTO ops.runs VALUES (1, 'id', now(), now(), 'success', NULL, false, '{"problems": []}');
INSERT INTO ops.reads (run_no, entity, rows, complete) VALUES (1, 'bc/items', 5, true),
  (1, 'bc/vendors', 5, true);
INSERT INTO ops.entity_counts VALUES (1, 'optiply/products', 'sent', 1);
INSERT INTO sync.products (remote_id, state, reason, attempts)
  VALUES ('a', 'quarantined', 'no name', 2), ('b', 'guard', NULL, 0), ('c', 'active', NULL, 0);
INSERT INTO outbound.ledger (entity, key, state, reason, file, line)
  VALUES ('customers', 'c-1', 'failed', 'refused', 'Customers.jsonl', 1);
"""


@pytest.fixture
def tenant(empty_home: Path) -> Tenant:
    write_tenants(empty_home, acme={})
    found = registry.load().get("acme")
    change(found, BOOKS)
    return found


def change(tenant: Tenant, sql: str) -> None:
    with Snapshot.open(tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The snapshots that were opened."""
    opened: list[Path] = []
    really = SnapshotReader.open

    def note(self: SnapshotReader, directory: Path, **options: float):
        opened.append(directory)
        return really(self, directory, **options)

    monkeypatch.setattr(SnapshotReader, "open", note)
    return opened


def test_given_nobody_touched_it_then_it_is_asked_once_and_tells_the_same(tenant, asked):
    first, second = read_state(tenant, NOW), read_state(tenant, NOW)

    assert len(asked) == 1
    assert second == first
    assert second.as_json() == first.as_json()
    assert first.held[0]["reason"] == "no name"
    assert first.deletions[0].remote_id == "b"
    assert first.exports[0]["key"] == "c-1"
    assert (tenant.snapshot_dir / state_memory.FILE).stat().st_mode & 0o777 == 0o600


def test_given_it_was_not_touched_then_time_passes_all_the_same(tenant, asked):
    assert not read_state(tenant, NOW).freshness["bc/items"].late

    later = read_state(tenant, NOW + timedelta(hours=2))

    assert len(asked) == 1
    assert later.freshness["bc/items"].late
    assert "bc/items" in " ".join(later.attention())


def test_given_it_was_touched_then_it_is_asked_again(tenant, asked):
    read_state(tenant, NOW)
    change(tenant, "UPDATE sync.products SET state = 'active', reason = NULL")

    assert read_state(tenant, NOW).counts["optiply/products"] == {"active": 3}
    assert len(asked) == 2


def test_given_other_settings_then_it_is_asked_again(tenant, asked, empty_home: Path):
    read_state(tenant, NOW)
    write_tenants(empty_home, acme={"exports": {"accounting": True}})

    state = read_state(registry.load().get("acme"), NOW)

    assert len(asked) == 2
    assert "outbound/customers" in state.freshness


def test_given_something_not_folded_in_yet_then_it_is_asked(tenant, asked):
    read_state(tenant, NOW)
    with Snapshot.open(tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("DELETE FROM sync.products")
        assert (tenant.snapshot_dir / f"{FILE_NAME}.wal").exists()
        assert state_memory.recall(tenant) is None
    assert read_state(tenant, NOW).held == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": null, "told": {}}'])
def test_given_a_spoilt_file_then_it_is_asked(tenant, asked, content: bytes):
    before = read_state(tenant, NOW)
    (tenant.snapshot_dir / state_memory.FILE).write_bytes(content)

    assert read_state(tenant, NOW) == before
    assert len(asked) == 2


def test_given_no_snapshot_then_nothing_is_remembered(tenant, asked):
    (tenant.snapshot_dir / FILE_NAME).unlink()

    assert read_state(tenant, NOW) == TenantState(enabled=True)
    assert not (tenant.snapshot_dir / state_memory.FILE).exists()
