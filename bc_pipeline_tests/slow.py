"""The deep tests, run by ``make slow``: daemons, browsers, processes that are killed, whole days of
random changes. Each says what of it ``make test`` looks at."""

from __future__ import annotations

from collections.abc import Mapping

SLOW: Mapping[str, str] = {
    "cli/test_causes.py": "http/test_unreachable.py",
    "cli/test_dev.py": "orchestration/test_definitions.py, cli/test_usage.py",
    "cli/test_export.py": "run/test_exports.py",
    "cli/test_first_mistakes.py": "tenants/test_shared.py, run/test_identity.py",
    "cli/test_readme.py": "cli/test_demo.py, cli/test_usage.py",
    "cli/test_spoilt_files.py": "to_business_central/inbox/test_spoilt_values.py",
    "cli/test_verify.py": "to_optiply/test_verify.py",
    "end_to_end/test_convergence.py": "mapping/test_properties.py, reading/test_read_properties.py",
    "end_to_end/test_drill.py": "to_business_central/*/test_interrupt*.py",
    "end_to_end/test_unchanged.py": "run/test_tenant_run.py",
    "orchestration/test_daemon.py": "orchestration/test_automation.py",
    "orchestration/test_export_daemon.py": "orchestration/test_export_sensors.py",
    "orchestration/test_ui.py": "orchestration/test_runs.py",
    "reading/test_read_lagging.py": "reading/test_departures.py",
    "run/test_empty_lists.py": "mapping/test_products.py, to_optiply/test_guard.py",
    "run/test_source_departures.py": "reading/test_departures.py, reading/test_went_back.py",
    "sandbox/clients/test_clients.py": "sandbox/business_central/test_protocol.py",
    "test_cost_of_change.py": "orchestration/test_definitions.py, catalogue/test_entities.py",
    "to_business_central/test_export_benchmark.py": "to_business_central/bills/test_requests.py",
    "to_optiply/test_crash.py": "to_optiply/test_faults.py",
}
"""File -> what it is the deep twin of."""
