"""Killed before or after any request, deaf to any answer, looking at a replica that lags, or told
that it was refused what was done: after the next run Business Central holds each record exactly
once, with the right lines and dimensions.

Here files have six records, and the requests struck are the first ones, the last ones and some
between, because most are alike. ``make drill`` takes twenty records and strikes every request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from bc_pipeline.sandbox import LimitSettings, Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline_tests.end_to_end.accounting import EVERY, RECORDS, Books
from bc_pipeline_tests.end_to_end.drill import Drill, FaultAction
from bc_pipeline_tests.end_to_end.installation import Installation
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import OrdersWorld

TENANT = "wholesale"
NUMBERS = count(1)
# Hundreds of runs follow one another faster than a tenant's budget of requests allows.
LIMITS = LimitSettings(requests_per_5_minutes=10**9)
# The clock moves on between rounds.
TOKEN_SECONDS = 10.0**8

pytestmark = [pytest.mark.timeout(3600 if EVERY else 300), pytest.mark.covers("drills")]

LAG_SECONDS = 30.0
POSTING = r"Microsoft\.NAV\."
"""Bound actions, as faults see them."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home: Path = tmp_path_factory.mktemp("drill")
    with Sandbox(1, 40, access_token_seconds=TOKEN_SECONDS, limits=LIMITS) as sandbox:
        sandbox.optiply.behaviour.token_lifetime_seconds = TOKEN_SECONDS
        made = Installation.create(sandbox, home)
        made.change_settings(TENANT, "exports", accounting=True, post_documents=True)
        yield made


@pytest.fixture(scope="module")
def books(installation: Installation) -> Books:
    company = installation.sandbox.business_central.companies[wholesale.NAME]
    return Books(company, installation.tenant(TENANT).snapshot_dir / "outbound")


