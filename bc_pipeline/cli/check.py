"""``bc-pipeline check``: are the settings right and do the systems let us in?"""

from __future__ import annotations

import click

from bc_pipeline.cli import output
from bc_pipeline.cli.selection import known_tenants, tenant_arguments
from bc_pipeline.orchestration.checks.check import Outcome
from bc_pipeline.orchestration.preflight.tenant import Answer, check_tenant
from bc_pipeline.tenants import registry


@click.command()
@tenant_arguments
@output.json_option
def check(tenants: tuple[str, ...], as_json: bool) -> int:
    """Check settings, credentials, company, dimension mappings and optional pages.

    All tenants when none is named. Nothing is written to Business Central or Optiply.
    """
    found = registry.load()
    reports: dict[str, list[Answer]] = {}
    with output.only_json_on_stdout(as_json):
        for name in known_tenants(found, tenants):
            reports[name] = [_configuration(found, name)]
            if name in found.tenants:
                reports[name] += check_tenant(found.tenants[name])
    if as_json:
        output.print_json({"tenants": {name: _as_json(report) for name, report in reports.items()}})
    else:
        for name, report in reports.items():
            output.print_table(
                f"{name}: {_status(report)}",
                ["check", "outcome", "detail"],
                [[answer.name, answer.outcome, answer.detail] for answer in report],
                status=_status(report),
            )
    failed = any(_status(report) == "failed" for report in reports.values())
    return output.SOME_FAILED if failed else output.SUCCESS


def _configuration(found: registry.Registry, name: str) -> Answer:
    if name in found.errors:
        return Answer("configuration", "failed", str(found.errors[name]))
    notes = [warning for warning in found.warnings if f"tenants.{name}." in warning]
    if notes:
        return Answer("configuration", "warned", "; ".join(notes))
    state = "enabled" if found.tenants[name].enabled else "disabled: no schedule starts it"
    return Answer("configuration", "passed", state)


def _status(report: list[Answer]) -> Outcome:
    """The worst outcome of a tenant's report."""
    outcomes = {answer.outcome for answer in report}
    if "failed" in outcomes:
        return "failed"
    return "warned" if "warned" in outcomes else "passed"


def _as_json(report: list[Answer]) -> dict[str, object]:
    return {"status": _status(report), "checks": [answer.as_json() for answer in report]}
