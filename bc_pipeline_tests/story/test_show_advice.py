"""What ``show`` advises can be typed; and it does not wait for a run that holds the snapshot."""

from __future__ import annotations

import re
import shlex
import threading

import pytest

from bc_pipeline.cli.main import run
from bc_pipeline.snapshot.lock import HOLDER_FILE, tenant_lock
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.story.opening import looking
from bc_pipeline_tests.story.world import World


@pytest.mark.parametrize("number", ["V`id`$(id)", 'V"1', "V'1", "V 1;id", "V%_\\", "-5", "--json"])
def test_a_command_that_is_advised_works_however_the_record_is_called(
    world: World, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(world.home))
    (supplier,) = world.one("SELECT min(remote_id) FROM sync.suppliers WHERE state = 'active'")
    world.change("UPDATE optiply.suppliers SET reference = ? WHERE remote_id = ?", number, supplier)
    world.change(
        "UPDATE sync.suppliers SET state = 'quarantined', reason = 'x', next_attempt_run = 99 "
        "WHERE remote_id = ?",
        supplier,
    )

    todo = world.story("suppliers", number).standing.todo or ""

    assert run(shlex.split(todo.partition("bc-pipeline ")[2])) == 0
    assert world.one("SELECT count(*) FROM sync.suppliers WHERE next_attempt_run = 99") == (0,)


def test_a_number_with_wildcards_counts_only_what_waits_for_it(world: World) -> None:
    (product,) = world.one("SELECT min(remote_id) FROM sync.products WHERE state = 'active'")
    world.change("UPDATE optiply.products SET reference = 'A_1' WHERE remote_id = ?", product)
    world.change("UPDATE bc.items SET number = 'A_1' WHERE lower(id) = ?", product)
    world.change(
        "UPDATE sync.supplier_products SET state = 'deferred', "
        "reason = 'item AB1 is not in Optiply yet'"
    )

    assert world.story("products", product).waits == ()


def test_given_a_run_holds_the_snapshot_then_it_is_told_at_once_and_goes_on_when_it_is_free(
    world: World,
):
    held, free, told = threading.Event(), threading.Event(), list[str]()

    def run() -> None:
        with (
            tenant_lock(world.directory, holder="run 1ece"),
            Snapshot.open(world.directory),
        ):
            held.set()
            free.wait(20)

    def tell(text: str) -> None:
        told.append(text)
        free.set()

    thread = threading.Thread(target=run)
    thread.start()
    held.wait(20)
    with looking(world.tenant, tell=tell) as cursor:
        assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    thread.join()

    (text,) = told
    assert re.search(r"run 1ece has held it since \d{4}-\d\d-\d\d \d\d:\d\d UTC", text)
    assert not (world.directory / HOLDER_FILE).exists()