def points(requests: int) -> list[int]:
    """Which of a run's requests to strike."""
    if EVERY or requests <= 7:
        return list(range(requests))
    return sorted({1, 2, 3, 4, requests // 2, requests - 2, requests - 1})


def late_points(requests: int) -> list[int]:
    """Those of them at which most was written already."""
    return points(requests) if EVERY else points(requests)[-2:]


@contextmanager
def lagging(drill: Drill, *, heeds_parts: bool) -> Iterator[Drill]:
    """The same drill while the replica of Business Central is behind."""
    service = drill.installation.sandbox.business_central
    service.set_replica_lag(LAG_SECONDS, wholesale.NAME, heeds_parts=heeds_parts)
    try:
        yield replace(drill, lag_seconds=LAG_SECONDS)
    finally:
        service.set_replica_lag(0)


ENTITIES = {
    "outbound/customers": "customers",
    "outbound/vendors": "vendors",
    "outbound/purchase_invoices": "bills",
    "outbound/vendor_payments": "payments",
    "outbound/general_journal_lines": "journals",
}
POSTED = ("outbound/purchase_invoices", "outbound/general_journal_lines")


@pytest.fixture(params=ENTITIES)
def drill(request: pytest.FixtureRequest, installation: Installation, books: Books) -> Drill:
    """A drill of one entity."""
    if request.param == "outbound/vendor_payments":
        _post_a_bill(installation, books)
    return _drill(installation, books, request.param)


def _drill(installation: Installation, books: Books, entity: str) -> Drill:
    name = ENTITIES[entity]
    prepare, check = getattr(books, name), getattr(books, f"check_{name}")
    return Drill(installation, TENANT, entity, prepare, check, books.again, NUMBERS)


def _post_a_bill(installation: Installation, books: Books) -> None:
    if books.paid_bill is None:
        number = next(NUMBERS)
        books.bills(number)
        _drill(installation, books, "outbound/purchase_invoices").run()
        books.check_bills(number)
        books.paid_bill = f"B{number}-1"


class Orders:
    """Rounds of five buy orders each."""

    def __init__(self, world: OrdersWorld) -> None:
        self.world = world
        self._made: dict[int, list[int]] = {}

    def make(self, number: int) -> None:
        self._made[number] = [self.world.order(supplier=n % 2) for n in range(5)]

    def check(self, number: int) -> None:
        world = self.world
        for order_id in self._made[number]:
            made = world.purchase_order(order_id)
            lines = world.lines(made)
            assert sorted(int(line["quantity"]) for line in lines) == [4, 10]
            assert {world.dimensions(part["id"]).get("DEPARTMENT") for part in (made, *lines)} == {
                "WEB"
            }
            assert world.buy_order(order_id)["remoteId"] == made["id"]
            own = {line["remoteId"] for line in world.buy_order_lines(order_id)}
            assert own == {line["id"] for line in lines}


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """A drill of buy orders, in a shop that has been synced."""
    with Sandbox(1, 20, access_token_seconds=TOKEN_SECONDS, limits=LIMITS) as sandbox:
        sandbox.optiply.behaviour.token_lifetime_seconds = TOKEN_SECONDS
        world = OrdersWorld.create(sandbox, tmp_path_factory.mktemp("orders"))
        world.configure(buy_order_dimensions={"department": "WEB"})
        rounds = Orders(world)
        yield Drill(
            world.installation, TENANT, "outbound/purchase_orders", rounds.make, rounds.check
        )
        _import_makes_no_second_order(world)


def _import_makes_no_second_order(world: OrdersWorld) -> None:
    """What was exported is recognised by the import, however often its export was disturbed."""
    before = {row["id"] for row in world.shop.rows("buyOrders")}
    assert world.sync(full=True).status == "success"
    assert {row["id"] for row in world.shop.rows("buyOrders")} == before


def test_given_a_killed_run_then_the_next_one_brings_each_buy_order_once(orders: Drill):
    orders.undisturbed()
    for at in points(orders.undisturbed()):
        orders.killed(at, "before")
        orders.killed(at, "after")


def test_given_a_lost_answer_then_each_buy_order_is_there_once(orders: Drill):
    orders.undisturbed()
    for at in points(orders.undisturbed()):
        orders.answer_lost(at)


def test_given_a_run_killed_at_a_request_then_the_next_one_brings_each_record_once(drill: Drill):
    drill.undisturbed()
    for at in points(drill.undisturbed()):
        drill.killed(at, "before")
        drill.killed(at, "after")


def test_given_an_answer_that_is_lost_then_each_record_is_there_once(drill: Drill):
    drill.undisturbed()
    for at in points(drill.undisturbed()):
        drill.answer_lost(at)


@pytest.mark.parametrize("action", ["drop", "apply_then_drop"])
def test_given_a_connection_that_ends_within_a_batch_then_each_record_is_there_once(
    drill: Drill, action: FaultAction
):
    drill.undisturbed()
    for at in count() if EVERY else (1, 4):
        if not drill.cut_in_a_batch(at, action):
            break


# --- a replica that lags -------------------------------------------------------------------------

# The stricter one always: reads in a batch lag whatever they ask for.
parts = pytest.mark.parametrize("heeds_parts", [False, True] if EVERY else [False])


@parts
def test_given_a_replica_that_lags_then_a_killed_run_doubles_nothing(
    drill: Drill, heeds_parts: bool
):
    with lagging(drill, heeds_parts=heeds_parts) as late:
        late.undisturbed()
        for at in late_points(late.undisturbed()):
            late.killed(at, "after")


@parts
def test_given_a_replica_that_lags_then_a_lost_answer_doubles_nothing(
    drill: Drill, heeds_parts: bool
):
    with lagging(drill, heeds_parts=heeds_parts) as late:
        late.undisturbed()
        for at in late_points(late.undisturbed()):
            late.answer_lost(at)


@parts
def test_given_a_replica_that_lags_then_a_batch_cut_short_doubles_nothing(
    drill: Drill, heeds_parts: bool
):
    with lagging(drill, heeds_parts=heeds_parts) as late:
        late.undisturbed()
        for at in count() if EVERY else (4,):
            if not late.cut_in_a_batch(at, "apply_then_drop"):
                break


@parts
def test_given_a_replica_that_lags_then_each_buy_order_is_there_once(
    orders: Drill, heeds_parts: bool
):
    with lagging(orders, heeds_parts=heeds_parts) as late:
        late.undisturbed()
        for at in late_points(late.undisturbed()):
            late.killed(at, "after")
            late.answer_lost(at)


# --- refused after commit ------------------------------------------------------------------------


@pytest.mark.parametrize("drill", POSTED, indirect=True)
def test_given_a_posting_refused_after_it_was_done_then_it_is_told_as_done(drill: Drill):
    strict = replace(drill, again=nothing_comes_again)
    struck = [
        strict.refused_after_commit(at, operation=False, path=POSTING)
        for at in range(RECORDS // 2 if EVERY else 2)
    ]
    assert all(struck)


@pytest.mark.parametrize("operation", [False, True], ids=["alone", "in a batch"])
def test_given_a_write_refused_after_it_was_done_then_each_record_is_there_once(
    drill: Drill, operation: bool
):
    for at in count() if EVERY else (0, 4):
        if not drill.refused_after_commit(at, operation=operation):
            break


@pytest.mark.parametrize("operation", [False, True], ids=["alone", "in a batch"])
def test_given_a_write_refused_after_it_was_done_then_each_buy_order_is_there_once(
    orders: Drill, operation: bool
):
    for at in count() if EVERY else (0, 4):
        if not orders.refused_after_commit(at, operation=operation):
            break


def nothing_comes_again(number: int) -> None:
    """The check sees whether all was told as done."""
