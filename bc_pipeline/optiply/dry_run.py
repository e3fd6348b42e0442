"""An Optiply that is only read: writes are noted and answered as if they had worked."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bc_pipeline.optiply.client import Optiply, Record
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

KEPT_WRITES = 1000


@dataclass
class Noted:
    """The writes a dry run would have sent: how many of each kind, and the first thousand."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    first: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, method: str, path: str, attributes: Mapping[str, Any]) -> None:
        """One write, with the attributes it would have carried."""
        with self.lock:
            self.counts[method, path] = self.counts.get((method, path), 0) + 1
            if len(self.first) < KEPT_WRITES:
                self.first.append((method, path, attributes))


class DryRunOptiply(Optiply):
    """Reads go to Optiply, writes do not. Rows it pretends to create have negative ids."""

    def __init__(
        self, tenant: Tenant, tokens: TokenStore, *, cancel: threading.Event | None = None
    ) -> None:
        super().__init__(tenant, tokens, cancel=cancel)
        self.noted = Noted()
        self._ids = itertools.count(-1, -1)

    def post(self, path: str, attributes: Mapping[str, Any]) -> Record:
        self.noted.note("POST", path, attributes)
        return Record(next(self._ids), dict(attributes))

    def patch(self, path: str, record_id: int, attributes: Mapping[str, Any]) -> None:
        self.noted.note("PATCH", path, attributes)

    def delete(self, path: str, record_id: int) -> None:
        self.noted.note("DELETE", path, {})
