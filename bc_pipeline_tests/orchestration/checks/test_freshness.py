"""How old the mirror and what was sent may be (decisions 29 and 31)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bc_pipeline.orchestration.checks import run_outcome
from bc_pipeline.orchestration.checks.check import CheckInput, outcome
from bc_pipeline_tests.orchestration.checks.given import about, were_read


def test_given_a_source_that_is_not_needed_then_it_is_not_late(given: CheckInput):
    options = given.tenant.sync.model_copy(update={"locations": ("AMS",)})
    given = replace(given, tenant=given.tenant.model_copy(update={"sync": options}))
    extension = about(given, "bc/inventory_by_locations")
    assert not run_outcome.fresh(extension).passed

    given.cursor.execute(
        "INSERT INTO ops.reads (run_no, entity, complete) VALUES (1, 'bc/stock_by_location', true)"
    )

    finding = run_outcome.fresh(extension)
    assert (finding.passed, finding.description) == (
        True,
        "bc/inventory_by_locations is not needed: bc/stock_by_location tells the same",
    )
    mode = "not needed: bc/stock_by_location tells the same"
    told = run_outcome.read_complete(about(given, "bc/inventory_by_locations", mode=mode))
    assert (told.passed, told.description) == (True, f"Not read, {mode}")


@pytest.mark.parametrize(("minutes", "passed"), [(89, True), (91, False)])
def test_given_an_old_mirror_then_it_is_late_after_ninety_minutes(
    given: CheckInput, minutes: int, passed: bool
):
    were_read(given, 1, 5)
    given.cursor.execute("DELETE FROM ops.reads WHERE entity = 'bc/items'")
    were_read(given, 2, minutes, "bc/items")

    finding = run_outcome.mirror_fresh(given)

    assert finding.passed is passed
    if not passed:
        assert "bc/items was last read 2026-08-22 10:29 UTC" in finding.description
        assert outcome(finding, "warn") == "warned"


def test_given_an_incomplete_newer_read_then_the_older_complete_one_counts(given: CheckInput):
    were_read(given, 1, 200)
    were_read(given, 2, 5, complete=False)

    assert not run_outcome.mirror_fresh(given).passed


@pytest.mark.covers("decision 31")
def test_given_a_source_that_was_never_read_then_the_mirror_is_not_fresh(given: CheckInput):
    were_read(given, 1, 5)
    given.cursor.execute("DELETE FROM ops.reads WHERE entity = 'bc/item_variants'")

    finding = run_outcome.mirror_fresh(given)

    assert outcome(finding, "warn") == "failed"
    assert finding.description == "Made from an old mirror: bc/item_variants was never read"
    assert finding.sample == [{"entity": "bc/item_variants", "read_at": None}]


def test_given_an_optional_source_that_is_not_there_then_doing_without_is_no_staleness(
    given: CheckInput,
):
    tenant = given.tenant.model_copy(
        update={
            "business_central": given.tenant.business_central.model_copy(
                update={"item_page_name": "Item_Card"}
            )
        }
    )
    given = replace(given, tenant=tenant)
    were_read(given, 1, 5)
    were_read(given, 2, 3, "bc/item_page", complete=False)
    given.cursor.execute(
        "INSERT INTO ops.warnings (run_no, entity, kind) "
        "VALUES (2, 'bc/item_page', 'source_absent')"
    )

    assert run_outcome.mirror_fresh(given).passed
    assert (
        run_outcome.fresh(about(given, "bc/item_page")).description == "bc/item_page is not there"
    )


def test_what_lines_are_made_from_counts_by_way_of_their_orders(given: CheckInput):
    were_read(given, 1, 5)
    given.cursor.execute("DELETE FROM ops.reads WHERE entity = 'bc/purchase_orders'")

    finding = run_outcome.mirror_fresh(about(given, "optiply/buy_order_lines"))

    assert not finding.passed
    assert "bc/purchase_orders was never read" in finding.description


@pytest.mark.covers("decision 29")
def test_the_freshness_of_an_entity_is_its_own_whatever_the_others_do(given: CheckInput):
    were_read(given, 1, 7 * 24 * 60)
    were_read(given, 2, 5, "bc/vendors")
    were_read(given, 3, 5, "bc/items", complete=False)

    items, vendors = (run_outcome.fresh(about(given, name)) for name in ("bc/items", "bc/vendors"))

    assert vendors.passed
    assert outcome(items, "error") == "failed"
    assert items.description == "bc/items was last read 2026-08-15 12:00 UTC: HTTP 403"


@pytest.mark.covers("decision 29")
def test_what_was_not_sent_whole_is_as_old_as_the_last_time_it_was(given: CheckInput):
    were_read(given, 1, 200)
    were_read(given, 2, 5)
    given.cursor.execute(
        "INSERT INTO ops.entity_counts VALUES (1, 'optiply/products', 'sent', 1), "
        "(1, 'optiply/suppliers', 'sent', 1), (2, 'optiply/suppliers', 'sent', 1), "
        "(2, 'optiply/products', 'created', 3)"
    )

    products, suppliers = (
        run_outcome.fresh(about(given, f"optiply/{name}")) for name in ("products", "suppliers")
    )

    assert suppliers.passed
    assert products.description == "optiply/products was last sent 2026-08-22 08:40 UTC"


@pytest.mark.covers("decision 33")
def test_a_dry_run_makes_nothing_fresh(given: CheckInput):
    were_read(given, 1, 200)
    were_read(given, 2, 5)
    given.cursor.execute("UPDATE ops.runs SET dry_run = true WHERE run_no = 2")

    assert not run_outcome.mirror_fresh(given).passed
