from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.business_central.entities import ENTITIES, selected_entities
from bc_pipeline.business_central.read import ReadResult, read_entity
from bc_pipeline.errors import AuthError, Cancelled, ReadFailed
from bc_pipeline_tests.business_central.fake import (
    Reply,
    Seen,
    Source,
    World,
    error,
    make_bc,
    page,
)

INVOICES, VENDORS, ITEMS = (
    ENTITIES[f"bc/{name}"] for name in ("sales_invoices", "vendors", "items")
)
ITEM_PAGE, BOM = ENTITIES["bc/item_page"], ENTITIES["bc/bom_components"]


def invoice(id: str, stamp: str = "2026-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    lines = more.pop("lines", [{"id": f"{id}-1", "sequence": 10000, "quantity": 2}])
    return {
        "id": id,
        "number": id,
        "lastModifiedDateTime": stamp,
        "salesInvoiceLines": lines,
        **more,
    }


def vendor(id: str, stamp: str = "2026-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    return {"id": id, "number": id, "displayName": id, "lastModifiedDateTime": stamp, **more}


def read(world: World, name: str = "bc/sales_invoices", **how: Any) -> ReadResult:
    return read_entity(world.bc, world.snapshot, ENTITIES[name], run_no=how.pop("run_no", 1), **how)


def ids(world: World, table: str = "sales_invoices") -> list[str]:
    return [row[0] for row in world.rows(f"SELECT id FROM bc.{table} ORDER BY id")]


def bookmark(world: World, entity: str) -> datetime | None:
    found = world.rows(f"SELECT stamp FROM ops.bookmarks WHERE entity = '{entity}'")
    return found[0][0] if found else None


def reads(world: World) -> list[tuple[Any, ...]]:
    return world.rows("SELECT entity, mode, rows, pages, requests, complete, reason FROM ops.reads")


@pytest.fixture
def source(world: World) -> Source:
    return Source(world.fake)


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
    source.sets["salesInvoices"] = [invoice("a"), invoice("b")]
    read(world)
    source.sets["salesInvoices"] = [invoice("b")]

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


def test_given_a_comparison_of_ids_that_fails_then_nothing_changes(world, source):
    source.sets["vendors"] = [vendor("a"), vendor("b")]
    read(world, "bc/vendors")
    source.sets["vendors"] = [vendor("c", "2026-01-02T00:00:00Z")]
    world.fake.on(
        lambda seen: (
            error(503, "x")
            if seen.entity_set == "vendors" and seen.query == {"$select": "id"}
            else None
        )
    )

    with pytest.raises(ReadFailed):
        read(world, "bc/vendors")

    assert ids(world, "vendors") == ["a", "b"]


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


@pytest.mark.parametrize("failing_page", [1, 2, 3])
@pytest.mark.parametrize("first", [True, False], ids=["first read", "later read"])
def test_given_a_read_that_fails_at_any_page_then_the_mirror_is_as_before(
    world, failing_page: int, first: bool
):
    pages = {str(n): [invoice(f"n{n}", "2026-02-01T00:00:00Z")] for n in (1, 2, 3)}
    broken = not first and failing_page == 0

    def answer(seen: Seen) -> Reply | None:
        if seen.entity_set != "salesInvoices":
            return None
        number = seen.query.get("$skiptoken", "1")
        if broken_now and number == str(failing_page):
            return Reply(body=b'{"value": [{"id": "x"}, {"id"')
        following = f"{world.fake.url_of('salesInvoices')}?$skiptoken={int(number) + 1}"
        return page(pages[number], following if number != "3" else None)

    broken_now = broken
    world.fake.on(answer)
    if not first:
        read(world)
    before = (ids(world), ids(world, "sales_invoice_lines"), bookmark(world, "bc/sales_invoices"))
    pages = {number: [invoice(f"m{number}", "2026-03-01T00:00:00Z")] for number in pages}
    broken_now = True

    with pytest.raises(ReadFailed, match="bc/sales_invoices"):
        read(world, full=True, run_no=2)

    assert before == (
        *(ids(world), ids(world, "sales_invoice_lines"), bookmark(world, "bc/sales_invoices")),
    )
    entity, mode, rows, _, _, complete, reason = reads(world)[-1]
    assert (entity, mode, rows, complete) == ("bc/sales_invoices", "full", 0, False)
    assert "cut short" in reason
    broken_now = False
    read(world, full=True, run_no=3)
    assert ids(world) == ["m1", "m2", "m3"]


@pytest.mark.parametrize("first", [True, False], ids=["first read", "later read"])
def test_given_nonsense_in_a_row_then_the_page_is_fetched_again(world, first: bool):
    good, bad = page([invoice("a")]), page([invoice("a", pricesIncludeTax="perhaps")])
    if not first:
        world.fake.on_set("salesInvoices", page([invoice("z")]))
        read(world)
    world.fake.on_set("salesInvoices", bad, good)

    result = read(world, full=True)

    assert result.complete
    assert ids(world) == ["a"]


def test_given_rows_seen_twice_while_paging_then_the_newest_counts_once(world):
    url = world.fake.url_of("salesInvoices")
    world.fake.on_set(
        "salesInvoices",
        page([invoice("a", "2026-01-01T00:00:00Z", status="Open")], f"{url}?$skiptoken=1"),
        page([invoice("a", "2026-01-01T00:00:01Z", status="Paid", lines=[])]),
    )
    # The first read meets the repetition, gives up its straight way, and reads both pages again.
    world.fake.on(
        lambda seen: (
            page([invoice("a", "2026-01-01T00:00:00Z", status="Open")], f"{url}?$skiptoken=1")
            if seen.entity_set == "salesInvoices" and "$skiptoken" not in seen.query
            else None
        )
    )
    world.fake.on(
        lambda seen: (
            page([invoice("a", "2026-01-01T00:00:01Z", status="Paid", lines=[])])
            if seen.entity_set == "salesInvoices" and "$skiptoken" in seen.query
            else None
        )
    )

    result = read(world)

    assert (result.rows, result.lines) == (1, 0)
    assert world.rows("SELECT id, status FROM bc.sales_invoices") == [("a", "Paid")]


def test_given_amounts_too_long_for_a_double_then_they_are_exact(world):
    body = (
        b'{"value": [{"id": "a", "totalAmountExcludingTax": 12345678901234567.89, '
        b'"pricesIncludeTax": false, "lastModifiedDateTime": "2026-01-01T00:00:00Z", '
        b'"salesInvoiceLines": [{"id": "l", "sequence": 10000, "netAmount": 0.10000000000000001, '
        b'"unitPrice": 99999999999999.99999}]}]}'
    )
    world.fake.on_set("salesInvoices", Reply(body=body))

    read(world)

    assert world.rows("SELECT totalAmountExcludingTax FROM bc.sales_invoices") == [
        (Decimal("12345678901234567.89"),)
    ]
    assert world.rows("SELECT sequence, netAmount, unitPrice FROM bc.sales_invoice_lines") == [
        (10000, Decimal("0.1"), Decimal("99999999999999.99999"))
    ]


def test_given_properties_and_enum_members_that_are_new_then_nothing_breaks(world, source):
    source.sets["salesInvoices"] = [
        invoice(
            "a",
            status="Approved_x0020_Twice",
            newIn31={"deep": [1]},
            lines=[{"id": "l", "sequence": 1, "lineType": "Robot", "newToo": "x"}],
        )
    ]

    assert read(world).complete
    assert world.rows("SELECT status FROM bc.sales_invoices") == [("Approved_x0020_Twice",)]


def test_given_a_column_that_bc_refuses_then_all_are_read_and_the_operator_hears(world):
    def answer(seen: Seen) -> Reply | None:
        if seen.entity_set != "salesInvoices":
            return None
        if "$select" in seen.query or "$select" in seen.query["$expand"]:
            return error(400, "BadRequest", "Could not find a property named 'orderNumber' on type")
        rows = [invoice("a")]
        return page(rows)

    world.fake.on(answer)

    result = read(world)

    assert ids(world) == ["a"]
    assert "orderNumber" in result.warnings["column_refused"]
    assert world.rows("SELECT entity, kind FROM ops.warnings") == [
        ("bc/sales_invoices", "column_refused")
    ]
    assert world.rows("SELECT orderNumber FROM bc.sales_invoices") == [(None,)]


def test_given_any_other_400_then_the_read_failed(world):
    world.fake.on_set("salesInvoices", error(400, "BadRequest", "The filter is nonsense"))

    with pytest.raises(ReadFailed, match="nonsense"):
        read(world)

    assert len(world.fake.requests_of("salesInvoices")) == 1


@pytest.mark.parametrize("code", ["BadRequest_NotFound", "BadRequest_ResourceNotFound"])
def test_given_an_optional_source_that_is_not_there_then_that_is_a_warning(
    fake, tmp_path, world, code: str
):
    fake.on_set("bomComponents", error(404, code))

    result = read(world, "bc/bom_components")

    assert (result.absent, result.complete, result.rows) == (True, False, 0)
    assert world.rows("SELECT kind FROM ops.warnings") == [("source_absent",)]
    assert reads(world)[0][5] is False


def test_given_an_optional_source_that_disappears_then_its_mirror_stays(world, source):
    source.sets["bomComponents"] = [{"id": "a", "parentItemNo": "P", "no": "C", "quantityPer": 2}]
    assert read(world, "bc/bom_components").complete
    assert "$select" not in world.fake.requests_of("bomComponents")[0].query
    world.fake.on_set("bomComponents", error(404, "BadRequest_ResourceNotFound"))

    assert read(world, "bc/bom_components").absent
    assert world.rows("SELECT parentItemNo, no, quantityPer FROM bc.bom_components") == [
        ("P", "C", Decimal(2))
    ]


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("bc/items", error(404, "BadRequest_ResourceNotFound")),
        ("bc/bom_components", error(500, "Internal_ServerError")),
        ("bc/bom_components", error(404, "Internal_CompanyNotFound")),
        ("bc/bom_components", Reply(404, b"<html>")),
    ],
    ids=["not optional", "trouble", "company gone", "not BC's own 404"],
)
def test_given_any_other_absence_then_the_read_failed(world, name: str, reply: Reply):
    world.fake.on_set(ENTITIES[name].path, reply)

    with pytest.raises(ReadFailed):
        read(world, name)


