"""The order in which files of tests are begun: a worker that comes to a long one last keeps the
others waiting for it."""

from __future__ import annotations

LONG = (
    "run/test_tick.py",
    "run/test_unchanged.py",
    "cli/test_sync.py",
    "run/test_tenant_run.py",
    "to_business_central/buy_orders/test_recognition.py",
    "run/test_tick_stock.py",
    "to_business_central/buy_orders/test_interrupted.py",
    "reading/test_read_sandbox.py",
    "run/test_stock_sources.py",
    "run/test_tick_trouble.py",
    "to_business_central/test_lagging_replica.py",
    "tenant_page/test_command.py",
    "alerts/test_kinds.py",
    "story/test_find.py",
    "cli/test_status.py",
    "to_business_central/bill_payments/test_vendor_payments.py",
    "mapping/test_masters_gone.py",
    "mapping/test_properties.py",
    "run/test_dry_runs.py",
    "run/test_identity.py",
    "to_optiply/test_faults.py",
    "orchestration/test_sweep_job.py",
    "orchestration/test_outbound_runs.py",
    "orchestration/test_runs.py",
    "cli/test_connect_again.py",
    "cli/test_connect.py",
    "orchestration/test_exports.py",
)
"""The files that take longest, the longest first; the others follow by name."""

_PLACES = {file: place for place, file in enumerate(LONG)}


def place(file: str) -> int:
    """What to sort a file by.

    Args:
        file: below the directory of all tests, with slashes.
    """
    return _PLACES.get(file, len(_PLACES))
