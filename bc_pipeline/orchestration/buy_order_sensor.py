"""Starts an export when a buy order was made in Optiply between two ticks (flows.md 1, 5)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from dagster import RunRequest, SensorEvaluationContext

from bc_pipeline import clock
from bc_pipeline.errors import PipelineError
from bc_pipeline.orchestration.export_sensor import export_request, export_sensor
from bc_pipeline.snapshot.store import FILE_NAME
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.buy_orders.buy_order import TASK as BUY_ORDER_TASK
from bc_pipeline.to_business_central.buy_orders.new_in_optiply import Look, look_at

SECONDS_BETWEEN_EVALUATIONS = 60
BETWEEN_LOOKS = timedelta(minutes=10)
"""Per tenant; Optiply's other exports run every 10 to 15 minutes (flows.md 1)."""
BUDGET_SECONDS = 30.0
"""One evaluation; Dagster ends it after 60. Tenants not reached come first in the next one."""
SIDE_BY_SIDE = 8


@export_sensor(
    seconds=SECONDS_BETWEEN_EVALUATIONS,
    description="Every ten minutes asks Optiply of each tenant with `exports.buy_orders` for buy "
    "orders made since, and starts an export where there are some. A tenant's first export is "
    "left to its first sync.",
    nothing="No new buy order",
)
def buy_orders_to_exports(
    context: SensorEvaluationContext, due: list[Tenant], remembered: dict[str, Any]
) -> tuple[list[RunRequest], dict[str, Any]]:
    """Buy orders made in Optiply -> export runs."""
    looks = {name: Look(**look) for name, look in remembered.items()}
    now = clock.now()
    asked = [
        tenant
        for tenant in due
        if tenant.exports.buy_orders
        and (tenant.snapshot_dir / FILE_NAME).exists()
        and _is_due(looks.get(tenant.name, Look()), now)
    ]
    asked.sort(key=lambda tenant: looks.get(tenant.name, Look()).at)
    requests: list[RunRequest] = []
    for tenant, future in _ask_all(asked, looks, now):
        look = looks.get(tenant.name, Look())
        try:
            looks[tenant.name], new = future.result()
        except PipelineError as error:
            context.log.error(f"{tenant.name}: {error.kind}: {error}")
            looks[tenant.name] = Look(now.isoformat(), look.newest, look.seen)
            continue
        if new:
            context.log.info(f"{tenant.name}: buy orders {', '.join(new)}")
            requests.append(_request(tenant, new))
    return requests, {name: asdict(look) for name, look in looks.items()}


def _is_due(look: Look, now: datetime) -> bool:
    return not look.at or now - datetime.fromisoformat(look.at) >= BETWEEN_LOOKS


def _ask_all(
    tenants: list[Tenant], looks: Mapping[str, Look], now: datetime
) -> list[tuple[Tenant, Future[tuple[Look, dict[str, str]]]]]:
    """Look at several tenants side by side; those that answered in time."""
    cancel = threading.Event()
    pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="buy-orders")
    asked = [
        (tenant, pool.submit(_look_safely, tenant, looks.get(tenant.name, Look()), now, cancel))
        for tenant in tenants
    ]
    done, _ = wait([future for _, future in asked], timeout=BUDGET_SECONDS)
    cancel.set()
    pool.shutdown(wait=False, cancel_futures=True)
    return [(tenant, future) for tenant, future in asked if future in done]


def _look_safely(
    tenant: Tenant, look: Look, now: datetime, cancel: threading.Event
) -> tuple[Look, dict[str, str]]:
    """Whatever goes wrong with one tenant is told as that tenant's error."""
    try:
        return look_at(tenant, look, now, cancel)
    except PipelineError:
        raise
    except Exception as error:
        raise PipelineError(f"unexpected {type(error).__name__}: {error}") from error


def _request(tenant: Tenant, new: Mapping[str, str]) -> RunRequest:
    stamps = "+".join(f"{id_}@{stamp}" for id_, stamp in sorted(new.items()))
    return export_request(tenant, f"{tenant.name}:{stamps}", [BUY_ORDER_TASK])
