from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot.lock import tenant_lock


def _hold_until_killed(directory: Path, held: object) -> None:
    with tenant_lock(directory):
        held.set()  # type: ignore[attr-defined]
        multiprocessing.Event().wait(60)


def test_given_a_run_in_progress_then_a_second_one_is_told_and_another_tenant_is_not(
    tmp_path: Path,
):
    with (
        tenant_lock(tmp_path / "acme"),
        pytest.raises(TenantBusy, match="acme"),
        tenant_lock(tmp_path / "acme"),
    ):
        pass
    with tenant_lock(tmp_path / "acme"), tenant_lock(tmp_path / "other"):
        pass


def test_given_an_error_inside_then_the_lock_is_free_again(tmp_path: Path):
    with pytest.raises(ValueError, match="inside"), tenant_lock(tmp_path):
        raise ValueError("inside")

    with tenant_lock(tmp_path):
        pass


def test_given_a_killed_process_then_the_lock_is_free(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    other = context.Process(target=_hold_until_killed, args=(tmp_path, held))
    other.start()
    assert held.wait(20)
    with pytest.raises(TenantBusy), tenant_lock(tmp_path, wait_seconds=0.1):
        pass

    other.kill()
    other.join(20)

    with tenant_lock(tmp_path, wait_seconds=5):
        pass
