"""What is asked of Business Central, and what the mirror then says."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.reading.entity import read_entity
from bc_pipeline_tests.business_central.fake import (
    Reply,
    make_bc,
    page,
)
from bc_pipeline_tests.reading.reads import bookmark, ids, invoice, read, reads, vendor

INVOICES = ENTITIES["bc/sales_invoices"]


def test_given_invoices_then_they_come_with_their_lines_by_one_expanded_request(world, source):
    source.sets["salesInvoices"] = [
        invoice("a", pricesIncludeTax=True, totalAmountExcludingTax=12.5, invoiceDate="2026-01-02"),
        invoice("b", lines=[]),
    ]

    result = read(world)

    assert (result.mode, result.rows, result.lines, result.requests, result.pages) == (
        *("full", 2, 2 - 1, 1, 1),
    )
    assert result.complete
    (request,) = world.fake.requests_of("salesInvoices")
    assert request.query["$select"].split(",") == list(INVOICES.table.selected)
    assert INVOICES.lines
    assert request.query["$expand"] == (
        f"salesInvoiceLines($select={','.join(INVOICES.lines.selected)})"
    )
    assert "$filter" not in request.query
    assert request.headers["prefer"] == f"odata.maxpagesize={INVOICES.page_size}"
    assert world.rows(
        "SELECT id, pricesIncludeTax, totalAmountExcludingTax, invoiceDate FROM bc.sales_invoices "
        "ORDER BY id"
    ) == [("a", True, Decimal("12.5"), date(2026, 1, 2)), ("b", None, None, None)]
    assert world.rows("SELECT id, documentId, quantity FROM bc.sales_invoice_lines") == [
        ("a-1", "a", Decimal(2))
    ]
    assert reads(world) == [("bc/sales_invoices", "full", 2, 1, 1, True, None)]


def test_given_a_second_read_then_only_what_changed_since_is_asked_for_with_overlap(world, source):
    source.sets["salesInvoices"] = [invoice("a", "2026-01-01T00:00:00.5Z"), invoice("b")]
    read(world)
    source.sets["salesInvoices"] += [invoice("c", "2026-01-01T00:05:00.73Z")]

    result = read(world, run_no=2)

    request = world.fake.requests_of("salesInvoices")[-1]
    assert "lastModifiedDateTime ge 2025-12-31T23:50:00.500Z" in request.query["$filter"]
    assert result.from_stamp == datetime(2025, 12, 31, 23, 50, 0, 500000, UTC)
    assert (result.mode, result.changed, result.deleted) == ("incremental", 1, 0)
    assert ids(world) == ["a", "b", "c"]
    assert bookmark(world, "bc/sales_invoices") == datetime(2026, 1, 1, 0, 5, 0, 730000, UTC)


def test_given_a_row_that_commits_late_with_an_older_stamp_then_the_overlap_finds_it(world, source):
    source.sets["salesInvoices"] = [invoice("a", "2026-01-01T00:10:00Z")]
    read(world)
    source.sets["salesInvoices"] += [invoice("late", "2026-01-01T00:00:01Z")]

    read(world)

    assert ids(world) == ["a", "late"]


def test_given_rows_never_stamped_then_they_are_not_missed(world, source):
    source.sets["salesInvoices"] = [invoice("a")]
    read(world)
    source.sets["salesInvoices"] += [invoice("old", "0001-01-01T00:00:00Z")]

    read(world)

    assert ids(world) == ["a", "old"]
    assert bookmark(world, "bc/sales_invoices") == datetime(2026, 1, 1, tzinfo=UTC)


def test_given_only_rows_never_stamped_then_there_is_no_bookmark_and_all_are_read_again(
    world, source
):
    source.sets["salesInvoices"] = [invoice("old", "0001-01-01T00:00:00Z")]

    assert read(world).mode == read(world).mode == "full"
    assert bookmark(world, "bc/sales_invoices") is None


def test_given_a_stamp_from_the_future_then_the_bookmark_does_not_run_ahead(world, source):
    source.sets["salesInvoices"] = [invoice("a", "2999-01-01T00:00:00Z")]
    read(world)

    stamp = bookmark(world, "bc/sales_invoices")
    assert stamp
    assert stamp <= datetime.now(UTC)


def test_given_older_rows_only_then_the_bookmark_does_not_move_back(world, source):
    source.sets["salesInvoices"] = [invoice("a", "2026-03-01T00:00:00Z")]
    read(world)
    source.sets["salesInvoices"] = [invoice("b", "2026-02-28T23:55:00Z")]

    read(world)
    read(world, full=True)

    assert bookmark(world, "bc/sales_invoices") == datetime(2026, 3, 1, tzinfo=UTC)


def test_given_a_full_run_then_what_is_gone_leaves_the_mirror(world, source):
    newer = invoice("b", "2026-01-30T00:00:00Z")
    source.sets["salesInvoices"] = [invoice("a"), newer]
    read(world)
    source.sets["salesInvoices"] = [newer]

    assert read(world).deleted == 0
    result = read(world, full=True)

    assert (result.mode, result.deleted) == ("full", 1)
    assert ids(world) == ["b"]
    assert ids(world, "sales_invoice_lines") == ["b-1"]


def test_given_since_then_reading_starts_there_and_the_bookmark_leaves_no_gap(world, source):
    source.sets["salesInvoices"] = [invoice("a", "2026-01-01T00:00:00Z")]
    read(world)
    source.sets["salesInvoices"] += [
        invoice("b", "2026-01-02T00:00:00Z"),
        invoice("c", "2026-01-03T00:00:00Z"),
    ]

    read(world, since=date(2026, 1, 3))

    assert ids(world) == ["a", "c"]
    assert bookmark(world, "bc/sales_invoices") == datetime(2026, 1, 1, tzinfo=UTC)
    read(world)
    assert ids(world) == ["a", "b", "c"]


def test_given_vendors_then_deleted_ones_are_found_by_their_ids(world, source):
    source.sets["vendors"] = [vendor("a"), vendor("b"), vendor("c")]
    read(world, "bc/vendors")
    source.sets["vendors"] = [vendor("b"), vendor("d", "2026-01-02T00:00:00Z")]

    result = read(world, "bc/vendors")

    assert (result.requests, result.pages, result.deleted) == (2, 2, 2)
    assert ids(world, "vendors") == ["b", "d"]
    assert world.fake.requests_of("vendors")[-1].query == {"$select": "id"}


def test_given_a_vendor_that_appears_during_the_comparison_then_it_stays(world, source):
    source.sets["vendors"] = [vendor("a")]
    read(world, "bc/vendors")
    source.sets["vendors"] = [vendor("a"), vendor("new", "2026-01-02T00:00:00Z")]
    world.fake.on(
        lambda seen: (
            page([{"id": "a"}])
            if seen.entity_set == "vendors" and seen.query == {"$select": "id"}
            else None
        )
    )

    read(world, "bc/vendors")

    assert ids(world, "vendors") == ["a", "new"]


def test_given_quotes_and_unicode_then_they_arrive_as_they_are(world):
    name = 'O\'Neil "&" Søn – 東京 \\ ;DROP TABLE'
    world.fake.on_set(
        "items", Reply(body=json.dumps({"value": [{"id": "a", "displayName": name}]}).encode())
    )

    read(world, "bc/items")

    assert world.rows("SELECT displayName FROM bc.items") == [(name,)]


def test_given_the_overlap_of_the_tenant_then_it_is_used(fake, tmp_path, world, source):
    source.sets["salesInvoices"] = [invoice("a", "2026-01-01T00:00:00Z")]
    with make_bc(fake, tmp_path, sync={"read_overlap_seconds": 60}) as bc:
        read_entity(bc, world.snapshot, INVOICES, run_no=1)
        result = read_entity(bc, world.snapshot, INVOICES, run_no=2)

    assert result.from_stamp == datetime(2026, 1, 1, tzinfo=UTC) - timedelta(seconds=60)
