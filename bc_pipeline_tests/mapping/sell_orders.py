"""What is wanted of one sell order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.mirror import Company


def only(shop: Company, options: SyncOptions | None = None, **build: Any) -> dict[str, Any]:
    (row,) = shop.build("sell_orders", options, **build).values()
    return row


def order_line(product: int, quantity: int, value: str) -> dict[str, Any]:
    return {"productId": product, "quantity": quantity, "subtotalValue": Decimal(value)}
