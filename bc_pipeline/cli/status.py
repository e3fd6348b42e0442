"""``bc-pipeline status``: how is every tenant doing?"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import click

from bc_pipeline.cli.output import SOME_FAILED, SUCCESS, json_option, print_json, print_table
from bc_pipeline.cli.selection import known_tenants, tenant_arguments
from bc_pipeline.cli.state import TenantState, read_state
from bc_pipeline.errors import PipelineError
from bc_pipeline.tenants import registry

HELD_SHOWN = 20


@click.command()
@tenant_arguments
@json_option
def status(tenants: tuple[str, ...], as_json: bool) -> int:
    """Last good run, records per entity, what is held back and which exports did not work, with
    their reasons.

    All tenants when none is named. Reads only the tenants' own files.
    """
    found = registry.load()
    states: dict[str, TenantState] = {}
    errors: dict[str, PipelineError] = dict(found.errors)
    names = known_tenants(found, tenants)
    for name in names:
        if name in found.tenants:
            try:
                states[name] = read_state(found.tenants[name])
            except PipelineError as error:
                errors[name] = error
    if as_json:
        print_json({"tenants": {name: _as_json(found, name, states, errors) for name in names}})
    else:
        _print(found, names, states, errors)
    return SOME_FAILED if any(name in errors for name in names) else SUCCESS


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
    }


def _print(
    found: registry.Registry,
    names: list[str],
    states: dict[str, TenantState],
    errors: dict[str, PipelineError],
) -> None:
    print_table(
        "Tenants",
        ["tenant", "enabled", "last good run", "last run", "held", "exports", "remark"],
        [_row(found, name, states.get(name), errors.get(name)) for name in names],
    )
    for name in names:
        if name in states:
            _print_tenant(name, states[name])


def _row(
    found: registry.Registry,
    name: str,
    state: TenantState | None,
    error: PipelineError | None,
) -> list[object]:
    if state is None:
        return [name, "", "", "", "", "", error]
    tenant = found.tenants[name]
    last = state.last_run
    remark = (last or {}).get("reason") or ("late" if state.late and tenant.enabled else "")
    return [
        name,
        "yes" if tenant.enabled else "no",
        _ago(state.last_good_run),
        last["status"] if last else "never ran",
        len(state.held),
        _exports(state),
        remark,
    ]


def _print_tenant(name: str, state: TenantState) -> None:
    columns = sorted({column for counts in state.counts.values() for column in counts})
    if columns:
        print_table(
            name,
            ["entity", *columns],
            [
                [entity, *(counts.get(column, 0) for column in columns)]
                for entity, counts in state.counts.items()
            ],
            numbers=columns,
        )
    if state.held:
        print_table(
            f"{name}: held back",
            ["entity", "record", "state", "tries", "next try", "reason"],
            [_held(row, state.run_no) for row in state.held[:HELD_SHOWN]],
            numbers=["tries"],
        )
        if len(state.held) > HELD_SHOWN:
            click.echo(f"and {len(state.held) - HELD_SHOWN} more: --json lists all")
    if state.exports:
        print_table(
            f"{name}: not in Business Central",
            ["entity", "record", "state", "tries", "from", "reason"],
            [_export(row) for row in state.exports[:HELD_SHOWN]],
            numbers=["tries"],
        )
        if len(state.exports) > HELD_SHOWN:
            click.echo(f"and {len(state.exports) - HELD_SHOWN} more: --json lists all")
    if state.files:
        click.echo(f"{name}: files waiting: {', '.join(state.files)}")


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
    runs = max((row["next_attempt_run"] or 0) - run_no, 1)
    soon = "next run" if runs == 1 else f"in {runs} runs"
    return [row["entity"], row["remote_id"], row["state"], row["attempts"], soon, row["reason"]]


def _ago(run: dict[str, Any] | None) -> str:
    if run is None:
        return "never"
    minutes = int((datetime.now(UTC) - run["ended_at"]).total_seconds() // 60)
    return f"{run['ended_at']:%Y-%m-%d %H:%M} UTC, {minutes} min ago"