def test_given_a_published_page_then_it_is_read_by_the_name_the_tenant_gave_it(
    fake, tmp_path, world
):
    rows = [
        {"No": "1000", "Vendor_No": "V1", "Last_Direct_Cost": 1.25, "Lead_Time_Calculation": "2W"}
    ]
    fake.on_set("Artikel", page(rows))
    with make_bc(fake, tmp_path, item_page_name="Artikel") as bc:
        result = read_entity(bc, world.snapshot, ITEM_PAGE, run_no=1)

    assert result.rows == 1
    (seen,) = fake.requests_of("Artikel")
    assert seen.path.endswith("/ODataV4/Artikel")
    assert seen.query["company"] == "CRONUS"
    assert world.rows("SELECT No, Vendor_No, Last_Direct_Cost, Unit_Cost FROM bc.item_page") == [
        ("1000", "V1", Decimal("1.25"), None)
    ]


def test_given_stock_per_location_then_item_variant_and_location_are_its_key(fake, tmp_path, world):
    row = {"ItemId": "i", "ItemNo": "1000", "VariantCode": "", "Inventory": 5}
    rows = [{**row, "LocationCode": code} for code in ("EAST", "WEST", "")]
    fake.on_set("inventoryByLocations", page(rows), page([{**rows[0], "Inventory": 6}, rows[2]]))

    assert read(world, "bc/inventory_by_locations").rows == 3
    again = read(world, "bc/inventory_by_locations")

    assert (again.changed, again.deleted) == (1, 1)
    assert world.rows(
        "SELECT LocationCode, Inventory FROM bc.inventory_by_locations ORDER BY ALL"
    ) == [("", Decimal(5)), ("EAST", Decimal(6))]


