"""Whatever replicas answer, each as far behind as it likes: once changes stop, one more run shows
what Business Central has (platform 1)."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.reading.entity import read_entity
from bc_pipeline_tests.business_central.fake import FakeBusinessCentral, Seen, Source, World

START = datetime(2026, 3, 1, tzinfo=UTC)
READ = tuple(ENTITIES[name] for name in ("bc/items", "bc/vendors", "bc/sales_invoices"))
TABLES = ("items", "vendors", "sales_invoices", "sales_invoice_lines")
LONGEST_LAG = 30
LONGEST_POSTING = 300

Sets = dict[str, list[dict[str, Any]]]


class Replicas(Source):
    """Answers every request as things were up to 30 seconds ago, unless it asks for the primary."""

    def __init__(self, fake: FakeBusinessCentral, lags: list[int]) -> None:
        super().__init__(fake)
        self.sets = {entity.path: [] for entity in READ}
        self.now = START
        self._lags = lags
        self._asked = 0
        self._history: list[tuple[datetime, Sets]] = [(START, copy.deepcopy(self.sets))]

    def rows_for(self, seen: Seen, name: str) -> list[dict[str, Any]]:
        if seen.headers["data-access-intent"] == "ReadWrite":
            return self.sets[name]
        self._asked += 1
        then = self.now - timedelta(seconds=self._lags[self._asked % len(self._lags)])
        return [sets for at, sets in self._history if at <= then or at == START][-1][name]

    def commit(self, seconds: int) -> None:
        """What was done is visible from now on; then time passes."""
        self._history.append((self.now, copy.deepcopy(self.sets)))
        self.now += timedelta(seconds=seconds)

    def change(self, what: str, which: int, value: int) -> None:
        """One change, stamped when its transaction began."""
        began = self.now - timedelta(seconds=value * LONGEST_POSTING / 9)
        stamp = began.isoformat().replace("+00:00", "Z")
        name = {"item": "items", "vendor": "vendors"}.get(what.split()[-1], "salesInvoices")
        rows = self.sets[name]
        key = f"{which}"
        if what.startswith(("delete", "roll back")):
            self.sets[name] = [row for row in rows if row["id"] != key]
            return
        known = next((row for row in rows if row["id"] == key), None)
        if known and known["lastModifiedDateTime"] > stamp:
            stamp = known["lastModifiedDateTime"]
        row = {"id": key, "number": f"{value}", "lastModifiedDateTime": stamp}
        if name == "salesInvoices":
            row["salesInvoiceLines"] = [{"id": f"{key}-{n}", "quantity": n} for n in range(value)]
        self.sets[name] = [*(each for each in rows if each["id"] != key), row]


def contents(world: World) -> list[Any]:
    hidden = "_row_hash, _seen_run, _read_at"
    return [
        world.rows(f"SELECT * EXCLUDE ({hidden}) FROM bc.{table} ORDER BY ALL") for table in TABLES
    ]


def empty(world: World) -> None:
    with world.snapshot.cursor() as cursor:
        for table in [*(f"bc.{name}" for name in TABLES), "ops.bookmarks", "ops.retracted"]:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DELETE FROM ops.meta WHERE key NOT IN ('schema_version')")


def read(world: World, **how: Any) -> set[str]:
    told: set[str] = set()
    for entity in READ:
        told |= read_entity(world.bc, world.snapshot, entity, run_no=1, **how).warnings.keys()
    return told


changes = st.tuples(
    st.sampled_from(
        ["item", "vendor", "invoice", "invoice", "delete item", "delete vendor", "roll back"]
    ),
    st.integers(0, 5),
    st.integers(0, 9),
)
rounds = st.tuples(st.lists(changes, max_size=5), st.integers(0, 40))


@pytest.mark.covers("decision 20", "decision 23")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    history=st.lists(rounds, min_size=1, max_size=6),
    lags=st.lists(st.integers(0, LONGEST_LAG), min_size=1, max_size=7),
)
def test_given_any_lag_of_any_answer_then_the_mirror_arrives_once_changes_stop(
    world, history, lags
):
    empty(world)
    source = Replicas(world.fake, lags)
    for done, seconds in history:
        for change in done:
            source.change(*change)
        source.commit(seconds)
        assert read(world) == set()
    source.now += timedelta(seconds=LONGEST_LAG)

    assert read(world) == set()

    followed = contents(world)
    empty(world)
    read(world, full=True)
    assert followed == contents(world)
