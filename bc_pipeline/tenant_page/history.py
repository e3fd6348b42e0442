"""What the books tell of the last weeks, day by day: one entry for each chart of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from bc_pipeline.report import AsJson
from bc_pipeline.run.history import SENT
from bc_pipeline.run.stock_age import ASSET as STOCK
from bc_pipeline.snapshot.rows import Row, rows
from bc_pipeline.values import grouped

DAYS = 30
"""Days that are shown at most."""
FEWEST_DAYS = 7
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_EPOCH = date(1970, 1, 1)
_HELD_TONES = {"quarantined": "bad", "deferred": "middling"}

_RUNS = """
SELECT run_no, started_at, ended_at, status, coalesce(created, 0) AS created,
  coalesce(updated, 0) AS updated, coalesce(deleted, 0) AS deleted,
  coalesce(stock, false) AS stock,
  CAST(coalesce(summary->>'$.requests.business_central.total', '0') AS BIGINT) AS asked,
  CAST(coalesce(summary->>'$.requests.optiply.total', '0') AS BIGINT) AS told
FROM ops.runs LEFT JOIN (
  SELECT run_no, sum(count) FILTER (kind = 'created') AS created,
    sum(count) FILTER (kind = 'updated') AS updated,
    sum(count) FILTER (kind = 'deleted') AS deleted,
    bool_or(entity = $entity AND kind = $sent) AS stock
  FROM ops.entity_counts WHERE starts_with(entity, 'optiply/') GROUP BY run_no) USING (run_no)
WHERE NOT coalesce(dry_run, false) AND ended_at IS NOT NULL AND started_at >= $since
ORDER BY run_no
"""
# What an entity held back stands until another run that got to the end of it tells otherwise.
_HELD = """
SELECT CAST(floor(epoch(started_at) / 86400) AS BIGINT) AS day, entity, kind,
  arg_max(count, run_no) AS number
FROM ops.entity_counts JOIN ops.runs USING (run_no)
WHERE kind IN ('quarantined', 'deferred') AND NOT coalesce(dry_run, false)
  AND ended_at IS NOT NULL AND EXISTS (FROM ops.entity_counts whole
    WHERE whole.run_no = ops.entity_counts.run_no AND whole.entity = ops.entity_counts.entity
      AND whole.kind = $sent)
