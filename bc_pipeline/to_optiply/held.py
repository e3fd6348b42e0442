"""What the deletion guard holds back, record by record (decisions 28)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from bc_pipeline.catalogue.names import labelled, resource_names, spoken
from bc_pipeline.catalogue.states import GUARD
from bc_pipeline.report import AsJson
from bc_pipeline.tenants.settings import Tenant

REASON = "gone from Business Central; its deletion waits for an approval"


@dataclass(frozen=True)
class HeldDeletion(AsJson):
    """One record that would be taken away in Optiply.

    Args:
        entity: task name, ``optiply/products``.
        number: Business Central's number of it; None when it is not known any more.
        name: what it is called, or None.
    """

    entity: str
    remote_id: str
    number: str | None
    name: str | None

    @property
    def text(self) -> str:
        """Number and name; the id only where there is neither."""
        return spoken(self.number, self.name, self.remote_id)


def held_deletions(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, entity: str | None = None
) -> list[HeldDeletion]:
    """The deletions that wait for an approval, by entity and number: all of them, for ``status``,
    the check and ``approve-deletions``. The list is that of the last run of each entity; it is
    empty once they were approved and done, or once the records are back.

    Args:
        cursor: of the tenant's snapshot; reading is enough.
        tenant: whose; a snapshot belongs to one, so it only says whom the question is about.
        entity: only this one, ``products`` or ``optiply/products``.

    Raises:
        ConfigError: no such entity.
    """
    del tenant
    return [held for name in resource_names(entity) for held in of_resource(cursor, name)]


def of_resource(cursor: duckdb.DuckDBPyConnection, name: str) -> Iterator[HeldDeletion]:
    """The deletions held back of one resource."""
    found: Sequence[tuple[Any, ...]] = cursor.execute(
        labelled(name, f"s.state = '{GUARD}'")
    ).fetchall()
    return (HeldDeletion(f"optiply/{name}", *row) for row in found)
