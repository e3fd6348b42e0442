"""Tasks side by side; a failure stops only what depends on it (flows.md 1)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from bc_pipeline.errors import (
    AuthError,
    Cancelled,
    EntityBlocked,
    EntityFailed,
    PipelineError,
    ReadFailed,
    RequestFailed,
)
from bc_pipeline.report import EntityResult
from bc_pipeline.run.graph import Graph, Task


def nothing(result: EntityResult) -> None:
    result.rows = 1


def failing(error: Exception) -> Callable[[EntityResult], None]:
    def work(result: EntityResult) -> None:
        raise error

    return work


def run(*tasks: Task, cancel: threading.Event | None = None) -> Graph:
    graph = Graph(tasks, cancel or threading.Event())
    graph.start()
    graph.join()
    return graph


def test_a_task_starts_when_what_it_needs_is_done_and_independent_ones_run_together() -> None:
    both = threading.Barrier(2, timeout=5)
    order: list[str] = []

    def meeting(result: EntityResult) -> None:
        both.wait()
        order.append(result.name)

    graph = run(
        Task("c", lambda result: order.append("c"), needs=("a", "b")),
        Task("a", meeting),
        Task("b", meeting),
    )

    assert order[-1] == "c"
    assert graph.failed() == graph.blocked() == ()


def test_a_failure_blocks_what_needs_it_and_nothing_else() -> None:
    graph = run(
        Task("items", failing(ReadFailed("page 2 was cut short"))),
        Task("products", nothing, needs=("items",)),
        Task("links", nothing, needs=("products",)),
        Task("suppliers", nothing),
    )

    assert graph.failed() == ("items",)
    assert graph.blocked() == ("products", "links")
    assert graph.wait("suppliers").rows == 1
    with pytest.raises(EntityFailed, match="cut short"):
        graph.wait("items")
    with pytest.raises(EntityBlocked, match="products was not started: items failed"):
        graph.wait("products")
    assert graph.results()["items"].problems[0].kind == "blocked"
    assert graph.results()["products"].problems[0].kind == "blocked"


def test_a_soft_need_may_fail_and_then_gives_its_incomplete_result() -> None:
    graph = run(
        Task("sales_orders", failing(ReadFailed("no"))),
        Task("products", nothing, soft=("sales_orders",)),
    )

    assert graph.wait("products").rows == 1
    assert graph.wait("sales_orders").complete is False
    assert graph.failed() == ("sales_orders",)


def test_needs_outside_of_the_run_are_taken_as_met() -> None:
    assert run(Task("products", nothing, needs=("items",))).wait("products").rows == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AuthError("broken"), "auth"),
        (EntityFailed("stopped"), "guard"),
        (ValueError("a bug"), "blocked"),
    ],
)
def test_every_failure_is_told_as_a_problem(error: Exception, kind: str) -> None:
    graph = run(Task("a", failing(error)))

    (problem,) = graph.results()["a"].problems
    assert problem.kind == kind
    with pytest.raises(PipelineError):
        graph.wait("a")


def test_a_cancelled_run_starts_nothing_more() -> None:
    cancel = threading.Event()
    graph = run(
        Task("a", lambda result: cancel.set()), Task("b", nothing, needs=("a",)), cancel=cancel
    )

    assert graph.wait("a").name == "a"
    with pytest.raises(Cancelled):
        graph.wait("b")


def test_a_read_that_ended_in_429_is_told_as_throttled() -> None:
    def throttled(result: EntityResult) -> None:
        try:
            raise RequestFailed("Business Central answered 429", status=429)
        except RequestFailed as error:
            raise ReadFailed("bc/items: too many requests") from error

    graph = Graph([Task("bc/items", throttled)], threading.Event())
    graph.start()
    graph.join()

    assert [problem.kind for problem in graph.results()["bc/items"].problems] == ["throttled"]
