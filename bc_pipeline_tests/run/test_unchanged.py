"""What is made from the same as last time is not mapped and compared again; whatever may matter
makes it be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import duckdb
import pytest

from bc_pipeline import clock
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.mapping import MappingInput, build_wanted
from bc_pipeline.mapping import inputs as made_of
from bc_pipeline.mapping.wanted import PLANS
from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run import operator_actions
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_optiply import restored
from bc_pipeline_tests.clocks import MovedClock
from bc_pipeline_tests.in_step import InStep, small_sandbox
from bc_pipeline_tests.run.quiet import TENANT, Quiet

ALL = frozenset(f"optiply/{name}" for name in RESOURCES)


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, in_step: InStep) -> Iterator[Quiet]:
    """A tenant that was read and mapped some time."""
    with small_sandbox() as sandbox:
        home = tmp_path_factory.mktemp("unchanged")
        sandbox.write_tenants(home)
        in_step.put(sandbox, home, TENANT)
        yield Quiet(sandbox, home)


@pytest.fixture
def settled(synced: Quiet) -> Quiet:
    """A tenant whose last run found nothing to send."""
    for _ in range(4):
        if not mapped(run_tenant(synced.tenant)):
            break
    return synced


def mapped(summary: RunSummary) -> set[str]:
    """The resources that were mapped and compared."""
    assert summary.status in ("success", "partial"), summary.reason
    return {
        name
        for name, each in summary.entities.items()
        if name.startswith("optiply/") and not each.mode.startswith("as in run ")
    }


def test_given_nothing_changed_then_a_whole_run_maps_nothing_and_tells_the_same(
    settled: Quiet,
) -> None:
    before = run_tenant(settled.tenant, Launch(full=True))

    after = run_tenant(settled.tenant)

    assert mapped(before) == ALL
    assert mapped(after) == set()
    for name in ALL:
        first, second = before.entities[name], after.entities[name]
        assert second.as_json() == first.as_json()
        assert second.rows == first.rows
        assert second.warnings == first.warnings
        assert second.problems == first.problems


def test_the_warnings_stand_with_the_run_that_did_not_map_again(settled: Quiet) -> None:
    by_run = """SELECT run_no, entity, remote_id, kind, message FROM ops.warnings
        WHERE starts_with(entity, 'optiply/') ORDER BY ALL"""

    run_tenant(settled.tenant)
    run_tenant(settled.tenant)

    with Snapshot.open(settled.directory, read_only=True) as snapshot, snapshot.cursor() as cursor:
        found = cursor.execute(by_run).fetchall()
        (last,) = cursor.execute("SELECT max(run_no) FROM ops.runs").fetchone() or (None,)
    told = [row[1:] for row in found if row[0] == last]
    assert told
    assert told == [row[1:] for row in found if row[0] == last - 1]


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda quiet: quiet.change("move_stock", item=quiet.item(), quantity="5"), {"products"}),
        (lambda quiet: quiet.settings(quantity_scale={"": "1"}), set(RESOURCES)),
        (lambda quiet: operator_actions.resend(quiet.tenant, "suppliers"), {"suppliers"}),
        (
            lambda quiet: quiet.sql("UPDATE sync.suppliers SET optiply_id = optiply_id + 0.0"),
            set(),
        ),
        (
            lambda quiet: quiet.sql("UPDATE sync.buy_orders SET state = 'quarantined'"),
            {"buy_orders"},
        ),
    ],
    ids=["stock", "settings", "resend", "nothing", "id map"],
)
def test_what_may_matter_makes_it_be_mapped_again(
    settled: Quiet, change: Callable[[Quiet], object], again: set[str]
) -> None:
    change(settled)

    found = {name.removeprefix("optiply/") for name in mapped(run_tenant(settled.tenant))}

    assert found >= again
    if not again:
        assert found == set()


def test_another_day_maps_what_looks_at_it(settled: Quiet) -> None:
    with clock.using(MovedClock(clock.now() + timedelta(days=1))):
        assert mapped(run_tenant(settled.tenant)) == {"optiply/receipt_lines"}
        assert mapped(run_tenant(settled.tenant)) == set()


def test_a_full_run_maps_everything(settled: Quiet) -> None:
    assert mapped(run_tenant(settled.tenant, Launch(full=True))) == ALL


def test_an_approval_is_good_for_one_run_although_that_maps_nothing_else(settled: Quiet) -> None:
    operator_actions.approve_deletions(settled.tenant, "products")

    assert mapped(run_tenant(settled.tenant)) == {"optiply/products"}
    assert not waits(settled, "SELECT count(*) FROM ops.approvals WHERE used_run IS NULL")
    assert mapped(run_tenant(settled.tenant)) == set()


def test_after_business_central_went_back_deletions_wait_for_one_run_only(settled: Quiet) -> None:
    def still_wait() -> list[str]:
        with Snapshot.open(settled.directory) as snapshot, snapshot.cursor() as cursor:
            return [each.name for each in RESOURCES.values() if restored.waits(cursor, each)]

    settled.sql("INSERT INTO ops.meta SELECT 'went_back.bc/vendors', max(run_no) FROM ops.runs")
    assert still_wait()

    run_tenant(settled.tenant)

    assert still_wait() == []
    settled.sql("DELETE FROM ops.meta WHERE starts_with(key, 'went_back.')")


def test_a_sell_order_business_central_still_had_is_asked_about_again(settled: Quiet) -> None:
    settled.sql("CREATE OR REPLACE TABLE bc.kept AS FROM bc.sales_invoices")
    settled.sql(
        "DELETE FROM bc.sales_invoices WHERE id = "
        "(SELECT min(remote_id) FROM sync.sell_orders WHERE state = 'active')"
    )
    looked = list[bool]()
    for _ in range(3):
        settled.sandbox.requests.clear()
        run_tenant(settled.tenant, Launch(entities=("optiply/sell_orders",)))
        looked.append(any(each.startswith("GET salesInvoices(") for each in settled.requests("bc")))
    settled.sql("DELETE FROM bc.sales_invoices")
    settled.sql("INSERT INTO bc.sales_invoices FROM bc.kept")
    settled.sql("DROP TABLE bc.kept")

    assert looked == [True, True, True]


def waits(quiet: Quiet, sql: str) -> int:
    with Snapshot.open(quiet.directory) as snapshot, snapshot.cursor() as cursor:
        return int((cursor.execute(sql).fetchone() or (0,))[0])


@pytest.mark.parametrize("name", RESOURCES)
def test_a_column_no_statement_names_cannot_matter(synced: Quiet, name: str) -> None:
    inputs = MappingInput(run_no=9_999, today=clock.now().date(), now=clock.now())
    options = synced.tenant.sync
    with Snapshot.open(synced.directory) as snapshot, snapshot.cursor() as cursor:
        build_wanted(cursor, name, options, inputs)
        wanted = rows(cursor, name)
        _, named = made_of.words(name, options, inputs)
        cursor.execute("BEGIN")
        for table, columns in named.items():
            if "*" not in columns:
                spoil(cursor, table, {*columns, "remote_id"})
        build_wanted(cursor, name, options, inputs)
        assert rows(cursor, name) == wanted
        cursor.execute("ROLLBACK")


def rows(cursor: duckdb.DuckDBPyConnection, name: str) -> list[tuple[object, ...]]:
    return cursor.execute(f"FROM optiply.{name} ORDER BY remote_id").fetchall()


def spoil(cursor: duckdb.DuckDBPyConnection, table: str, but: set[str]) -> None:
    """Change every column of every row but these."""
    other = {
        "VARCHAR": "concat({0}, '?')",
        "BOOLEAN": "NOT {0}",
        "VARCHAR[]": "['?']",
        "DATE": "{0} + 400",
        "JSON": "'{{\"x\": 1}}'",
        "TIMESTAMP WITH TIME ZONE": "{0} + INTERVAL 400 DAY",
    }
    described = cursor.execute(f"DESCRIBE {table}").fetchall()
    changes = [
        f'"{column}" = ' + other.get(kind, "{0} + 7").format(f'"{column}"')
        for column, kind, *_ in described
        if column not in but and not column.startswith("_")
    ]
    if changes:
        cursor.execute(f"UPDATE {table} SET {', '.join(changes)}")


@pytest.mark.parametrize("name", RESOURCES)
def test_every_table_a_mapping_reads_is_looked_at(synced: Quiet, name: str) -> None:
    inputs = MappingInput(
        run_no=1,
        today=clock.now().date(),
        now=clock.now(),
        sources=frozenset({"bc.item_page", "bc.item_units_of_measure", "bc.bom_components"}),
        bom=True,
    )
    plan = PLANS[name](synced.tenant.sync, inputs)
    statements = (*plan.steps.values(), plan.wanted, *plan.warnings)
    read = {
        table
        for each in statements
        for table in re.findall(r"\b(?:FROM|JOIN)\s+((?:bc|optiply|sync|ops)\.\w+)", each)
    }

    _, looked_at = made_of.words(name, synced.tenant.sync, inputs)

    assert read
    assert read <= looked_at.keys()
