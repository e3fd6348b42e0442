from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.catalogue.tables import BOOKKEEPING, TABLES
from bc_pipeline.snapshot import schema
from bc_pipeline.snapshot.schema import (
    SCHEMA_VERSION,
    SYNC_COLUMNS,
    SYNC_TABLES,
    migrate,
    schema_version,
)
from bc_pipeline.snapshot.store import Snapshot

SCRIPTS_OF_0_1_0 = "5a0d7ae7fbe34887ff975b9f640f148894eeec0479634e8ac3d0aaf444b3c6dd"


def columns(snapshot: Snapshot, table: str) -> dict[str, str]:
    with snapshot.cursor() as cursor:
        return {row[0]: row[1] for row in cursor.execute(f"DESCRIBE {table}").fetchall()}


def test_given_a_new_file_then_every_declared_table_stands_there_empty(tmp_path: Path):
    with Snapshot.open(tmp_path) as snapshot:
        for name in [f"bc.{table}" for table in TABLES] + [f"sync.{name}" for name in SYNC_TABLES]:
            assert snapshot.frame(name).empty
        assert {"remote_id", "optiply_id", "content_hash", "last_sent", "state"} <= set(
            columns(snapshot, "sync.products")
        )


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_given_a_mirror_table_then_its_columns_are_typed_as_declared(tmp_path: Path, table):
    expected = {
        name: "TIMESTAMP WITH TIME ZONE" if kind == "TIMESTAMPTZ" else kind
        for name, kind in {**table.columns, **BOOKKEEPING}.items()
    }

    with duckdb.connect() as connection:
        connection.execute(schema.create_statement("t", table))
        found = {row[0]: row[1] for row in connection.execute("DESCRIBE t").fetchall()}

    assert found == expected


def test_given_a_current_file_then_migrating_changes_nothing(tmp_path: Path):
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("INSERT INTO ops.bookmarks VALUES ('bc/vendors', now(), 1)")
        migrate(cursor)

        assert schema_version(cursor) == SCHEMA_VERSION
        assert len(snapshot.frame("ops.bookmarks")) == 1


def test_given_a_mirror_without_a_new_column_then_it_gets_it_and_is_read_in_full_again(
    tmp_path: Path,
):
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("INSERT INTO bc.vendors (id, number, email) VALUES ('v', '10', 'a@b.nl')")
        cursor.execute("INSERT INTO ops.bookmarks VALUES ('bc/vendors', now(), 1)")
        cursor.execute("ALTER TABLE bc.vendors DROP COLUMN email")
        cursor.execute("DROP TABLE bc.locations")

    with Snapshot.open(tmp_path) as snapshot:
        frame = snapshot.frame("bc.vendors")
        assert list(frame["number"]) == ["10"]
        assert frame["email"].isna().all()
        assert snapshot.frame("ops.bookmarks").empty
        assert snapshot.frame("bc.locations").empty


@pytest.mark.covers("installations")
@pytest.mark.parametrize(
    ("table", "column", "entity"),
    [
        ("vendors", "email", "bc/vendors"),
        ("sales_invoice_lines", "unitPrice", "bc/sales_invoices"),
        ("dimension_values", "displayName", "bc/dimensions"),
    ],
)
def test_given_a_new_column_then_only_the_entity_it_belongs_to_is_read_in_full_again(
    tmp_path: Path, table: str, column: str, entity: str
):
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        for name in ENTITIES:
            cursor.execute("INSERT INTO ops.bookmarks VALUES (?, now(), 1)", [name])
            cursor.execute("INSERT INTO ops.reads (entity, complete) VALUES (?, true)", [name])
        cursor.execute(f'ALTER TABLE bc.{table} DROP COLUMN "{column}"')

    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        kept = cursor.execute("SELECT entity FROM ops.bookmarks").fetchall()
        whole = cursor.execute("SELECT entity FROM ops.reads WHERE complete").fetchall()

    others = {(name,) for name in ENTITIES if name != entity}
    assert set(kept) == set(whole) == others


@pytest.mark.covers("installations")
def test_given_lines_that_were_not_kept_before_then_their_documents_are_read_in_full_again(
    tmp_path: Path,
):
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.bookmarks VALUES ('bc/sales_shipments', now(), 1), "
            "('bc/vendors', now(), 1)"
        )
        cursor.execute("DROP TABLE bc.sales_shipment_lines")

    with Snapshot.open(tmp_path) as snapshot:
        assert list(snapshot.frame("ops.bookmarks")["entity"]) == ["bc/vendors"]


@pytest.mark.covers("installations")
def test_given_a_resource_or_column_added_later_then_existing_files_get_it_and_keep_their_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("INSERT INTO sync.products (remote_id) VALUES ('a')")
    monkeypatch.setattr(schema, "SYNC_TABLES", (*SYNC_TABLES, "promotions"))
    monkeypatch.setattr(schema, "SYNC_COLUMNS", {**SYNC_COLUMNS, "verified_at": "TIMESTAMPTZ"})

    for _ in range(2):
        with Snapshot.open(tmp_path) as snapshot:
            assert set(columns(snapshot, "sync.promotions")) == {*SYNC_COLUMNS, "verified_at"}
            assert list(snapshot.frame("sync.products")["remote_id"]) == ["a"]
            assert "verified_at" in columns(snapshot, "sync.products")


