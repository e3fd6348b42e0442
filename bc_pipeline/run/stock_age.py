"""How old the stock is that Optiply has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bc_pipeline.catalogue.resources import PRODUCTS
from bc_pipeline.catalogue.task import OPTIPLY
from bc_pipeline.run.freshness import Freshness, counted_from, minute
from bc_pipeline.tenants.pause import resumed_at
from bc_pipeline.tenants.settings import Tenant

ASSET = f"{OPTIPLY}/{PRODUCTS.name}"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class StockAge:
    """How old a tenant's stock is.

    Args:
        as_of: when it was last sent, or looked at and found unchanged; None = never sent.
        now: UTC.
        limit: how old it may be.
        resumed: when the tenant's last pause ended, in which it could not be looked at.
    """

    as_of: datetime | None
    now: datetime
    limit: timedelta
    resumed: datetime | None = None

    @property
    def minutes(self) -> float | None:
        return None if self.as_of is None else round((self.now - self.as_of) / _MINUTE, 1)

    @property
    def late(self) -> bool:
        since = counted_from(self.as_of, self.resumed)
        return since is None or self.now - since > self.limit

    def in_words(self) -> str:
        """One line for an operator, ``stock at most 4 min old``."""
        if self.as_of is None:
            return "stock was never sent"
        age = max(self.now - self.as_of, timedelta(0))
        minutes = -(-age // _MINUTE)
        told = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
        limit = f", allowed are {self.limit // _MINUTE} min" if self.late else ""
        return f"stock at most {told} old (as of {minute(self.as_of)}{limit})"

    def as_json(self) -> dict[str, Any]:
        return {"as_of": self.as_of, "age_minutes": self.minutes, "late": self.late}


def stock_age(found: Mapping[str, Freshness], tenant: Tenant, now: datetime) -> StockAge:
    """The age of the stock, from how fresh the entities are."""
    products = found.get(ASSET)
    limit = timedelta(minutes=tenant.sync.stock_late_after_minutes)
    resumed = resumed_at(tenant.snapshot_dir)
    return StockAge(products.good if products else None, now, limit, resumed)
