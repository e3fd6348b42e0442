"""The records behind a number have a number, a name and a reason (decision 34)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.run.records import STATES, Record, records
from bc_pipeline.snapshot.store import Snapshot

ITEM, VENDOR, ORDER, LINE = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "abcd")


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as found:
        found.execute(
            f"INSERT INTO bc.items (id, number, displayName) VALUES ('{ITEM}', '1000', 'Bicycle')"
        )
        found.execute(
            "INSERT INTO bc.vendors (id, number, displayName) "
            f"VALUES ('{VENDOR}', 'V1', 'Fabrikam')"
        )
        found.execute(
            "INSERT INTO bc.purchase_orders (id, number, vendorId) "
            f"VALUES ('{ORDER}', '106001', '{VENDOR.upper()}')"
        )
        found.execute(
            "INSERT INTO bc.purchase_order_lines (id, documentId, sequence, description) "
            f"VALUES ('{LINE}', '{ORDER}', 10000, 'Bicycle, red')"
        )
        yield found


def ran(cursor: duckdb.DuckDBPyConnection, run_no: int, task: str) -> None:
    """A run that worked on an entity."""
    cursor.execute("INSERT INTO ops.runs (run_no, dry_run) VALUES (?, false)", [run_no])
    cursor.execute("INSERT INTO ops.entity_counts VALUES (?, ?, 'rows', 1)", [run_no, task])


def hold(cursor: duckdb.DuckDBPyConnection, name: str, key: str, state: str, reason: str) -> None:
    cursor.execute(
        f"INSERT INTO sync.{name} (remote_id, state, reason, attempts) VALUES (?, ?, ?, 2)",
        [key, state, reason],
    )


def book(cursor: duckdb.DuckDBPyConnection, **columns: object) -> None:
    names = ", ".join(columns)
    marks = ", ".join("?" for _ in columns)
    cursor.execute(f"INSERT INTO outbound.ledger ({names}) VALUES ({marks})", [*columns.values()])


@pytest.mark.covers("decision 34")
@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize("state", STATES)
def test_every_entity_can_be_asked_for_every_state_also_before_anything_was_mapped(
    cursor: duckdb.DuckDBPyConnection, name: str, state: str
):
    assert records(cursor, f"optiply/{name}", [state]) == []


@pytest.mark.parametrize(
    ("name", "key", "number", "called"),
    [
        ("products", ITEM, "1000", "Bicycle"),
        ("products", f"{ITEM}_{LINE}", "1000", "Bicycle"),
        ("suppliers", VENDOR, "V1", "Fabrikam"),
        ("supplier_products", f"{ITEM}_{VENDOR}", "1000", "Bicycle"),
        ("buy_orders", ORDER, "106001", "Fabrikam"),
        ("buy_order_lines", LINE, "106001 line 10000", "Bicycle, red"),
    ],
)
def test_a_record_that_never_got_to_optiply_is_called_as_in_business_central(
    cursor: duckdb.DuckDBPyConnection, name: str, key: str, number: str, called: str
):
    hold(cursor, name, key, "deferred", "waits for its supplier")

    (found,) = records(cursor, f"optiply/{name}")

    assert (found.number, found.name) == (number, called)
    assert (found.state, found.reason) == ("deferred", "waits for its supplier")
    assert (found.key, found.tries) == (key, 2)


@pytest.mark.covers("decision 34")
def test_a_record_that_left_business_central_is_called_as_it_was_sent(
    cursor: duckdb.DuckDBPyConnection,
):
    cursor.execute(
        "INSERT INTO sync.products (remote_id, optiply_id, state, reason, last_sent) "
        """VALUES ('gone', 7, 'guard', 'held', '{"name": "Old bell", "skuCode": "0900"}')"""
    )

    (found,) = records(cursor, "optiply/products", ["guard"])

    assert (found.number, found.name) == ("0900", "Old bell")


@pytest.mark.covers("decision 34")
def test_a_record_that_stands_and_is_left_out_by_the_mapping_counts_as_skipped(
    cursor: duckdb.DuckDBPyConnection,
):
    cursor.execute(
        "CREATE TABLE optiply.suppliers AS SELECT ? AS remote_id, 'V1' AS reference, "
        "'skip' AS decision, 'the vendor is blocked' AS reason, 'Fabrikam BV' AS name",
        [VENDOR],
    )
    cursor.execute(
        "INSERT INTO sync.suppliers (remote_id, optiply_id, state) VALUES (?, 7, 'active')",
        [VENDOR],
    )

    (found,) = records(cursor, "optiply/suppliers", ["skipped"])

    assert found == Record("V1", "Fabrikam BV", "skipped", "the vendor is blocked", VENDOR)
    assert records(cursor, "optiply/suppliers", ["quarantined"]) == []


@pytest.mark.covers("decision 34")
def test_only_the_states_asked_for_are_listed(cursor: duckdb.DuckDBPyConnection):
    hold(cursor, "products", "p-1", "quarantined", "refused")
    hold(cursor, "products", "p-2", "deferred", "waits")
    hold(cursor, "products", "p-3", "active", "")

    assert [each.key for each in records(cursor, "optiply/products")] == ["p-1", "p-2"]
    assert [each.key for each in records(cursor, "optiply/products", ["deferred"])] == ["p-2"]
    assert [each.key for each in records(cursor, "optiply/products", ["failed"])] == ["p-1"]


@pytest.mark.covers("decision 34")
@pytest.mark.parametrize(
    ("state", "asked"),
    [
        ("failed", "failed"),
        ("failed", "quarantined"),
        ("blocked", "blocked"),
        ("ambiguous", "blocked"),
        ("intent", "deferred"),
    ],
)
def test_a_record_of_a_file_is_called_as_it_calls_itself(
    cursor: duckdb.DuckDBPyConnection, state: str, asked: str
):
    book(
        cursor,
        entity="customers",
        key="k-1",
        external_id="crm-17",
        state=state,
        reason="no currency XXX",
        file="Customers.jsonl",
        line=3,
        record='{"companyName": "Adatum", "customerNumber": "C-17"}',
    )

    (found,) = records(cursor, "outbound/customers", [asked])

    assert (found.number, found.name, found.key) == ("C-17", "Adatum", "crm-17")
    assert (found.state, found.reason, found.file) == (
        state,
        "no currency XXX",
        "Customers.jsonl:3",
    )
    assert records(cursor, "outbound/vendors") == []


@pytest.mark.covers("decision 34")
def test_a_buy_order_is_called_by_its_supplier(cursor: duckdb.DuckDBPyConnection):
    cursor.execute(
        "INSERT INTO sync.suppliers (remote_id, optiply_id, state, last_sent) "
        """VALUES ('v', 88, 'active', '{"name": "Fabrikam"}')"""
    )
    book(
        cursor,
        entity="purchase_orders",
        key="501",
        state="blocked",
        reason="vendor blocked",
        blocked_runs=2,
        record='{"id": 501, "supplier_id": 88}',
    )

    (found,) = records(cursor, "outbound/purchase_orders", ["blocked"])

    assert (found.name, found.key, found.tries) == ("Fabrikam", "501", 2)


@pytest.mark.covers("decision 34")
def test_lines_that_are_no_record_and_records_that_just_come_again_are_told_too(
    cursor: duckdb.DuckDBPyConnection,
):
    cursor.execute(
        "INSERT INTO ops.runs (run_no, started_at, ended_at, dry_run, summary) VALUES "
        "(1, '2026-01-01 10:00Z', '2026-01-01 10:01Z', false, NULL), "
        "(2, '2026-01-02 10:00Z', '2026-01-02 10:01Z', false, ?)",
        [
            '{"problems": [{"entity": "outbound/customers", "remote_id": "crm-9", '
            '"kind": "deferred", "reason": "the connection was lost"}]}'
        ],
    )
    cursor.execute("INSERT INTO ops.entity_counts VALUES (2, 'outbound/customers', 'rows', 1)")
    for run, file in (("2026-01-01 10:00:30Z", "Old.csv"), ("2026-01-02 10:00:30Z", "New.csv")):
        cursor.execute(
            "INSERT INTO outbound.outcomes (name, generation, line, entity, success, action, "
            "error_message, settled_at) VALUES (?, 1, 4, 'customers', false, 'failed', ?, ?)",
            [file, "line 4 is no record", run],
        )

    (broken,) = records(cursor, "outbound/customers", ["failed"])
    (waiting,) = records(cursor, "outbound/customers", ["deferred"])

    assert (broken.file, broken.reason) == ("New.csv:4", "line 4 is no record")
    assert (waiting.key, waiting.reason) == ("crm-9", "the connection was lost")


@pytest.mark.covers("decision 34")
@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("active", {"a"}),
        ("disabled", {"d"}),
        ("deleted", {"d", "x"}),
        ("intent", {"i"}),
        ("ambiguous", {"i", "u"}),
        ("deferred", {"i", "u"}),
    ],
)
def test_each_word_that_status_counts_by_lists_its_records(
    cursor: duckdb.DuckDBPyConnection, asked: str, listed: set[str]
):
    states = {"a": "active", "d": "disabled", "x": "deleted", "i": "intent", "u": "deferred"}
    for key, state in states.items():
        hold(cursor, "products", key, state, "why")
    cursor.execute(
        """UPDATE sync.products SET extra = '{"unconfirmed": ["price"]}' WHERE remote_id = 'u'"""
    )

    found = records(cursor, "optiply/products", [asked])

    assert {record.key for record in found} == listed


@pytest.mark.covers("decision 34")
def test_what_the_last_run_created_and_updated_can_be_listed(cursor: duckdb.DuckDBPyConnection):
    for run_no, action, attributes in (
        (1, "created", '{"price": "1.00"}'),
        (2, "updated", '{"price": "2.00"}'),
    ):
        ran(cursor, run_no, "optiply/products")
        cursor.execute(
            "INSERT INTO ops.sent VALUES (?, now(), 'optiply/products', ?, ?, 7, ?)",
            [run_no, ITEM, action, attributes],
        )

    (updated,) = records(cursor, "optiply/products", ["created", "updated"])

    assert (updated.number, updated.name, updated.state) == ("1000", "Bicycle", "updated")
    assert updated.reason == 'sent: {"price": "2.00"}'
    ran(cursor, 3, "optiply/products")
    assert records(cursor, "optiply/products", ["created", "updated"]) == []
    assert records(cursor, "optiply/products") == []


@pytest.mark.covers("decision 34")
def test_what_the_last_run_wrote_to_business_central_can_be_listed(
    cursor: duckdb.DuckDBPyConnection,
):
    ran(cursor, 1, "outbound/customers")
    ran(cursor, 2, "outbound/customers")
    for key, run_no, action in (("a", 1, "created"), ("b", 2, "created"), ("c", 2, "updated")):
        book(
            cursor,
            entity="customers",
            key=key,
            state="done",
            action=action,
            run_no=run_no,
            bc_number=f"C-{key}",
        )

    assert [each.number for each in records(cursor, "outbound/customers", ["created"])] == ["C-b"]
    assert [each.number for each in records(cursor, "outbound/customers", ["updated"])] == ["C-c"]
    assert len(records(cursor, "outbound/customers", ["active"])) == 3
    assert records(cursor, "outbound/customers") == []


@pytest.mark.covers("decision 34")
@pytest.mark.parametrize(("asked", "listed"), [("ambiguous", {"m"}), ("blocked", {"m", "b"})])
def test_of_exports_what_is_unclear_can_be_listed_alone(
    cursor: duckdb.DuckDBPyConnection, asked: str, listed: set[str]
):
    for key, state in (("m", "ambiguous"), ("b", "blocked"), ("f", "failed")):
        book(cursor, entity="purchase_orders", key=key, state=state, reason="why")

    found = records(cursor, "outbound/purchase_orders", [asked])

    assert {record.key for record in found} == listed
