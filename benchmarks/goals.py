"""What each benchmark has to reach, and the table that says which do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.measuring import Figures

Take = Callable[[Figures], float]


@dataclass(frozen=True)
class Goal:
    """One figure of a benchmark's report.

    Args:
        bench: which benchmark.
        what: the figure, in words.
        limit: what it has to reach.
        unit: of both.
        take: finds the figure in the report; raises KeyError where it was not measured.
        least: the limit is a least one instead of a most.
    """

    bench: str
    what: str
    limit: float
    unit: str
    take: Take
    least: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the table; ``figure`` None: not measured."""

    goal: Goal
    figure: float | None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where nothing was measured."""
        if self.figure is None:
            return None
        return (self.figure >= self.goal.limit) is self.goal.least or self.figure == self.goal.limit

    def cells(self) -> tuple[str, str, str, str]:
        """As texts: what, figure, goal, met."""
        goal = self.goal
        told = {True: "met", False: "MISSED", None: "not measured"}[self.met]
        figure = "" if self.figure is None else f"{self.figure:,.4g} {goal.unit}".strip()
        side = "at least" if goal.least else "at most"
        return goal.what, figure, f"{side} {goal.limit:,g} {goal.unit}".strip(), told


def _tick(name: str, key: str, storage: str = "files") -> Take:
    return lambda report: report["storages"][storage][name][key]


def _ticks() -> Iterator[Goal]:
    for storage, label in (("files", "SQLite"), ("postgres", "PostgreSQL")):
        for name, what, minutes in (
            ("idle", "nothing changed", 3),
            ("5 % changed", "5 % changed", 5),
            ("all changed", "all have 20 changes", 20),
            ("stock of 10 % moved", "stock of 10 % moved", 4),
        ):
            yield Goal(
                "tick",
                f"{what}, {label}, of 1,000 tenants",
                minutes * 60,
                "s",
                _tick(name, "seconds_per_1000", storage),
            )
    yield Goal("tick", "CPU of a tenant in which nothing changed", 0.10, "s",
               _tick("idle", "cpu_per_tenant"))  # fmt: skip
    yield Goal("tick", "requests to Business Central of such a tenant", 2, "",
               _tick("idle", "bc_requests_per_tenant"))  # fmt: skip


GOALS: tuple[Goal, ...] = (
    Goal("read", "read / floor", 0.8, "x", lambda r: r["ratio"]),
    Goal("read", "peak memory of the read", 400, "MB", lambda r: r["mirror"]["peak_megabytes"]),
    Goal("read", "dlt / read, a row", 60, "x", lambda r: r["dlt_ratio"], least=True),
    Goal("incremental", "a second read after no change", 0.3, "s",
         lambda r: r["steps"]["0 %"]["seconds"]),
    Goal("incremental", "bytes at 1 % / bytes at 10 %", 0.15, "x",
         lambda r: r["steps"]["1 %"]["bytes"] / r["steps"]["10 %"]["bytes"]),
    Goal("diff", "comparing 1,000,000 rows", 1.5, "s", lambda r: r["seconds_per_million"]),
    *_ticks(),
    Goal("first_load", "share of the permitted rate", 0.95, "", lambda r: r["share"], least=True),
    Goal("first_load", "429", 0, "", lambda r: r["refused"]),
    Goal("memory", "growth from tick 20 to 200", 10, "MB", lambda r: r["growth_megabytes"]),
    Goal("export", "requests of 1,000 new customers", 25, "",
         lambda r: r["customers_new"]["requests"]),
    Goal("export", "requests of 1,000 changed customers", 30, "",
         lambda r: r["customers_updated"]["requests"]),
    Goal("export", "requests of a bill", 5, "", lambda r: r["bills"]["requests_per_record"]),
)  # fmt: skip


def rows(bench: str, report: Figures) -> list[Row]:
    """The goals of a benchmark, with what its report says."""
    found = []
    for goal in GOALS:
        if goal.bench == bench:
            try:
                found.append(Row(goal, float(goal.take(report))))
            except KeyError:
                found.append(Row(goal, None))
    return found


def table(bench: str, report: Figures) -> str:
    """They as lines for people."""
    return "\n".join(line(row) for row in rows(bench, report))


def line(row: Row) -> str:
    """One row for people."""
    what, figure, goal, met = row.cells()
    return f"{what:50}{figure:>14}   {goal:22}{met}"
