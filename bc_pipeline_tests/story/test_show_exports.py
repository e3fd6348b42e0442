"""What was written to Business Central, or waits to be, and why."""

from __future__ import annotations

import json
from typing import Any

from bc_pipeline import clock
from bc_pipeline_tests.story.world import DESK, TENANT, World


def booked(world: World, **columns: Any) -> None:
    """An entry of the ledger."""
    given = {"created_at": clock.now(), "updated_at": clock.now(), "attempts": 0, **columns}
    names, marks = ", ".join(given), ", ".join("?" for _ in given)
    world.change(f"INSERT INTO outbound.ledger ({names}) VALUES ({marks})", *given.values())


def test_given_a_blocked_buy_order_then_why_what_was_ordered_and_what_to_do(world: World) -> None:
    product_id, name = world.one(
        "SELECT optiply_id, last_sent->>'$.name' FROM sync.products "
        "WHERE last_sent->>'$.skuCode' = ?",
        DESK,
    )
    supplier_id, vendor = world.one(
        "SELECT optiply_id, last_sent->>'$.name' FROM sync.suppliers WHERE optiply_id > 0"
    )
    record = {
        "id": 4711,
        "supplier_id": supplier_id,
        "lines": [{"product_id": product_id, "quantity": 12}, {"product_id": 1, "quantity": 0}],
    }
    booked(
        world,
        entity="purchase_orders",
        key="4711",
        external_id="4711",
        state="blocked",
        reason="vendor 10000 is blocked in Business Central",
        blocked_runs=2,
        record=json.dumps(record),
    )

    text = world.text("purchase_orders", "4711")

    assert f"outbound/purchase_orders {vendor}" in text
    assert "State: blocked. It waits for somebody to repair something." in text
    assert "Why: vendor 10000 is blocked in Business Central" in text
    assert "tried again in every run" in text
    assert f"12 x {DESK} {name}" in text
    assert "blocked for 2 runs" in text


def test_given_an_exported_buy_order_then_either_number_leads_to_its_steps_and_receipts(
    world: World,
) -> None:
    number, optiply_id = world.one(
        "SELECT extra->>'$.po_number', optiply_id FROM sync.buy_orders "
        "WHERE optiply_id IS NOT NULL LIMIT 1"
    )
    booked(
        world,
        entity="purchase_orders",
        key=str(optiply_id),
        state="done",
        bc_number=number,
        step="linked",
        action="created",
        run_no=1,
        record="{}",
    )

    by_order = world.story("purchase_orders", str(optiply_id))

    assert world.story("purchase_orders", number) == by_order
    assert by_order.facts["Lines"]
    assert "reached: both sides were told of each other" in by_order.facts["Steps"]
    assert any(
        "written to Business Central as" in fact
        for fact in world.story("buy_orders", number).facts["Made in Optiply"]
    )


def test_given_an_accounting_record_then_file_line_outcomes_and_resend(world: World) -> None:
    booked(
        world,
        entity="customers",
        key="crm-18",
        external_id="crm-18",
        state="failed",
        error_class="InvalidDimensionValue",
        reason="dimension DEPARTMENT has no value NEW",
        attempts=1,
        file="Customers.jsonl",
        line=2,
        record=json.dumps({"externalId": "crm-18", "companyName": "Bad Ltd."}),
    )
    world.change(
        "INSERT INTO outbound.outcomes (name, generation, line, entity, key, external_id, success, "
        "action, error_class, error_message, settled_at) VALUES ('Customers.jsonl', 1, 2, "
        "'customers', 'crm-18', 'crm-18', false, 'failed', 'InvalidDimensionValue', 'no NEW', ?)",
        clock.now(),
    )
    waiting = world.directory / "outbound" / "Customers.jsonl"
    waiting.parent.mkdir(exist_ok=True)
    waiting.write_text("{}\n")

    text = world.text("Customers", "CRM-18")

    assert "outbound/customers Bad Ltd." in text
    assert "Customers.jsonl, line 2" in text
    assert "the file still waits in outbound/" in text
    assert "Customers.jsonl, line 2: failed: InvalidDimensionValue: no NEW" in text
    assert f"bc-pipeline resend {TENANT} customers crm-18" in text
