"""What goes wrong while reading, and what others see meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from bc_pipeline.catalogue.entities import selected_entities
from bc_pipeline.errors import AuthError, Cancelled, ReadFailed
from bc_pipeline.reading.entity import read_entity
from bc_pipeline_tests.business_central.fake import (
    Reply,
    Seen,
    error,
    page,
)
from bc_pipeline_tests.reading.reads import bookmark, ids, invoice, read, reads, vendor


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