@pytest.mark.covers("installations")
def test_given_a_resource_added_later_then_a_file_that_is_only_looked_at_has_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Snapshot.open(tmp_path).close()
    monkeypatch.setattr(schema, "SYNC_TABLES", (*SYNC_TABLES, "promotions"))

    with Snapshot.open(tmp_path, read_only=True) as snapshot:
        assert snapshot.frame("sync.promotions").empty


@pytest.mark.covers("installations")
def test_given_a_new_file_then_its_id_maps_are_exactly_as_declared(tmp_path: Path):
    with duckdb.connect() as connection:
        body = ", ".join(f"{name} {kind}" for name, kind in SYNC_COLUMNS.items())
        connection.execute(f"CREATE TABLE t ({body})")
        declared = connection.execute("DESCRIBE t").fetchall()

    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        for name in SYNC_TABLES:
            assert cursor.execute(f"DESCRIBE sync.{name}").fetchall() == declared


@pytest.mark.covers("installations")
def test_what_version_0_1_0_made_of_a_file_never_changes():
    scripts = "\n".join(schema.MIGRATIONS[:2])

    assert sha256(scripts.encode()).hexdigest() == SCRIPTS_OF_0_1_0


@pytest.mark.covers("installations")
def test_every_entity_is_called_as_its_mirror_table_and_lines_name_their_documents():
    """How a table that changed is known to belong to an entity."""
    for entity in ENTITIES.values():
        assert entity.name == f"bc/{entity.table.name}"
        assert entity.table.document is None
        if entity.lines:
            assert entity.lines.document == entity.table.name


def test_given_a_mirror_without_a_new_column_that_is_never_read_then_nothing_is_read_again(
    tmp_path: Path,
):
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("INSERT INTO ops.bookmarks VALUES ('bc/vendors', now(), 1)")
        cursor.execute("ALTER TABLE bc.dimensions DROP COLUMN blocked")

    with Snapshot.open(tmp_path) as snapshot:
        assert "blocked" in snapshot.frame("bc.dimensions")
        assert len(snapshot.frame("ops.bookmarks")) == 1


def test_given_a_migration_that_fails_half_way_then_the_file_is_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Snapshot.open(tmp_path).close()
    monkeypatch.setattr(
        schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE ops.more (a INT); SELECT nonsense")
    )
    monkeypatch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)

    with pytest.raises(duckdb.Error):
        Snapshot.open(tmp_path)

    monkeypatch.undo()
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        assert schema_version(cursor) == SCHEMA_VERSION
        with pytest.raises(duckdb.CatalogException):
            snapshot.frame("ops.more")


def test_given_a_later_migration_then_an_older_file_gets_it_and_keeps_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("INSERT INTO sync.products (remote_id) VALUES ('a')")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE ops.more (a INT)"))
    monkeypatch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)

    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        assert schema_version(cursor) == SCHEMA_VERSION + 1
        assert snapshot.frame("ops.more").empty
        assert list(snapshot.frame("sync.products")["remote_id"]) == ["a"]


def test_given_a_file_from_before_exports_then_it_gets_their_tables_and_keeps_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        older.setattr(schema, "SCHEMA_VERSION", 1)
        with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
            cursor.execute("INSERT INTO sync.products (remote_id) VALUES ('a')")

    with Snapshot.open(tmp_path) as snapshot:
        assert list(snapshot.frame("sync.products")["remote_id"]) == ["a"]
        for table in ("ledger", "files", "outcomes"):
            assert snapshot.frame(f"outbound.{table}").empty


@pytest.mark.covers("installations")
def test_given_a_file_from_before_the_history_of_what_was_sent_then_it_begins_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:4])
        older.setattr(schema, "SCHEMA_VERSION", 4)
        with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
            cursor.execute("INSERT INTO sync.products (remote_id) VALUES ('a')")

    with Snapshot.open(tmp_path, read_only=True) as snapshot:
        assert list(snapshot.frame("sync.products")["remote_id"]) == ["a"]
        assert snapshot.frame("ops.sent").empty


def test_given_ids_that_a_table_had_spoilt_then_records_of_other_files_and_taken_ids_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    files = {"501.0": "a.csv", "-7.0": "a.CSV", "8.0": "a.jsonl", "9.0": "a.csv", "9": "b.csv"}
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
        older.setattr(schema, "SCHEMA_VERSION", 2)
        with Snapshot.open(tmp_path) as snapshot, snapshot.transaction() as cursor:
            cursor.executemany(
                "INSERT INTO outbound.ledger (entity, key, external_id, state, file) "
                "VALUES ('bills', ?, ?, 'done', ?)",
                [(key, key, file) for key, file in files.items()],
            )

    with Snapshot.open(tmp_path) as snapshot:
        ledger = snapshot.frame("outbound.ledger")

    assert set(ledger["key"]) == set(ledger["external_id"]) == {"501", "-7", "8.0", "9.0", "9"}
