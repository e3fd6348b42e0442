"""The deep tests, run by ``make slow``: daemons, browsers, processes that are killed, whole days of
random changes. Each says what of it ``make test`` looks at; of a test with many cases, that is
some of them (``deep_but``), and of a property the first examples (``examples``)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

EXAMPLES = "BC_PIPELINE_EXAMPLES"
"""Environment variable: how many examples of a property are looked at, ``few`` or ``many``."""

SLOW: Mapping[str, str] = {
    "cli/test_causes.py": "http/test_unreachable.py",
    "cli/test_connect_terminal.py": "cli/test_connect.py",
    "cli/test_dev.py": "orchestration/test_definitions.py, cli/test_usage.py",
    "cli/test_export.py": "run/exports/test_exports.py",
    "cli/test_first_mistakes.py": "tenants/test_shared.py, run/test_identity.py",
    "cli/test_readme.py": "cli/test_demo.py, cli/test_usage.py",
    "cli/test_spoilt_files.py": "to_business_central/inbox/test_spoilt_*.py",
    "cli/test_sync.py::test_given_nothing_changed_then_a_look_is_all_there_is": (
        "run/test_tick.py"
    ),
    "cli/test_tutorial.py": "run/exports/test_exports.py, story/test_show.py",
    "cli/test_verify.py": "to_optiply/test_verify.py",
    "end_to_end/test_convergence.py": "mapping/test_properties.py, reading/test_read_properties.py",
    "end_to_end/test_drill.py": "to_business_central/*/test_interrupt*.py",
    "end_to_end/test_masters_gone.py": "mapping/test_masters_gone.py",
    "end_to_end/test_newcomer.py": "cli/test_connect.py, cli/test_demo.py, alerts/test_kinds.py",
    "end_to_end/test_ticks.py": "run/test_tick.py, run/test_tick_stock.py",
    "end_to_end/test_unchanged.py": "run/test_tenant_run.py",
    "machines/test_machines.py": (
        "snapshot/test_shared_lock.py, orchestration/test_written_configuration.py, "
        "orchestration/test_alive.py, test_deploy.py"
    ),
    "orchestration/test_daemon.py": "orchestration/test_automation.py, "
    "orchestration/test_sweep_job.py",
    "orchestration/test_export_daemon.py": "orchestration/test_export_sensors.py",
    "orchestration/test_instance.py": "orchestration/test_automation.py",
    "orchestration/test_runs.py::"
    "test_given_full_refresh_with_the_defaults_the_launchpad_shows_then_everything_is_read_again": (
        "orchestration/test_runs.py"
    ),
    "orchestration/test_ui.py": "orchestration/test_runs.py",
    "reading/test_benchmark.py::test_given_no_json_then_a_table_for_people_with_the_goals": (
        "reading/test_benchmark.py"
    ),
    "reading/test_benchmark.py::"
    "test_given_that_much_has_changed_then_a_read_again_brings_that_much": (
        "reading/test_benchmark.py, reading/test_read_properties.py"
    ),
    "reading/test_read_lagging.py": "reading/test_departures.py, reading/test_rolled_back.py",
    "run/test_empty_lists.py": "mapping/test_products.py, to_optiply/test_guard.py",
    "run/test_named_settings.py": "mapping/test_unknown_names.py",
    "run/test_source_departures.py": (
        "reading/test_departures.py, reading/test_rolled_back.py, reading/test_went_back.py"
    ),
    "sandbox/business_central/test_any_write.py": "sandbox/business_central/test_writing.py",
    "sandbox/clients/test_clients.py": "sandbox/business_central/test_protocol.py",
    "tenant_page/test_browser.py": "tenant_page/test_page.py",
    "test_cost_of_change.py": "orchestration/test_definitions.py, catalogue/test_entities.py",
    "to_business_central/test_export_benchmark.py": "to_business_central/bills/test_requests.py",
    "to_business_central/test_reference_defects.py": (
        "to_business_central/*/test_*defects.py, to_business_central/*/test_as_sent.py"
    ),
    "to_optiply/test_crash.py": "to_optiply/test_faults.py",
}
"""File, or one test of it -> what it is the deep twin of."""


def deep_but(cases: Iterable[Any], *shallow: Any) -> list[Any]:
    """Cases for ``parametrize``: those named for ``make test``, the others for ``make slow``.

    Args:
        cases: all of them.
        shallow: those that are not deep; at least one.
    """
    cases = list(cases)
    assert shallow and set(shallow) <= set(cases)
    return [
        case if case in shallow else pytest.param(case, marks=pytest.mark.slow) for case in cases
    ]


def examples(few: int, many: int) -> int:
    """``max_examples`` of a property whose examples take their time.

    Args:
        few: in ``make test``.
        many: in ``make slow``, which runs all properties once more.
    """
    return many if os.environ.get(EXAMPLES) == "many" else few
