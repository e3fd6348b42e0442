from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bc_pipeline.snapshot.mirror import swap as swapping
from bc_pipeline.snapshot.mirror.first_load import FirstLoad, NotPlain
from bc_pipeline.snapshot.mirror.swap import Swap
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.slow import examples
from bc_pipeline_tests.snapshot.mirror.rows import (
    EXPAND,
    LINES,
    MOMENT,
    ORDERS,
    bring,
    line,
    mirrored,
    order,
    write_page,
)

PROPERTY = settings(
    max_examples=examples(8, 60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def snapshot(tmp_path: Path) -> Iterator[Snapshot]:
    with Snapshot.open(tmp_path / "snapshot") as snapshot:
        yield snapshot


def empty(snapshot: Snapshot) -> None:
    with snapshot.cursor() as cursor:
        cursor.execute("DELETE FROM bc.sales_orders")
        cursor.execute("DELETE FROM bc.sales_order_lines")


def test_given_an_empty_mirror_then_it_shows_what_was_read(snapshot, tmp_path: Path):
    done = bring(snapshot, tmp_path, [[order("o1", "1", line("a"), line("b"))], [order("o2", "2")]])

    assert done == Swap(rows=2, changed=2, deleted=0, lines=2, lines_changed=2)
    assert mirrored(snapshot) == (
        [("o1", "1"), ("o2", "2")],
        [("o1", "a", 1.0), ("o1", "b", 1.0)],
    )


def test_given_nothing_new_then_nothing_is_written(snapshot, tmp_path: Path):
    pages = [[order("o1", "1", line("a")), order("o2", "2")]]
    bring(snapshot, tmp_path, pages, run_no=1)

    done = bring(snapshot, tmp_path, pages, run_no=2)

    assert done == Swap(rows=2, changed=0, deleted=0, lines=1, lines_changed=0)
    assert set(snapshot.frame("bc.sales_orders")["_seen_run"]) == {1}


def test_given_changes_then_only_the_changed_rows_are_written(snapshot, tmp_path: Path):
    bring(snapshot, tmp_path, [[order("o1", "1", line("a"), line("b")), order("o2", "2")]])

    done = bring(
        snapshot,
        tmp_path,
        [[order("o1", "1", line("a", 5), line("b")), order("o2", "X")]],
        run_no=2,
    )

    assert (done.changed, done.lines_changed) == (1, 1)
    frame = snapshot.frame("bc.sales_orders").set_index("id")
    assert dict(frame["_seen_run"]) == {"o1": 1, "o2": 2}
    assert mirrored(snapshot)[1] == [("o1", "a", 5.0), ("o1", "b", 1.0)]


def test_given_a_full_read_then_what_was_not_seen_is_gone_with_its_lines(snapshot, tmp_path: Path):
    bring(snapshot, tmp_path, [[order("o1", "1", line("a")), order("o2", "2", line("b"))]])

    done = bring(snapshot, tmp_path, [[order("o2", "2", line("b"))]])

    assert (done.deleted, done.lines_changed) == (1, 1)
    assert mirrored(snapshot) == ([("o2", "2")], [("o2", "b", 1.0)])


def test_given_a_full_read_of_nothing_then_the_mirror_is_empty(snapshot, tmp_path: Path):
    bring(snapshot, tmp_path, [[order("o1", "1", line("a"))]])

    bring(snapshot, tmp_path, [[]])

    assert mirrored(snapshot) == ([], [])


def test_given_an_incremental_read_then_what_was_not_seen_stays(snapshot, tmp_path: Path):
    bring(snapshot, tmp_path, [[order("o1", "1", line("a")), order("o2", "2", line("b"))]])

    done = bring(snapshot, tmp_path, [[order("o3", "3", line("c"))]], full=False)

    assert (done.changed, done.deleted, done.lines_changed) == (1, 0, 1)
    assert [row[0] for row in mirrored(snapshot)[0]] == ["o1", "o2", "o3"]
    assert [row[1] for row in mirrored(snapshot)[1]] == ["a", "b", "c"]


def test_given_an_incremental_read_of_a_document_then_its_lines_are_replaced_whole(
    snapshot, tmp_path: Path
):
    bring(
        snapshot, tmp_path, [[order("o1", "1", line("a"), line("b")), order("o2", "2", line("c"))]]
    )

    bring(snapshot, tmp_path, [[order("o1", "1", line("b", 9), line("d"))]], full=False)

    assert mirrored(snapshot)[1] == [("o1", "b", 9.0), ("o1", "d", 1.0), ("o2", "c", 1.0)]


def test_given_the_ids_that_exist_then_others_are_gone_but_not_what_was_just_read(
    snapshot, tmp_path: Path
):
    bring(snapshot, tmp_path, [[order("o1", "1", line("a")), order("o2", "2", line("b"))]])

    done = bring(snapshot, tmp_path, [[order("o3", "3", line("c"))]], full=False, keys=["o2"])

    assert done.deleted == 1
    assert mirrored(snapshot) == (
        [("o2", "2"), ("o3", "3")],
        [("o2", "b", 1.0), ("o3", "c", 1.0)],
    )


def test_given_a_row_seen_twice_then_the_newest_counts_and_its_lines(snapshot, tmp_path: Path):
    old = order("o1", "old", line("a"), line("b"), stamp=1)
    new = order("o1", "new", line("b", 7), stamp=2)

    for pages in ([[old], [new]], [[new], [old]]):
        empty(snapshot)
        done = bring(snapshot, tmp_path, pages)

        assert done.rows == 1
        assert mirrored(snapshot) == ([("o1", "new")], [("o1", "b", 7.0)])


def test_given_a_row_seen_twice_with_one_stamp_then_the_last_seen_counts(snapshot, tmp_path: Path):
    bring(snapshot, tmp_path, [[order("o1", "first", line("a"))], [order("o1", "last", line("b"))]])

    assert mirrored(snapshot) == ([("o1", "last")], [("o1", "b", 1.0)])


def test_given_a_failing_swap_then_the_mirror_is_as_before(snapshot, tmp_path: Path):
    bring(snapshot, tmp_path, [[order("o1", "1", line("a"))]])

    with pytest.raises(RuntimeError, match="killed"):
        _swap_and_fail(snapshot, tmp_path)

    assert mirrored(snapshot) == ([("o1", "1")], [("o1", "a", 1.0)])


def _swap_and_fail(snapshot: Snapshot, directory: Path) -> None:
    from bc_pipeline.snapshot.mirror.staging import Staging
    from bc_pipeline.snapshot.mirror.swap import swap

    with snapshot.cursor() as cursor:
        staging = Staging(cursor, ORDERS, LINES, EXPAND)
        staging.load(write_page(directory, [order("o9", "9")]), exact=False)
        cursor.begin()
        swap(cursor, staging, run_no=2, read_at=MOMENT, full=True)
        raise RuntimeError("killed")


# --- properties ---------------------------------------------------------------------------------

quantities = st.integers(min_value=1, max_value=3)
shops = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(st.sampled_from("XYZ"), st.dictionaries(st.sampled_from("123"), quantities)),
    max_size=8,
)
"""order id -> (number, line -> quantity)"""


def as_rows(shop: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        order(id, number, *(line(f"{id}{name}", many) for name, many in lines.items()))
        for id, (number, lines) in shop.items()
    ]


def expected(shop: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    return (
        sorted((id, number) for id, (number, _) in shop.items()),
        sorted(
            (id, f"{id}{name}", float(many))
            for id, (_, lines) in shop.items()
            for name, many in lines.items()
        ),
    )


@PROPERTY
@given(history=st.lists(shops, min_size=1, max_size=4))
def test_given_any_sequence_of_full_reads_then_the_mirror_shows_the_last(
    snapshot, tmp_path: Path, history
):
    empty(snapshot)
    for shop in history:
        bring(snapshot, tmp_path, [as_rows(shop)])

        assert mirrored(snapshot) == expected(shop)


@PROPERTY
@given(history=st.lists(shops, min_size=2, max_size=4))
def test_given_many_rows_then_the_swap_does_and_tells_the_same_as_with_few(
    snapshot, tmp_path: Path, history
):
    def told() -> list[tuple[Swap, Any]]:
        empty(snapshot)
        return [
            (bring(snapshot, tmp_path, [as_rows(shop)], full=full), mirrored(snapshot))
            for shop in history
            for full in (False, True)
        ]

    few = told()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(swapping, "FEW", -1)
        many = told()

    assert few == many


@PROPERTY
@given(before=shops, after=shops)
def test_given_any_changes_then_reading_just_these_and_all_ids_equals_a_full_read(
    snapshot, tmp_path: Path, before, after
):
    empty(snapshot)
    bring(snapshot, tmp_path, [as_rows(before)])
    changed = {id: shop for id, shop in after.items() if before.get(id) != shop}

    bring(snapshot, tmp_path, [as_rows(changed)], full=False, keys=list(after))

    assert mirrored(snapshot) == expected(after)


@PROPERTY
@given(shop=shops, sizes=st.lists(st.integers(1, 4), min_size=1), seed=st.integers(0, 999))
def test_given_any_order_and_splitting_of_pages_with_repeats_then_the_mirror_is_the_same(
    snapshot, tmp_path: Path, shop, sizes, seed
):
    shuffled = random.Random(seed)
    rows = as_rows(shop) + [row for row in as_rows(shop) if shuffled.random() < 0.3]
    shuffled.shuffle(rows)
    pages, start = [], 0
    while start < len(rows):
        size = sizes[len(pages) % len(sizes)]
        pages.append(rows[start : start + size])
        start += size

    empty(snapshot)
    bring(snapshot, tmp_path, pages)

    assert mirrored(snapshot) == expected(shop)


# --- the first load ------------------------------------------------------------------------------


def first_load(snapshot: Snapshot, directory: Path, pages: list[Any]) -> Swap:
    with snapshot.cursor() as cursor:
        assert FirstLoad.possible(cursor, ORDERS, LINES)
        cursor.begin()
        try:
            first = FirstLoad(cursor, ORDERS, LINES, EXPAND, run_no=3, read_at=MOMENT)
            for rows in pages:
                first.load(write_page(directory, rows), exact=False)
            done = first.finish()
        except NotPlain:
            cursor.rollback()
            raise
        cursor.commit()
        assert not FirstLoad.possible(cursor, ORDERS, LINES)
    return done


def test_given_plain_pages_then_the_first_load_gives_what_staging_would(snapshot, tmp_path: Path):
    pages = [[order("o1", "1", line("a"), line("b", 2.25))], [order("o2", "2", line("c"))]]
    bring(snapshot, tmp_path, pages, run_no=3)
    columns = (
        "SELECT * FROM bc.sales_orders ORDER BY id",
        "SELECT * FROM bc.sales_order_lines ORDER BY id",
    )
    with snapshot.cursor() as cursor:
        staged = [cursor.execute(query).fetchall() for query in columns]
    empty(snapshot)

    done = first_load(snapshot, tmp_path, pages)

    with snapshot.cursor() as cursor:
        assert [cursor.execute(query).fetchall() for query in columns] == staged
    assert done == Swap(rows=2, changed=2, deleted=0, lines=3, lines_changed=3)


@pytest.mark.parametrize(
    "pages",
    [
        [[order("o1")], [order("o1")]],
        [[order("o1", "1", line("a"))], [order("o2", "2", line("a"))]],
        [[order("o1")], '[{"id": "o2", "orderDate": "?"}]'],
        [[order("o1")], [{"number": "no id"}]],
    ],
    ids=["row twice", "line twice", "malformed", "without id"],
)
def test_given_what_is_not_plain_then_the_first_load_gives_up_and_leaves_nothing(
    snapshot, tmp_path: Path, pages
):
    with pytest.raises(NotPlain):
        first_load(snapshot, tmp_path, pages)

    assert mirrored(snapshot) == ([], [])
