"""Whatever happens in the source between reads, the mirror says what a full read would say."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.errors import ReadFailed
from bc_pipeline.reading.entity import read_entity
from bc_pipeline_tests.business_central.fake import Reply, Seen, Source, World, page
from bc_pipeline_tests.slow import examples

START = datetime(2026, 1, 1, tzinfo=UTC)
INVOICES, VENDORS = ENTITIES["bc/sales_invoices"], ENTITIES["bc/vendors"]


@dataclass
class Shop:
    """Vendors and invoices that change; only what BC stamps gets a new stamp."""

    source: Source
    clock: datetime = START
    vendors: dict[str, dict[str, Any]] = field(default_factory=dict)
    invoices: dict[str, dict[str, Any]] = field(default_factory=dict)

    def act(self, action: str, which: int, value: int) -> None:
        self.clock += timedelta(milliseconds=value * 400)
        # BC keeps what is about 3 ms, drops trailing zeros, and several rows share a stamp.
        stamp = self.clock.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stamp = stamp.replace(".000Z", "Z")
        key = f"{which:02d}"
        if action == "vendor":
            self.vendors[key] = {
                "id": key,
                "displayName": f"{value}",
                "lastModifiedDateTime": stamp,
            }
        elif action == "old vendor":
            self.vendors.setdefault(
                key, {"id": key, "lastModifiedDateTime": "0001-01-01T00:00:00Z"}
            )
        elif action == "delete vendor":
            self.vendors.pop(key, None)
        else:
            lines = [
                {"id": f"{key}-{n}", "sequence": n, "quantity": value + n / 4} for n in range(value)
            ]
            self.invoices[key] = {
                "id": key,
                "status": f"{value}",
                "lastModifiedDateTime": stamp,
                "salesInvoiceLines": lines,
            }
        self.source.sets["vendors"] = list(self.vendors.values())
        self.source.sets["salesInvoices"] = list(self.invoices.values())


def contents(world: World) -> list[Any]:
    return [
        world.rows(
            f"SELECT * EXCLUDE (_row_hash, _seen_run, _read_at) FROM bc.{table} ORDER BY ALL"
        )
        for table in ("vendors", "sales_invoices", "sales_invoice_lines")
    ]


def empty(world: World) -> None:
    for table in ("bc.vendors", "bc.sales_invoices", "bc.sales_invoice_lines", "ops.bookmarks"):
        with world.snapshot.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")


def read_both(world: World, *, full: bool = False) -> None:
    for entity in (VENDORS, INVOICES):
        read_entity(world.bc, world.snapshot, entity, run_no=1, full=full)


PROPERTY = settings(
    max_examples=examples(4, 30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
actions = st.tuples(
    st.sampled_from(["vendor", "vendor", "old vendor", "delete vendor", "invoice", "invoice"]),
    st.integers(0, 7),
    st.integers(0, 4),
)


@PROPERTY
@given(rounds=st.lists(st.lists(actions, max_size=6), min_size=1, max_size=4))
def test_given_any_changes_with_incremental_reads_between_then_the_mirror_equals_a_full_read(
    world, rounds
):
    empty(world)
    shop = Shop(Source(world.fake))
    for changes in rounds:
        for change in [("vendor", 0, 0), ("invoice", 0, 1), *changes]:
            shop.act(*change)
        read_both(world)
    followed = contents(world)

    empty(world)
    read_both(world)

    assert followed == contents(world)
    read_both(world, full=True)
    assert followed == contents(world)


@PROPERTY
@given(
    rows=st.dictionaries(st.integers(0, 20), st.integers(0, 3), max_size=12),
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4).filter(any),
    seed=st.integers(0, 10_000),
)
def test_given_any_order_and_splitting_of_pages_then_the_mirror_is_the_same(
    world, rows, sizes, seed
):
    shuffled = random.Random(seed)
    documents = [
        {
            "id": f"{key:02d}",
            "lastModifiedDateTime": "2026-01-01T00:00:00Z",
            "salesInvoiceLines": [
                {"id": f"{key:02d}-{n}", "sequence": n, "quantity": 1.25} for n in range(lines)
            ],
        }
        for key, lines in rows.items()
    ]
    source = Source(world.fake)
    source.sets["salesInvoices"] = documents
    empty(world)
    read_entity(world.bc, world.snapshot, INVOICES, run_no=1)
    expected = contents(world)

    repeated = documents + [each for each in documents if shuffled.random() < 0.2]
    shuffled.shuffle(repeated)
    pages: list[list[dict[str, Any]]] = [[]]
    for each in repeated:
        if len(pages[-1]) >= sizes[(len(pages) - 1) % len(sizes)]:
            pages.append([])
        pages[-1].append(each)

    def answer(seen: Seen) -> Reply | None:
        if seen.entity_set != "salesInvoices":
            return None
        number = int(seen.query.get("$skiptoken", "0"))
        last = number + 1 >= len(pages)
        following = f"{world.fake.url_of('salesInvoices')}?$skiptoken={number + 1}"
        return page(pages[number], None if last else following)

    world.fake.on(answer)
    empty(world)
    read_entity(world.bc, world.snapshot, INVOICES, run_no=2)
    assert contents(world) == expected
    read_entity(world.bc, world.snapshot, INVOICES, run_no=3, full=True)
    assert contents(world) == expected


@PROPERTY
@given(
    before=st.lists(actions, max_size=5),
    after=st.lists(actions, min_size=1, max_size=5),
    size=st.integers(1, 3),
    data=st.data(),
)
def test_given_a_read_that_fails_at_any_page_then_nothing_changed_and_the_next_one_makes_up(
    world, before, after, size, data
):
    empty(world)
    shop = Shop(Source(world.fake))
    for change in [("invoice", 0, 1), *before]:
        shop.act(*change)
    read_both(world)
    earlier = contents(world)
    for change in [("invoice", 1, 2), ("invoice", 2, 2), *after]:
        shop.act(*change)
    all_invoices = shop.source.sets["salesInvoices"]
    count = -(-len(all_invoices) // size)
    failing = data.draw(st.integers(0, count - 1))

    def answer(seen: Seen) -> Reply | None:
        if seen.entity_set != "salesInvoices":
            return None
        number = int(seen.query.get("$skiptoken", "0"))
        if number == failing:
            return Reply(body=b'{"value": [{"id": "x"')
        following = f"{world.fake.url_of('salesInvoices')}?$skiptoken={number + 1}"
        return page(all_invoices[number * size : (number + 1) * size], following)

    world.fake.on(answer)
    with pytest.raises(ReadFailed):
        read_entity(world.bc, world.snapshot, INVOICES, run_no=2, full=True)
    assert contents(world) == earlier

    shop.source = Source(world.fake)
    shop.act("invoice", 0, 1)
    read_both(world)
    followed = contents(world)
    empty(world)
    read_both(world)
    assert followed == contents(world)
