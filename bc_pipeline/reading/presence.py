"""What Business Central has at this moment, asked at the primary: nothing counts as gone, or as
changed back, on the word of a replica that may lag (platform 1)."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.errors import RequestFailed
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.reading.mode import STAMP, literal
from bc_pipeline.reading.source_url import place

log = logging.getLogger(__name__)

FEW = 20
"""So many rows are asked for one by one; for more of them all ids are read."""


class Presence:
    """Questions about the rows of one entity.

    Args:
        bc: the tenant's Business Central.
        entity: one of the standard API; its rows have an id.
        tally: counts the requests.
    """

    def __init__(self, bc: BusinessCentral, entity: Entity, tally: RequestCounter) -> None:
        self._bc = bc.tallied(tally)
        self._entity = entity
        self._rows: dict[str, dict[str, Any] | None] = {}

    @property
    def unclear(self) -> set[str]:
        """Rows whose look-up failed."""
        return {id for id, row in self._rows.items() if row == {}}

    def ids(self) -> list[str]:
        """The ids of all rows."""
        (key,) = self._entity.table.key
        url = query_url(place(self._bc, self._entity), {"$select": key})
        return [str(row[key]) for row in self._bc.rows(url)]

    def absent(self, ids: Collection[str]) -> set[str]:
        """Those of ``ids`` that Business Central says it does not have. A row whose look-up fails
        is not absent."""
        if len(ids) > FEW:
            return set(ids).difference(self.ids())
        return {id for id in ids if self._row(id) is None}

    def has_since(self, moment: datetime) -> bool:
        """Whether there is any row stamped at ``moment`` or later."""
        options = {"$select": "id", "$filter": f"{STAMP} ge {literal(moment)}", "$top": "1"}
        return any(True for _ in self._bc.rows(query_url(place(self._bc, self._entity), options)))

    def stamp_of(self, id: str) -> datetime | None:
        """The stamp of a row; None when it has none, or that cannot be found out."""
        row = self._row(id)
        stamp = row.get(STAMP) if row else None
        return datetime.fromisoformat(stamp).astimezone(UTC) if stamp else None

    def _row(self, id: str) -> dict[str, Any] | None:
        """None when there is no such row, empty when the look-up failed."""
        if id not in self._rows:
            try:
                row = self._bc.get(self._entity.path, id, select=("id", STAMP))
            except RequestFailed as error:
                log.warning("%s %s could not be looked up: %s", self._entity.name, id, error)
                row = {}
            self._rows[id] = row
        return self._rows[id]
