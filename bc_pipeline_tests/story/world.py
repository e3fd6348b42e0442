"""A tenant that was synced, and what one does with its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bc_pipeline.catalogue.tasks import entity_names
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.story import printed, shown
from bc_pipeline.story.model import Story
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant

TENANT = "cronus"
DESK = "1896-S"
"""An item of its company."""


@dataclass
class World:
    """The tenant ``cronus`` in a home of its own."""

    home: Path

    @property
    def tenant(self) -> Tenant:
        return registry.load(self.home).get(TENANT)

    @property
    def directory(self) -> Path:
        return self.tenant.snapshot_dir

    def change(self, sql: str, *values: Any) -> None:
        """Changes the snapshot, as a run would."""
        with Snapshot.open(self.directory) as snapshot, snapshot.cursor() as cursor:
            cursor.execute(sql, list(values))

    def one(self, sql: str, *values: Any) -> Any:
        """The first row of a query."""
        with (
            Snapshot.open(self.directory, read_only=True) as snapshot,
            snapshot.cursor() as cursor,
        ):
            return cursor.execute(sql, list(values)).fetchone()

    def stories(self, entity: str, given: str) -> list[Story]:
        (task,) = entity_names([entity], ("optiply", "outbound"))
        return shown.show(self.tenant, task, given)

    def story(self, entity: str, given: str) -> Story:
        (found,) = self.stories(entity, given)
        return found

    def text(self, entity: str, given: str) -> str:
        """What a person reads, on one line."""
        lines = printed.lines(TENANT, self.story(entity, given))
        assert max(len(line) for line in lines if "https://" not in line) <= printed.WIDTH
        return " ".join(" ".join(lines).split())
