"""Beyond one machine: PostgreSQL, Redis and processes that are killed, with real ones of each.

Sweeps in process trees of their own stand for machines; they share the snapshots and PostgreSQL.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import yaml

from bc_pipeline.orchestration.alive import DIRECTORY
from bc_pipeline.orchestration.instance import DAGSTER_YAML, POSTGRES_YAML
from bc_pipeline.run.verification import verify_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import random_changes
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.snapshot.shared_lock import DATABASE_VARIABLE
from bc_pipeline.tenants import registry
from bc_pipeline_tests.few_documents import keep_few_invoices
from bc_pipeline_tests.machines import environment, services

pytestmark = [pytest.mark.timeout(1800), pytest.mark.daemon]

TENANTS = [f"t{number:02}" for number in range(12)]
WAIT_SECONDS = 600
DEPLOY = environment.ROOT / "deploy" / "celery"
TICKS = "bc_pipeline_tests.orchestration.quick_ticks"
RUNS = """
import json, os
from pathlib import Path
from bc_pipeline.orchestration.instance import open_instance
with open_instance(Path(os.environ["BC_PIPELINE_HOME"])) as instance:
    print(json.dumps([
        [run.job_name, run.status.value, run.tags.get("dagster/partition")]
        for run in instance.get_runs()
    ]))
