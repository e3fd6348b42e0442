"""A tenant in step to which everything can happen, and what an operator is told of it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bc_pipeline.sandbox import Sandbox, ordering
from bc_pipeline.sandbox.companies import cronus
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.cli.aged import changed_settings, synced, tenant
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.to_optiply.shop import put_back, rows_of

FEW_TRIES = {"max_attempts": 2}
FORBIDDEN = {"error": {"code": "Authentication_InvalidCredentials", "message": "No permission"}}


@dataclass
class World:
    """The sandbox's cronus, in step, with exports switched on.

    Attributes:
        sandbox: that plays both systems.
        home: BC_PIPELINE_HOME.
        command: runs a command line.
    """

    sandbox: Sandbox
    home: Path
    command: CommandLine

    @property
    def company(self) -> Company:
        return self.sandbox.business_central.companies[cronus.NAME]

    @property
    def shop(self) -> Shop:
        return self.sandbox.optiply.shops["cronus"]

    @property
    def directory(self) -> Path:
        return self.home / "snapshots" / "cronus"

    def told(self, *arguments: str) -> str:
        """What a command line prints, on one line."""
        outcome = self.command(*arguments)
        return flat(outcome.stdout + " " + outcome.stderr)

    def run(self, *entities: str, **launch: Any) -> dict[str, Any]:
        """A run; its outcome as ``sync --json`` has it."""
        return synced(entities=entities, **launch).as_json()

    def sync(self, *entities: str, **launch: Any) -> str:
        """A run; what it and ``status`` tell of it afterwards."""
        summary = self.run(*entities, **launch)
        problems = " ".join(f"{each['kind']}: {each['reason']}" for each in summary["problems"])
        return flat(f"{summary['reason'] or ''} {problems} {self.told('status', 'cronus')}")

    def export(self, *entities: str) -> str:
        """A run of exports; what is told."""
        return self.sync(*(f"outbound/{name}" for name in entities))

    def order(self) -> int:
        """A buy order that somebody makes in Optiply; its number."""
        return ordering.order_in_optiply(self.shop, self.company).id

    def drop(self, name: str, *records: Mapping[str, Any]) -> None:
        """A file of records that a producer leaves."""
        folder = self.directory / "outbound"
        folder.mkdir(exist_ok=True)
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (folder / name).write_text(lines, "utf-8")

    def settings(self, **changed: Any) -> AbstractContextManager[None]:
        """Other settings for a while."""
        return changed_settings(self.home, "cronus", changed)

    @contextmanager
    def fault(self, system: str, **what: Any) -> Iterator[None]:
        """Something goes wrong for a while, every time."""
        added = self.sandbox.faults.add(system, times=None, **what)
        try:
            yield
        finally:
            self.sandbox.faults.remove(added)

    def signed_out(self) -> None:
        """No token is known any more, so that one has to be asked for."""
        for path in (self.home / "secrets").glob("cronus.*.json"):
            path.unlink()

    def books(self, *statements: str) -> None:
        """Change the snapshot, as runs would have."""
        with Snapshot.open(tenant().snapshot_dir) as snapshot, snapshot.transaction() as cursor:
            for statement in statements:
                cursor.execute(statement)


def flat(text: str) -> str:
    """On one line, however tables have broken it."""
    return re.sub(r"\s+", " ", text)


@dataclass
class Kept:
    """How everything stood before something happened to it."""

    files: Path
    company: Company
    tables: Any

    @classmethod
    def of(cls, world: World, files: Path) -> Kept:
        shutil.copytree(world.home, files)
        return cls(files, world.company.twin(), rows_of(world.shop))

    def put_back(self, world: World) -> None:
        """All as it was."""
        shutil.rmtree(world.home)
        shutil.copytree(self.files, world.home)
        world.company.become(self.company)
        put_back(world.shop, self.tables)
        world.sandbox.faults.clear()
