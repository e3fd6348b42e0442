"""Tenants that have had their first sync, without having it: it is had once in a whole run of tests
and put into whatever sandbox needs it, as a sandbox begins with the same rows every time."""

from __future__ import annotations

import fcntl
import itertools
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bc_pipeline import clock
from bc_pipeline.run import identity, tick_memory
from bc_pipeline.run.execute import tick_tenant
from bc_pipeline.run.tick_memory import MEMORY_FILE
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import cronus, wholesale
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.few_documents import keep_few_invoices
from bc_pipeline_tests.to_optiply.shop import put_back, rows_of

COMPANIES = {"cronus": cronus.NAME, "wholesale": wholesale.NAME}
_FIRST_IDS = {"cronus": 1_000_000, "wholesale": 2_000_000}
"""No two shops give a row the same id."""
_AFTER_THEM = 3_000_000
_SHOP = "shop.pickle"


@contextmanager
def small_sandbox() -> Iterator[Sandbox]:
    """The sandbox that tenants are put in step with."""
    with Sandbox(seed=1, wholesale_items=30) as sandbox:
        keep_few_invoices(sandbox)
        yield sandbox


def begin_again(sandbox: Sandbox) -> None:
    """A ``small_sandbox`` as it began."""
    sandbox.reset()
    keep_few_invoices(sandbox)


class InStep:
    """First syncs to be had.

    Args:
        directory: where they are kept, for all processes that run tests.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, sandbox: Sandbox, home: Path, *names: str, ticked: bool = False) -> None:
        """As if tenants had their first sync just now.

        Args:
            sandbox: a ``small_sandbox`` as it began.
            home: with its tenants.yaml.
            names: of the tenants, ``cronus`` or ``wholesale``.
            ticked: a tick of the schedule made it, so that the next one just looks.
        """
        for name in names:
            kept = self._made(name)
            company = sandbox.business_central.companies[COMPANIES[name]]
            rows, company.created_at = pickle.loads((kept / _SHOP).read_bytes())
            put_back(sandbox.optiply.shops[name], rows)
            sandbox.optiply._ids = itertools.count(_AFTER_THEM)
            tenant = registry.load(home).get(name)
            tenant.snapshot_dir.mkdir(parents=True, exist_ok=True)
            for file in (FILE_NAME, MEMORY_FILE) if ticked else (FILE_NAME,):
                shutil.copyfile(kept / file, tenant.snapshot_dir / file)
            _just_now(tenant)

    def _made(self, name: str) -> Path:
        kept = self._directory / name
        self._directory.mkdir(exist_ok=True)
        with (self._directory / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (kept / _SHOP).exists():
                _make(name, kept)
        return kept


def _make(name: str, directory: Path) -> None:
    directory.mkdir()
    with small_sandbox() as sandbox, tempfile.TemporaryDirectory() as home:
        sandbox.write_tenants(Path(home))
        sandbox.optiply._ids = itertools.count(_FIRST_IDS[name])
        tenant = registry.load(Path(home)).get(name)
        assert tick_tenant(tenant).status in ("success", "partial")
        company = sandbox.business_central.companies[COMPANIES[name]]
        shop = rows_of(sandbox.optiply.shops[name]), company.created_at
        for file in (FILE_NAME, MEMORY_FILE):
            shutil.copyfile(tenant.snapshot_dir / file, directory / file)
        (directory / _SHOP).write_bytes(pickle.dumps(shop))


def _just_now(tenant: Tenant) -> None:
    """The state is this tenant's, as of now."""
    now = clock.now()
    with Snapshot.open(tenant.snapshot_dir) as snapshot:
        identity.bind(snapshot, tenant)
        with snapshot.transaction() as cursor:
            cursor.execute(
                "UPDATE ops.runs SET started_at = $now - (ended_at - started_at), ended_at = $now",
                {"now": now},
            )
    memory = tick_memory.load(tenant.snapshot_dir)
    if memory is not None:
        moments = dict.fromkeys(("ticked_at", "ran_at", "stock_at", "swept_at"), now)
        left, maker = tick_memory.state_of(tenant.snapshot_dir), tick_memory.maker(tenant)
        memory = replace(memory, made_by=maker, snapshot=left, **moments)
        tick_memory.save(tenant.snapshot_dir, memory)
