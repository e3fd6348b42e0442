"""Rows that come behind the bookmark, and rows that go."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.business_central.fake import Seen, World, error, page
from bc_pipeline_tests.reading.reads import (
    BEFORE,
    DOCUMENTS,
    NOW,
    document,
    everything,
    ids,
    invoice,
    looked_up,
    read,
    vendor,
)


def a_day_later(world: World) -> None:
    """Every sweep is due again."""
    with world.snapshot.cursor() as cursor:
        cursor.execute("DELETE FROM ops.meta WHERE starts_with(key, 'swept.')")


def asked_by_id(world: World, entity_set: str) -> list[Seen]:
    return [
        seen
        for seen in world.fake.requests_of(entity_set)
        if "id eq " in seen.query.get("$filter", "")
    ]


@pytest.mark.covers("decision 21")
def test_given_a_vendor_stamped_before_the_bookmark_that_nobody_knows_then_it_is_fetched(
    world, source
):
    source.sets["vendors"] = [vendor("a", NOW)]
    read(world, "bc/vendors")
    source.sets["vendors"] += [vendor("late", BEFORE, displayName="Late but true")]

    result = read(world, "bc/vendors")

    assert (result.changed, result.requests) == (1, 3)
    assert world.rows("SELECT id, displayName FROM bc.vendors ORDER BY id") == [
        ("a", "a"),
        ("late", "Late but true"),
    ]
    read(world, "bc/vendors")
    assert len(asked_by_id(world, "vendors")) == 1


@pytest.mark.covers("decision 21")
def test_given_many_unknown_ids_then_they_come_in_few_requests_from_the_primary(world, source):
    source.sets["vendors"] = [vendor("a", NOW)]
    read(world, "bc/vendors")
    unknown = [vendor(f"00000000-0000-0000-0000-{n:012d}", BEFORE) for n in range(100)]
    source.sets["vendors"] += unknown

    assert read(world, "bc/vendors").changed == 100

    asked = asked_by_id(world, "vendors")
    assert len(asked) <= 4
    assert all(seen.headers["data-access-intent"] == "ReadWrite" for seen in asked)
    assert all(len(seen.query["$filter"].replace(" ", "%20")) < 2000 for seen in asked)


@pytest.mark.covers("decision 21")
def test_given_more_unknown_ids_than_are_worth_naming_then_everything_is_read(world, source):
    source.sets["vendors"] = [vendor("a", NOW)]
    read(world, "bc/vendors")
    source.sets["vendors"] += [
        vendor(f"00000000-0000-0000-0000-{n:012d}", BEFORE) for n in range(2000)
    ]

    result = read(world, "bc/vendors")

    assert (result.changed, result.requests) == (2000, 3)


@pytest.mark.covers("decision 21")
def test_given_an_unknown_id_that_is_gone_when_it_is_asked_for_then_nothing_is_wrong(world, source):
    source.sets["vendors"] = [vendor("a", NOW)]
    read(world, "bc/vendors")
    world.fake.on(
        lambda seen: (
            page([{"id": "a"}, {"id": "ghost"}])
            if seen.entity_set == "vendors" and seen.query == {"$select": "id"}
            else None
        )
    )

    assert read(world, "bc/vendors").complete
    assert ids(world, "vendors") == ["a"]


@pytest.mark.covers("decision 22")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_given_a_document_committed_hours_late_then_the_daily_sweep_finds_it_with_its_lines(
    world, source, name: str
):
    entity_set, _ = DOCUMENTS[name]
    source.sets[entity_set] = [document(name, "a")]
    read(world, name)
    source.sets[entity_set] += [document(name, "late", "2026-03-01T06:00:00Z")]

    assert read(world, name).changed == 0
    a_day_later(world)
    result = read(world, name)

    assert (result.mode, result.changed, result.lines_changed) == ("incremental", 1, 1)
    assert result.requests == 3, "what changed, the ids, the late one"
    assert everything(world, name) == (["a", "late"], ["a-1", "late-1"])
    assert read(world, name).requests == 1, "one sweep a day"


@pytest.mark.covers("decision 22")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_given_a_document_committed_hours_late_then_a_full_read_finds_it(world, source, name: str):
    entity_set, _ = DOCUMENTS[name]
    source.sets[entity_set] = [document(name, "a")]
    read(world, name)
    source.sets[entity_set] += [document(name, "late", BEFORE)]

    assert read(world, name, full=True).changed == 1
    a_day_later(world)
    read(world, name, full=True)
    assert read(world, name).requests == 1, "a full read is a sweep"


@pytest.mark.covers("decision 22")
def test_given_nothing_late_then_a_sweep_costs_one_request_for_ids_alone(world, source):
    source.sets["salesInvoices"] = [invoice(str(n), NOW) for n in range(30)]
    read(world)
    a_day_later(world)

    assert read(world).requests == 2
    assert world.fake.requests_of("salesInvoices")[-1].query == {"$select": "id"}


@pytest.mark.covers("decision 22")
def test_given_a_sweep_that_fails_then_the_read_failed_and_the_next_one_sweeps(world, source):
    source.sets["salesInvoices"] = [invoice("a", NOW)]
    read(world)
    source.sets["salesInvoices"] += [invoice("late", BEFORE)]
    a_day_later(world)
    broken = [True]
    world.fake.on(
        lambda seen: error(503, "x") if broken and seen.query == {"$select": "id"} else None
    )

    with pytest.raises(Exception, match="503"):
        read(world)
    assert ids(world) == ["a"]
    broken.clear()
    read(world)

    assert ids(world) == ["a", "late"]


YESTERDAY = "2026-02-28T12:00:00Z"


@pytest.mark.covers("decision 22", "decision 23")
def test_given_a_document_that_was_rolled_back_hours_later_then_the_sweep_removes_it(world, source):
    source.sets["salesInvoices"] = [invoice("a", YESTERDAY), invoice("b", NOW)]
    read(world)
    source.sets["salesInvoices"] = [invoice("b", NOW)]
    a_day_later(world)

    assert read(world).deleted == 1
    assert looked_up(world, "salesInvoices") == ["salesInvoices(a)"]
    assert ids(world) == ["b"]


def test_given_an_old_document_that_was_deleted_to_save_room_then_what_it_says_stays(world, source):
    source.sets["salesInvoices"] = [invoice("a", BEFORE), invoice("b", NOW)]
    read(world)
    source.sets["salesInvoices"] = [invoice("b", NOW)]
    a_day_later(world)

    assert read(world).deleted == 0
    assert looked_up(world, "salesInvoices") == []
    assert ids(world) == ["a", "b"]


@pytest.mark.covers("decision 23")
def test_given_receipts_that_go_then_only_young_ones_and_their_lines_count_as_never_posted(
    world, source
):
    name, (entity_set, _) = "bc/purchase_receipts", DOCUMENTS["bc/purchase_receipts"]
    stamps = {"old": BEFORE, "young": YESTERDAY, "new": NOW}
    source.sets[entity_set] = [document(name, id, stamp) for id, stamp in stamps.items()]
    read(world, name)
    source.sets[entity_set] = [document(name, "new", NOW)]

    read(world, name, full=True, run_no=4)

    assert world.rows("SELECT * FROM ops.retracted ORDER BY id") == [
        (name, "young", 4),
        (name, "young-1", 4),
    ]
    source.sets[entity_set] += [document(name, "young", YESTERDAY)]
    read(world, name, full=True)
    assert world.rows("SELECT * FROM ops.retracted") == []


@pytest.mark.covers("decision 22")
def test_given_a_document_that_a_sweep_missed_while_it_paged_then_it_stays(world, source):
    source.sets["salesInvoices"] = [invoice("a", YESTERDAY), invoice("b", NOW)]
    read(world)
    a_day_later(world)
    world.fake.on(lambda seen: page([{"id": "b"}]) if seen.query == {"$select": "id"} else None)

    assert read(world).deleted == 0
    assert ids(world) == ["a", "b"]


def test_given_a_receipt_undone_without_its_stamp_then_what_its_order_says_has_it_read_again(
    world, source
):
    # Given an order received in part, and two later receipts of another one
    name = "bc/purchase_receipts"

    def goods(id: str, quantity: int, **more: object) -> dict[str, object]:
        return {
            "id": id, "lineType": "Item", "lineObjectNumber": "A", "quantity": quantity, **more
        }  # fmt: skip

    def received(id: str, stamp: str, *lines: dict[str, object]) -> dict[str, object]:
        return {**document(name, id, stamp), "orderNumber": "PO1", "purchaseReceiptLines": lines}

    def ordered(quantity: int) -> dict[str, object]:
        line = goods("PO1-1", 10, receivedQuantity=quantity)
        return {"id": "PO1", "number": "PO1", "purchaseOrderLines": [line]}

    source.sets["purchaseReceipts"] = [
        received("a", BEFORE, goods("a-1", 5)), document(name, "b")
    ]  # fmt: skip
    source.sets["purchaseOrders"] = [ordered(5)]
    read(world, name)
    read(world, "bc/purchase_orders")
    assert read(world, name).requests == 1, "all agree"

    # When its receipt is undone
    source.sets["purchaseReceipts"][0] = received("a", BEFORE, goods("a-1", 5), goods("a-2", -5))
    source.sets["purchaseOrders"] = [ordered(0)]
    read(world, "bc/purchase_orders")
    result = read(world, name)

    # Then that receipt alone is read again, once
    assert (result.mode, result.lines_changed, result.requests) == ("incremental", 1, 2)
    assert everything(world, name) == (["a", "b"], ["a-1", "a-2", "b-1"])
    assert read(world, name).requests == 1