"""
HOLD = """
import sys, time
from pathlib import Path
from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot.shared_lock import shared_lock
try:
    with shared_lock(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(float(sys.argv[2]))
except TenantBusy as error:
    print(error)
"""


@dataclass
class Machines:
    """What the processes of all machines have in common."""

    home: Path
    sandbox: Sandbox
    python: Path
    variables: dict[str, str]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: object, log: str = "log") -> subprocess.Popen[bytes]:
        """A process tree of its own, as another machine would be."""
        words = [str(each) for each in command]
        with (self.home / f"{log}.txt").open("ab") as output:
            started = subprocess.Popen(
                words,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(started)
        return started

    def told(self, *arguments: object) -> str:
        """What a command of this Python prints."""
        words = [str(each) for each in (self.python, *arguments)]
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True)
        assert done.stdout, done.stderr[-5000:]
        return done.stdout

    def sync_all(self) -> Counter[str]:
        """How the tenants of ``bc-pipeline sync --all`` ended."""
        told = json.loads(self.told("-m", "bc_pipeline", "sync", "--all", "--json"))["tenants"]
        return Counter(each["status"] for each in told.values())

    def runs(self) -> list[list[str]]:
        """Job, status and tenant of every Dagster run."""
        found: list[list[str]] = json.loads(self.told("-c", RUNS))
        return found

    @property
    def environment(self) -> dict[str, str]:
        # Programs of an environment find each other on PATH.
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        known = {k: v for k, v in os.environ.items() if k != "BC_PIPELINE_TENANTS"}
        return {**known, **self.variables, "PATH": path}


@pytest.fixture
def database() -> Iterator[str]:
    with skipped_where_missing(), services.postgres() as url:
        yield url


@pytest.fixture
def machines(database: str, tmp_path: Path) -> Iterator[Machines]:
    with skipped_where_missing():
        python = environment.machines_python()
    variables = {
        DATABASE_VARIABLE: database,
        "BC_PIPELINE_HOME": f"{tmp_path}",
        "DAGSTER_HOME": f"{tmp_path / 'dagster'}",
        "PYTHONPATH": f"{environment.ROOT}{os.pathsep}{DEPLOY}",
    }
    with Sandbox(wholesale_items=20) as sandbox:
        keep_few_invoices(sandbox)
        many_tenants(sandbox, tmp_path)
        found = Machines(tmp_path, sandbox, python, variables)
        try:
            yield found
        finally:
            for each in found.started:
                kill(each)


def test_given_another_mount_point_then_a_tenant_is_held_until_its_process_is_killed(
    machines: Machines,
):
    volume = machines.home / "volume"
    (volume / "acme").mkdir(parents=True)
    (machines.home / "mounted").symlink_to(volume, target_is_directory=True)
    holder = machines.start(machines.python, "-c", HOLD, volume / "acme", 300, log="holder")
    until(lambda: "held" in (machines.home / "holder.txt").read_text(), machines)

    other = ("-c", HOLD, machines.home / "mounted" / "acme", 0)
    assert "maybe on another machine" in machines.told(*other)
    kill(holder)
    until(lambda: machines.told(*other) == "held\n", machines)


def test_given_a_sweep_that_is_killed_then_the_next_ends_right_and_none_ran_twice_at_once(
    machines: Machines,
):
    # Given a first sync of all tenants, with Dagster's state in PostgreSQL
    assert machines.sync_all() == {"success": len(TENANTS)}
    written = yaml.safe_load((machines.home / "dagster" / "dagster.yaml").read_text())
    assert written["storage"] == {"postgres": {"postgres_url": {"env": DATABASE_VARIABLE}}}
    assert not list((machines.home / "dagster").glob("**/*.db"))

    # When all have changes, two sweeps are at work at once, and one of them is killed
    for seed, name in enumerate(TENANTS):
        company = machines.sandbox.business_central.environments[name].companies[wholesale.NAME]
        random_changes(company, seed, 10)
    before = machines.sandbox.requests.total
    sweep = (machines.python, "-m", "bc_pipeline", "sync", "--all", "--json")
    first = machines.start(*sweep, log="first")
    second = machines.start(*sweep, log="second")
    until(lambda: machines.sandbox.requests.total > before + 60, machines)
    kill(first)
    second.wait(WAIT_SECONDS)

    # Then the next one finds every tenant free, and brings it to its end
    assert set(machines.sync_all()) <= {"success", "skipped"}
    assert_right_and_never_at_once(machines)


def test_given_celery_workers_of_which_one_is_killed_then_the_other_brings_all_to_their_end(
    machines: Machines,
):
    # Given a daemon, Redis, two workers, and four shards
    (machines.home / "dagster").mkdir()
    launcher = (DEPLOY / "run_launcher.yaml").read_text("utf-8")
    settings = DAGSTER_YAML + POSTGRES_YAML + launcher
    (machines.home / "dagster" / "dagster.yaml").write_text(settings, "utf-8")
    with skipped_where_missing(), services.redis(machines.home) as url:
        machines.variables |= {"BC_PIPELINE_REDIS_URL": url, "BC_PIPELINE_SHARDS": "4"}
        programs = machines.python.parent
        command = (programs / "celery", "-A", "dagster_celery.app", "worker", "--concurrency", 1)
        doomed, _ = [
            machines.start(*command, "-n", f"{name}@%h", log=name) for name in ("one", "two")
        ]
        machines.start(programs / "dagster-daemon", "run", "-m", TICKS, log="daemon")

        # When both are at work on tenants, at one moment, and one is killed, all of it
        def both_in_the_middle() -> bool:
            begun = list(machines.home.glob("snapshots/*/snapshot.duckdb"))
            return len(list((machines.home / DIRECTORY).glob("*/at_work"))) == 2 and len(begun) > 1

        until(both_in_the_middle, machines)
        kill(doomed)

        # Then the next tick says that its sweep died, and the other brings all to their end
        def all_synced() -> bool:
            done = {tenant for _, status, tenant in machines.runs() if status == "SUCCESS"}
            return done >= set(TENANTS)

        def told_of_the_death() -> bool:
            return "FAILURE" in {status for job, status, _ in machines.runs() if job == "sweep"}

        until(told_of_the_death, machines)
        until(all_synced, machines)
        for each in machines.started:
            kill(each)
    assert set(machines.sync_all()) <= {"success", "skipped"}
    assert_right_and_never_at_once(machines)


def assert_right_and_never_at_once(machines: Machines) -> None:
    """Optiply has what it should, and the books of no tenant show two runs side by side."""
    found = registry.load(machines.home)
    for name in TENANTS:
        tenant = found.get(name)
        differences = [each for entity in verify_tenant(tenant) for each in entity.differences]
        assert not differences, name
        with duckdb.connect(f"{tenant.snapshot_dir / 'snapshot.duckdb'}", read_only=True) as file:
            rows = file.execute("SELECT started_at, ended_at FROM ops.runs ORDER BY run_no")
            booked = rows.fetchall()
        assert booked
        for (_, ended), (started, _) in pairwise(booked):
            assert ended is None or ended <= started, name


def many_tenants(sandbox: Sandbox, home: Path) -> None:
    """tenants.yaml with an environment and an account of its own for each tenant."""
    path = sandbox.write_tenants(home)
    pattern = yaml.safe_load(path.read_text("utf-8"))["tenants"]["wholesale"]
    entries = {}
    for name in TENANTS:
        sandbox.business_central.environments.copy_to(name)
        shop = sandbox.optiply.add_shop(name)
        keys = ("client_id", "client_secret", "username", "password", "account_id", "coupling_id")
        entries[name] = pattern | {
            "business_central": pattern["business_central"] | {"environment_name": name},
            "optiply": pattern["optiply"] | {key: getattr(shop, key) for key in keys},
        }
    path.write_text(yaml.safe_dump({"tenants": entries}, allow_unicode=True), "utf-8")


def kill(started: subprocess.Popen[bytes]) -> None:
    """The whole process tree at once, as a machine that loses its power."""
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def until(condition: Callable[[], bool], machines: Machines) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            logs = [f"{p.name}: {p.read_text()[-3000:]}" for p in machines.home.glob("*.txt")]
            pytest.fail(f"not within {WAIT_SECONDS} s\n" + "\n".join(logs))
        time.sleep(0.2)


@contextmanager
def skipped_where_missing() -> Iterator[None]:
    try:
        yield
    except environment.Missing as error:
        pytest.skip(f"BEYOND ONE MACHINE, NOT TESTED: {error}")
