"""What was sent to Optiply when is kept, record by record, some hundred lines at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bc_pipeline.errors import EntityFailed
from bc_pipeline.to_optiply import sent_history
from bc_pipeline_tests.to_optiply.shop import Bench, buy_order, product, sell_order, supplier


def history(tenant: Bench, remote_id: str) -> list[tuple[int, str, dict[str, Any] | None]]:
    """Run, action and attributes of what was sent of a record."""
    with tenant.snapshot.cursor() as cursor:
        found = cursor.execute(
            "SELECT run_no, action, CAST(attributes AS VARCHAR) FROM ops.sent "
            "WHERE remote_id = ? ORDER BY sent_at",
            [remote_id],
        ).fetchall()
    return [(run, action, json.loads(text) if text else None) for run, action, text in found]


def test_given_a_product_that_lives_and_goes_then_each_step_is_kept_with_what_it_carried(
    tenant: Bench,
) -> None:
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")
    tenant.want("products", [product(1, stockLevel=77), product(2)])
    tenant.sync("products")
    tenant.sync("products")
    tenant.want("products", [product(2)])
    tenant.sync("products")

    created, updated, deleted = history(tenant, "item-1")

    assert created[:2] == (1, "created")
    assert created[2] is not None
    assert (created[2]["stockLevel"], created[2]["price"]) == (1, "12.50")
    assert updated == (2, "updated", {"stockLevel": 77})
    assert deleted == (4, "deleted", {"status": "disabled"})
    assert [run for run, _, _ in history(tenant, "item-2")] == [1]


def test_given_what_is_never_changed_then_its_values_are_not_kept_twice(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    sold = tenant.optiply_id("products", "item-1")
    tenant.want("sell_orders", [sell_order(1, [(sold, 2, "5.00")])])
    tenant.sync("sell_orders")

    assert history(tenant, "invoice-1") == [(2, "created", None)]


def test_given_an_order_that_is_replaced_then_its_end_and_its_new_beginning_are_told(
    tenant: Bench,
) -> None:
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("suppliers")
    vendor = tenant.optiply_id("suppliers", "vendor-1")
    tenant.want("buy_orders", [buy_order(1, vendor)])
    tenant.sync("buy_orders")
    other = '{"po_number":"PO1","vendor_id":"vendor-2"}'
    tenant.want("buy_orders", [buy_order(1, vendor, extra=other)])
    tenant.sync("buy_orders")

    assert [(run, action) for run, action, _ in history(tenant, "order-1")] == [
        (2, "created"),
        (3, "deleted"),
        (3, "created"),
    ]


def test_given_a_refused_record_then_nothing_was_sent_of_it(tenant: Bench) -> None:
    tenant.refuse(400, "no", times=1, method="POST")
    tenant.want("products", [product(1)])
    tenant.sync("products")

    assert history(tenant, "item-1") == []


def test_given_a_run_that_is_stopped_then_what_it_sent_until_then_is_kept(tenant: Bench) -> None:
    tenant.want("products", [product(number) for number in range(1, 41)])
    tenant.refuse(403, "forbidden", times=None, after=5, method="POST")

    with pytest.raises(EntityFailed):
        tenant.sync("products")

    with tenant.snapshot.cursor() as cursor:
        kept = cursor.execute("SELECT remote_id FROM ops.sent ORDER BY ALL").fetchall()
        standing = cursor.execute(
            "SELECT remote_id FROM sync.products WHERE optiply_id IS NOT NULL ORDER BY ALL"
        ).fetchall()
    assert kept == standing
    assert kept


def test_given_many_records_then_they_are_written_together(
    tenant: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = []

    flush = sent_history.SentHistory.flush
    monkeypatch.setattr(
        sent_history.SentHistory,
        "flush",
        lambda self: (statements.append(len(self._lines)), flush(self))[1],
    )
    tenant.want("products", [product(number) for number in range(60)])

    tenant.sync("products")

    assert statements == [60]
