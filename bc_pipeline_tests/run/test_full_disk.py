"""A disk that takes no more: the run says so, nothing is half done, and the next one goes on."""

from __future__ import annotations

import pytest

from bc_pipeline.disk import GOES_ON
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline_tests.full_disk import no_file_beyond
from bc_pipeline_tests.run.house import MASTERS, House, runs_of
from bc_pipeline_tests.slow import deep_but

ENOUGH_FOR_TOKENS = 8192


def test_given_a_full_disk_then_a_first_run_fails_in_words_and_the_next_one_begins(house: House):
    with no_file_beyond(ENOUGH_FOR_TOKENS):
        summary = house.run(entities=MASTERS)

    assert summary.status == "failed"
    assert "cannot be written: " in (summary.reason or "")
    assert GOES_ON in (summary.reason or "")
    assert not (house.tenant().snapshot_dir / FILE_NAME).exists()
    assert house.run(entities=MASTERS).status == "success"


@pytest.mark.parametrize(
    "left", deep_but([0, ENOUGH_FOR_TOKENS, 2 * ENOUGH_FOR_TOKENS], ENOUGH_FOR_TOKENS)
)
def test_given_the_disk_is_full_at_any_moment_of_a_run_then_nothing_is_sent_twice(
    house: House, left: int
):
    house.run(entities=MASTERS)
    for item in house.company.find("items")[:3]:
        house.company.modify("items", item["id"], unitCost=77.5)
    products = len(house.shop.rows("products"))

    with no_file_beyond(left):
        summary = house.run(full=True, entities=MASTERS)
    then = house.run(full=True, entities=MASTERS)

    assert summary.status in ("failed", "partial")
    assert str(house.tenant().snapshot_dir) in (summary.reason or "")
    assert GOES_ON in (summary.reason or "")
    assert then.status == "success"
    assert len(house.shop.rows("products")) == products
    assert house.run(entities=MASTERS).optiply.total == 0


@pytest.mark.parametrize("left", [b"", bytes(4096), bytes(8) + b"DUCK" + bytes(4084)])
def test_a_snapshot_whose_making_was_cut_off_is_made_anew(house: House, left: bytes):
    directory = house.tenant().snapshot_dir
    directory.mkdir(parents=True)
    (directory / FILE_NAME).write_bytes(left)

    with pytest.raises(FileNotFoundError):
        Snapshot.open(directory, read_only=True)
    assert house.run(entities=MASTERS).status == "success"
    assert len(runs_of(house)) == 1