def test_given_a_preflight_then_companies_cost_no_second_request(world):
    world.bc.preflight()

    result = read(world, "bc/companies")

    assert (result.rows, result.requests) == (1, 1)
    assert len(world.fake.requests_of("companies")) == 1
    assert ids(world, "companies") == ["11111111-1111-1111-1111-111111111111"]
    read(world, "bc/companies")
    assert len(world.fake.requests_of("companies")) == 2


def test_given_refused_credentials_then_that_is_no_data_error(world):
    world.fake.on_set("items", error(403, "Authorization_X"))

    with pytest.raises(AuthError):
        read(world, "bc/items")

    assert reads(world)[0][5] is False


def test_given_a_cancelled_run_then_reading_stops_between_pages(world, source):
    source.sets["items"] = [{"id": str(n)} for n in range(3)]
    cancel = threading.Event()
    cancel.set()

    with pytest.raises(Cancelled):
        read(world, "bc/items", cancel=cancel)

    assert ids(world, "items") == []


def test_given_all_entities_at_once_then_each_is_whole(world, source):
    for entity in selected_entities(world.tenant):
        if entity.route == "company":
            source.sets[entity.path] = [
                {
                    "id": f"{entity.path}-{n}",
                    "lastModifiedDateTime": "2026-01-01T00:00:00Z",
                    entity.expand or "none": [{"id": f"{n}-{line}"} for line in range(3)],
                }
                for n in range(20)
            ]
    for round in (1, 2):
        with ThreadPoolExecutor(8) as pool:
            results = list(
                pool.map(
                    lambda entity: read_entity(
                        world.bc, world.snapshot, entity, run_no=1, full=True
                    ),
                    selected_entities(world.tenant),
                )
            )

        assert all(result.complete for result in results)
        for entity, result in zip(selected_entities(world.tenant), results, strict=True):
            assert result.rows == (1 if entity.route == "companies" else 20)
            assert result.lines == (60 if entity.lines else 0)
            assert result.changed == (result.rows if round == 1 else 0)
    assert len(world.rows("SELECT * FROM ops.reads WHERE complete")) == 2 * len(results)


def test_given_a_reader_during_the_read_then_it_sees_the_old_or_the_new_never_a_mix(world, source):
    source.sets["items"] = [{"id": str(n), "number": "old"} for n in range(500)]
    read(world, "bc/items")
    source.sets["items"] = [{"id": str(n), "number": "new"} for n in range(250, 900)]
    seen, done = set(), threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(
                tuple(world.rows("SELECT number, count(*) FROM bc.items GROUP BY ALL ORDER BY ALL"))
            )

    looking = threading.Thread(target=look)
    looking.start()
    read(world, "bc/items")
    done.set()
    looking.join()

    assert seen <= {(("old", 500),), (("new", 650),)}
    assert world.rows("SELECT count(*) FROM bc.items WHERE number = 'new'") == [(650,)]


def test_given_a_read_then_no_page_files_are_left_behind(world, source):
    source.sets["items"] = [{"id": "a"}]
    read(world, "bc/items")
    world.fake.on_set("items", Reply(body=b"{"))
    with pytest.raises(ReadFailed):
        read(world, "bc/items")

    assert not list(world.tenant.snapshot_dir.glob("reading-*"))


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
