"""What is wanted of one buy order."""

from __future__ import annotations

from typing import Any

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.mirror import Company


def only(shop: Company, options: SyncOptions | None = None, **build: Any) -> dict[str, Any]:
    (row,) = shop.build("buy_orders", options, **build).values()
    return row
