"""Figures of all tenants for Prometheus: one table of series, one way to fill them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bc_pipeline import clock
from bc_pipeline.alerts import book as books
from bc_pipeline.errors import PipelineError
from bc_pipeline.run.overview import next_tick
from bc_pipeline.run.tenant_state import TenantState, read_state
from bc_pipeline.snapshot.reader import SnapshotReader
from bc_pipeline.tenants.pause import paused
from bc_pipeline.tenants.registry import Registry
from bc_pipeline.tenants.settings import Tenant

PREFIX = "bc_pipeline_"
RUN_STATES = ("success", "partial", "failed", "skipped")


@dataclass(frozen=True)
class Series:
    """One series.

    Args:
        name: after the prefix.
        help: what it says.
        labels: after ``tenant``.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()


SERIES: Mapping[str, Series] = {
    each.name: each
    for each in (
        Series("settings_wrong", "1 when the settings of the tenant cannot be used"),
        Series("enabled", "1 when the schedule works on the tenant"),
        Series("late", "1 when an entity is older than it may be"),
        Series("stock_late", "1 when the stock in Optiply is older than it may be"),
        Series("last_good_run_timestamp_seconds", "End of the last good run, or of the last tick "
               "that found everything as it was"),
        Series("entity_last_good_timestamp_seconds", "Last complete read, or last whole send, of "
               "an entity", ("entity",)),
        Series("stock_timestamp_seconds", "As of when the stock in Optiply is"),
        Series("next_run_timestamp_seconds", "The next half hour, at which every_30_minutes looks "
               "at the tenant while it is switched on"),
        Series("last_run_status", "1 for how the last run ended, 0 for the others", ("status",)),
        Series("last_run_seconds", "What the last run took"),
        Series("runs", "Runs in the books, which retention.history_days limits", ("status",)),
        Series("last_run_requests", "Requests of the last run", ("system",)),
        Series("last_run_throttled", "Answers 429 among them", ("system",)),
        Series("records", "Records of an entity of Optiply by state", ("entity", "state")),
        Series("missing_records", "Records that Optiply should have and has not", ("entity",)),
        Series("open_exports", "Records for Business Central without a good end, by state",
               ("entity", "state")),
        Series("held_deletions", "Deletions that wait for an approval"),
        Series("files_waiting", "Files in outbound/ that are not through yet"),
        Series("alerts_standing", "Matters that stand and were told", ("kind",)),
        Series("alerts_unsent", "Messages that could not be sent yet"),
    )
}  # fmt: skip
"""By name; each has the label ``tenant`` first."""

WRITTEN = "metrics_timestamp_seconds"
"""When the figures were written; the only series without a tenant."""

Figures = dict[str, dict[tuple[str, ...], float]]


def written(found: Registry) -> bytes:
    """The figures of every tenant, as Prometheus reads them.

    Args:
        found: the registry.
    """
    now = clock.now()
    gathered: Figures = {name: {} for name in SERIES}
    with SnapshotReader() as reader:
        for name in found.names():
            _add(gathered, (name,), "settings_wrong", name in found.errors)
            _alerts(gathered, found, name)
            if name in found.tenants:
                _tenant(gathered, found.tenants[name], now, reader)
    registry = CollectorRegistry()
    registry.register(_Collected(gathered, now))
    return generate_latest(registry)


class _Collected(Collector):
    """The figures in the form the library writes."""

    def __init__(self, figures: Figures, now: datetime) -> None:
        self._figures, self._now = figures, now

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, series in SERIES.items():
            family = GaugeMetricFamily(
                PREFIX + name, series.help, labels=("tenant", *series.labels)
            )
            for labels, value in self._figures[name].items():
                family.add_metric(labels, value)
            yield family
        told = GaugeMetricFamily(PREFIX + WRITTEN, "When these figures were written")
        told.add_metric((), self._now.timestamp())
        yield told


def _add(figures: Figures, labels: tuple[str, ...], name: str, value: float | None) -> None:
    """What is not known has no line."""
    if value is not None:
        figures[name][tuple(str(label or "") for label in labels)] = float(value)


def _tenant(figures: Figures, tenant: Tenant, now: datetime, reader: SnapshotReader) -> None:
    name = (tenant.name,)
    works = tenant.enabled and not paused(tenant.snapshot_dir)
    _add(figures, name, "enabled", works)
    if works:
        _add(figures, name, "next_run_timestamp_seconds", _seconds(next_tick(now)))
    try:
        state = read_state(tenant, now, reader, patient=False)
    except PipelineError:
        return  # its other series are missing until it can be read
    _ages(figures, tenant, state)
    _last_run(figures, tenant, state)
    _records(figures, tenant, state)


def _ages(figures: Figures, tenant: Tenant, state: TenantState) -> None:
    name = (tenant.name,)
    _add(figures, name, "last_good_run_timestamp_seconds", _seconds(state.last_good_at))
    _add(figures, name, "late", state.late)
    if state.stock is not None:
        _add(figures, name, "stock_timestamp_seconds", _seconds(state.stock.as_of))
        _add(figures, name, "stock_late", state.enabled and state.stock.late)
    for entity, fresh in state.freshness.items():
        labels = (tenant.name, entity)
        _add(figures, labels, "entity_last_good_timestamp_seconds", _seconds(fresh.good))


def _last_run(figures: Figures, tenant: Tenant, state: TenantState) -> None:
    last = state.last_run
    if last is not None:
        for status in RUN_STATES:
            _add(figures, (tenant.name, status), "last_run_status", status == last["status"])
        took = (last["ended_at"] - last["started_at"]).total_seconds()
        _add(figures, (tenant.name,), "last_run_seconds", took)
    for status, number in state.figures.get("outcomes", {}).items():
        _add(figures, (tenant.name, status), "runs", number)
    requests = orjson.loads(state.figures.get("requests") or "{}")
    for system, counts in requests.items():
        _add(figures, (tenant.name, system), "last_run_requests", counts["total"])
        _add(figures, (tenant.name, system), "last_run_throttled", counts["throttled"])


def _records(figures: Figures, tenant: Tenant, state: TenantState) -> None:
    for entity, states in state.counts.items():
        for status, number in states.items():
            _add(figures, (tenant.name, entity, status), "records", number)
    for entity, (wanted, standing) in state.figures.get("missing", {}).items():
        _add(figures, (tenant.name, entity), "missing_records", wanted - standing)
    for row in state.exports:
        labels = (tenant.name, row["entity"], row["state"])
        known = figures["open_exports"].get(labels, 0)
        _add(figures, labels, "open_exports", known + 1)
    _add(figures, (tenant.name,), "held_deletions", len(state.deletions))
    _add(figures, (tenant.name,), "files_waiting", len(state.files))


def _alerts(figures: Figures, found: Registry, name: str) -> None:
    book = books.read(books.path_of(found.home, name))
    _add(figures, (name,), "alerts_unsent", len(book.waiting))
    for entry in book.standing.values():
        if entry.told_at is not None:
            labels = (name, entry.kind)
            known = figures["alerts_standing"].get(labels, 0)
            _add(figures, labels, "alerts_standing", known + 1)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