GROUP BY ALL ORDER BY day
"""


@dataclass(frozen=True)
class Series:
    """One figure of a trend.

    Args:
        name: what it counts.
        tone: how the page colours it.
        values: one for each day.
    """

    name: str
    tone: str
    values: Sequence[float]


@dataclass(frozen=True)
class Trend(AsJson):
    """Figures of some days, which add up where they are several.

    Args:
        name: in JSON.
        title: on the page.
        unit: of the values, after a number.
        text: what is counted, in a sentence.
        total: whether the days add up to something; else the highest of them counts.
        days: in UTC.
        series: at least one.
    """

    name: str
    title: str
    unit: str
    text: str
    total: bool
    days: Sequence[date]
    series: Sequence[Series]

    @property
    def sums(self) -> list[float]:
        """All series together, day by day."""
        return [sum(values) for values in zip(*(each.values for each in self.series), strict=True)]

    @property
    def in_words(self) -> str:
        """The trend in a sentence, for whoever does not see it."""
        sums = self.sums
        if not any(sums):
            return f"{self.title}: nothing in {len(self.days)} days."
        top = max(sums)
        when = self.days[sums.index(top)]
        most = f"at most {number(top)} {self.unit}, on {when}"
        if not self.total:
            return f"{self.title}, {len(self.days)} days: {most}."
        parts = ", ".join(f"{number(sum(each.values))} {each.name}" for each in self.series)
        return f"{self.title}, {len(self.days)} days: {parts}; {most}."


@dataclass(frozen=True)
class _Kind:
    """What a trend shows; ``figures`` gives a row of numbers for the runs of one day."""

    name: str
    title: str
    unit: str
    text: str
    series: tuple[tuple[str, str], ...]
    figures: Callable[[Sequence[Row]], tuple[float, ...]]
    total: bool = True


def _counted(*columns: str) -> Callable[[Sequence[Row]], tuple[float, ...]]:
    return lambda found: tuple(sum(row[column] for row in found) for column in columns)


def _ended(*statuses: str) -> Callable[[Sequence[Row]], tuple[float, ...]]:
    return lambda found: tuple(sum(row["status"] == each for row in found) for each in statuses)


def _longest(column: str) -> Callable[[Sequence[Row]], tuple[float, ...]]:
    return lambda found: (round(max((row[column] or 0 for row in found), default=0), 1),)


_KINDS = (
    _Kind(
        "runs",
        "Runs",
        "runs",
        "How runs ended. A look that finds nothing changed starts none.",
        (("success", "good"), ("partial", "middling"), ("failed", "bad")),
        _ended("success", "partial", "failed"),
    ),
    _Kind(
        "sent",
        "Sent to Optiply",
        "records",
        "Records created, updated and deleted.",
        (("created", "first"), ("updated", "second"), ("deleted", "third")),
        _counted("created", "updated", "deleted"),
    ),
    _Kind(
        "stock_age",
        "Age of the stock, in minutes",
        "min",
        "Longest time between two looks at stock that are in the books; often it was younger.",
        (("oldest", "first"),),
        _longest("stock_minutes"),
        total=False,
    ),
    _Kind(
        "requests",
        "Requests",
        "requests",
        "Requests of the runs, to either system.",
        (("Business Central", "first"), ("Optiply", "second")),
        _counted("asked", "told"),
    ),
    _Kind(
        "duration",
        "Longest run, in seconds",
        "s",
        "What the longest run of each day took.",
        (("longest", "first"),),
        _longest("seconds"),
        total=False,
    ),
)


def trends(cursor: duckdb.DuckDBPyConnection, now: datetime) -> list[Trend]:
    """Every trend, over the same days: the last 30, or as many as there are books of.

    Args:
        cursor: of the tenant's snapshot.
        now: UTC.
    """
    today = now.date()
    given = {"entity": STOCK, "sent": SENT, "since": now - DAYS * _DAY}
    by_day = grouped(_with_ages(rows(cursor, _RUNS, given)), lambda row: row["started_at"].date())
    first = min([*by_day, today - (FEWEST_DAYS - 1) * _DAY])
    first = max(first, today - (DAYS - 1) * _DAY)
    days = [first + n * _DAY for n in range((today - first) // _DAY + 1)]
    return [*(_trend(kind, days, by_day) for kind in _KINDS), _held(cursor, days)]


def _held(cursor: duckdb.DuckDBPyConnection, days: Sequence[date]) -> Trend:
    """How many records were held back at the end of each day."""
    found = iter(rows(cursor, _HELD, {"sent": SENT}))
    standing: dict[tuple[str, str], int] = {}
    values: dict[str, list[float]] = {kind: [] for kind in _HELD_TONES}
    row = next(found, None)
    for day in days:
        while row is not None and _EPOCH + row["day"] * _DAY <= day:
            standing[row["entity"], row["kind"]] = row["number"]
            row = next(found, None)
        for kind, told in values.items():
            told.append(sum(count for (_, each), count in standing.items() if each == kind))
    series = [Series(kind, tone, values[kind]) for kind, tone in _HELD_TONES.items()]
    text = "Records that were refused or wait, at the end of each day."
    return Trend("held", "Held back", "records", text, False, days, series)


def number(value: float) -> str:
    """A number as people write it: no decimals where there are none."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _trend(kind: _Kind, days: Sequence[date], by_day: Mapping[date, Sequence[Row]]) -> Trend:
    columns = zip(*(kind.figures(by_day.get(day, ())) for day in days), strict=True)
    series = [
        Series(name, tone, values)
        for (name, tone), values in zip(kind.series, columns, strict=True)
    ]
    return Trend(kind.name, kind.title, kind.unit, kind.text, kind.total, days, series)


def _with_ages(found: Sequence[Row]) -> list[Row]:
    """Each run with how long it took, and how old stock had become when it sent it. Looks without a
    run have a number, too, and found stock as it was: they are taken to lie evenly between."""
    before: Row | None = None
    told = []
    runs_since = 0
    for row in found:
        minutes = None
        runs_since += 1
        if row["stock"]:
            if before is not None:
                looks = row["run_no"] - before["run_no"] - runs_since
                minutes = (row["ended_at"] - before["ended_at"]) / (max(looks, 0) + 1) / _MINUTE
            before, runs_since = row, 0
        seconds = (row["ended_at"] - row["started_at"]).total_seconds()
        told.append({**row, "seconds": seconds, "stock_minutes": minutes})
    return told
