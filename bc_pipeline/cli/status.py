"""``bc-pipeline status``: how is every tenant doing?"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

import click

from bc_pipeline import clock
from bc_pipeline.alerts.book import path_of
from bc_pipeline.alerts.telling import contents, unsent_lines
from bc_pipeline.cli import output
from bc_pipeline.cli.deletions import print_deletions
from bc_pipeline.cli.selection import known_tenants, tenant_arguments
from bc_pipeline.errors import PipelineError
from bc_pipeline.run.overview import age_of
from bc_pipeline.run.records import next_try
from bc_pipeline.run.tenant_state import TenantState, read_state
from bc_pipeline.snapshot.reader import SnapshotReader
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant

HELD_SHOWN = 20
EACH_SHOWN = 20
"""Tenants up to which each one's entities are listed, unless they are named."""


@click.command()
@tenant_arguments
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit with 1 when a tenant is late or failed, or something waits for a person.",
)
@output.json_option
def status(tenants: tuple[str, ...], exit_code: bool, as_json: bool) -> int:
    """How old each entity is, records per entity, what is held back and which exports did not
    work, with their reasons.

    All tenants when none is named. Reads only the tenants' own files.
    """
    found = registry.load()
    names = known_tenants(found, tenants)
    states, errors = _read([found.tenants[name] for name in names if name in found.tenants])
    errors |= found.errors
    if as_json:
        output.print_json(
            {"tenants": {name: _as_json(found, name, states, errors) for name in names}}
        )
    else:
        _print(found, names, states, errors, entities=bool(tenants) or len(names) <= EACH_SHOWN)
    bad = any(name in errors for name in names)
    if exit_code:
        bad = bad or any(_needs_attention(state) for state in states.values())
    return output.SOME_FAILED if bad else output.SUCCESS


def _read(tenants: list[Tenant]) -> tuple[dict[str, TenantState], dict[str, PipelineError]]:
    """The states of the tenants, and errors of those that cannot be read, by name."""
    states: dict[str, TenantState] = {}
    errors: dict[str, PipelineError] = {}
    waiting = SimpleQueue[Tenant]()
    for tenant in tenants:
        waiting.put(tenant)

    def work() -> None:
        with SnapshotReader() as reader, suppress(Empty):
            while True:
                tenant = waiting.get_nowait()
                try:
                    states[tenant.name] = read_state(tenant, reader=reader)
                except PipelineError as error:
                    errors[tenant.name] = error

    at_once = min(len(tenants), os.cpu_count() or 1)
    with ThreadPoolExecutor(at_once or 1, thread_name_prefix="status") as pool:
        for done in [pool.submit(work) for _ in range(at_once)]:
            done.result()
    return states, errors


def _needs_attention(state: TenantState) -> bool:
    """Of a disabled tenant nothing is expected."""
    return state.enabled and bool(state.attention())


def _as_json(
    found: registry.Registry,
    name: str,
    states: dict[str, TenantState],
    errors: dict[str, PipelineError],
) -> dict[str, Any]:
    tenant = found.tenants.get(name)
    return {
        "enabled": tenant.enabled if tenant else None,
        "error": str(errors[name]) if name in errors else None,
        **states.get(name, TenantState()).as_json(),
        "alerts": contents(path_of(found.home, name)),
    }


def _print(
    found: registry.Registry,
    names: list[str],
    states: dict[str, TenantState],
    errors: dict[str, PipelineError],
    *,
    entities: bool,
) -> None:
    output.print_table(
        "Tenants",
        ["tenant", "enabled", "last good", "last run", "stock", "held", "exports", "remark"],
        [_row(name, states.get(name)) for name in names],
    )
    for name in names:
        for line in unsent_lines(contents(path_of(found.home, name))):
            output.line(f"{name}: {line}")
        if name in states:
            _print_tenant(name, states[name], entities=entities)
        else:
            output.line(f"{name}: {errors[name]}", "failed")
    if not entities:
        output.line(
            "Name tenants to see how old each of their entities is: bc-pipeline status NAME"
        )


def _row(name: str, state: TenantState | None) -> list[object]:
    if state is None:
        return [name, "", "", "", "", "", "", "look below"]
    last = state.last_run
    return [
        name,
        "yes" if state.enabled else "paused" if state.paused else "no",
        _ago(state.last_good_at),
        last["status"] if last else "never ran",
        _ago(state.stock.as_of if state.stock else None),
        len(state.held),
        _exports(state),
        "late" if state.late else "look below" if state.attention() else "",
    ]


def _print_tenant(name: str, state: TenantState, *, entities: bool) -> None:
    if state.paused:
        output.line(f"{name}: {state.paused}", "paused")
    for matter in state.attention():
        output.line(f"{name}: {matter}", "late")
    if entities:
        _print_entities(name, state)
        if state.stock is not None:
            output.line(f"{name}: {state.stock.in_words()}")
    print_deletions(name, state.deletions, HELD_SHOWN)
    if state.held:
        output.print_table(
            f"{name}: held back",
            ["entity", "number", "name", "state", "tries", "next try", "reason"],
            [_held(row, state.run_no) for row in state.held[:HELD_SHOWN]],
            numbers=["tries"],
        )
        if len(state.held) > HELD_SHOWN:
            output.line(f"and {len(state.held) - HELD_SHOWN} more: {_all(name)}")
    if state.exports:
        output.print_table(
            f"{name}: not in Business Central",
            ["entity", "record", "state", "tries", "from", "reason"],
            [_export(row) for row in state.exports[:HELD_SHOWN]],
            numbers=["tries"],
        )
        if len(state.exports) > HELD_SHOWN:
            output.line(f"and {len(state.exports) - HELD_SHOWN} more: {_all(name)}")
    if state.files:
        output.line(f"{name}: files waiting: {', '.join(state.files)}")


def _all(name: str) -> str:
    return f"bc-pipeline records {name} ENTITY lists all"


def _print_entities(name: str, state: TenantState) -> None:
    columns = sorted({column for counts in state.counts.values() for column in counts})
    if not state.freshness:
        return
    output.print_table(
        name,
        ["entity", "last good", "remark", *columns],
        [
            [
                entity,
                "not needed"
                if fresh.instead
                else "not there"
                if fresh.absent
                else _ago(fresh.good),
                "late" if fresh.late else "failed" if fresh.failed else "",
                *_counts(state.counts.get(entity), columns),
            ]
            for entity, fresh in state.freshness.items()
        ],
        numbers=columns,
    )


def _counts(counts: dict[str, int] | None, columns: list[str]) -> list[object]:
    """What is read or exported has no records in these states."""
    return [counts.get(column, 0) if counts is not None else "" for column in columns]


def _exports(state: TenantState) -> str:
    """How many exports have no good end, per state."""
    counts = Counter(row["state"] for row in state.exports)
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "0"


def _export(row: dict[str, Any]) -> list[object]:
    source = f"{row['file']}:{row['line']}" if row["file"] else "Optiply"
    record = row["external_id"] or row["key"]
    tries = max(row["attempts"], row["blocked_runs"])
    return [row["entity"], record, row["state"], tries, source, row["reason"]]


def _held(row: dict[str, Any], run_no: int) -> list[object]:
    soon = next_try(row["next_attempt_run"], run_no)
    number = row["number"] or ("" if row["name"] else row["remote_id"])
    told = [row["state"], row["attempts"], soon, row["reason"]]
    return [row["entity"], number, row["name"], *told]


def _ago(moment: datetime | None) -> str:
    if moment is None:
        return "never"
    return f"{age_of(clock.now() - moment)} ago"
