"""Looking for buy orders made in Optiply since the last look (flows.md 1, 5)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bc_pipeline.optiply.client import Condition, Optiply, Record
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

OVERLAP = timedelta(minutes=5)
FIRST_LOOK = timedelta(days=1)
"""How far back the first look goes; older orders are the next full run's."""
PATIENCE = {"max_attempts": 1, "connect_timeout_seconds": 5, "read_timeout_seconds": 10}
"""A look is repeated soon anyway."""


@dataclass(frozen=True)
class Look:
    """What is remembered of a tenant.

    Attributes:
        at: when it was looked at last, ISO.
        newest: the newest modification seen, ISO, in Optiply's time.
        seen: orders that have started a run -> their modification then.
    """

    at: str = ""
    newest: str = ""
    seen: Mapping[str, str] = field(default_factory=dict)


def new_orders(records: Iterable[Record], look: Look, coupling_id: int) -> dict[str, str]:
    """The orders made by a user that no look has told of yet: id -> modification.

    Whether they can be written is the export's business (mapping.md 8.1).
    """
    found = {
        str(record.id): str(record.attributes["updatedAt"])
        for record in records
        if _may_be_exported(record.attributes) and not record.remote_ids(coupling_id)
    }
    return {id_: stamp for id_, stamp in found.items() if look.seen.get(id_) != stamp}


def _may_be_exported(given: Mapping[str, Any]) -> bool:
    return (
        given.get("placed") is not None
        and given.get("completed") is None
        and given.get("assembly") is not True
        and given.get("createdFromPublicApi") is not True
    )


def look_at(
    tenant: Tenant, look: Look, now: datetime, cancel: threading.Event
) -> tuple[Look, dict[str, str]]:
    """Ask Optiply what has changed since the last look; one request as a rule.

    Returns:
        what to remember, and the new orders.

    Raises:
        PipelineError: no answer, or the credentials are refused.
    """
    since = (datetime.fromisoformat(look.newest) if look.newest else now - FIRST_LOOK) - OVERLAP
    hurried = tenant.model_copy(update={"optiply": tenant.optiply.model_copy(update=PATIENCE)})
    with closing(Optiply(hurried, TokenStore(tenant.home), cancel=cancel)) as optiply:
        changed = Condition("updatedAt", "GE", since.strftime("%Y-%m-%dT%H:%M:%SZ"))
        records = [
            record
            for record in optiply.rows("buyOrders", [changed])
            if record.attributes.get("updatedAt")
        ]
        new = new_orders(records, look, optiply.coupling_id)
    stamps = {str(record.id): str(record.attributes["updatedAt"]) for record in records}
    # What is older than the overlap is not listed again, so it need not be remembered.
    seen = {id_: stamp for id_, stamp in look.seen.items() if stamps.get(id_) == stamp}
    newest = max((*stamps.values(), look.newest))
    return Look(now.isoformat(), newest, {**seen, **new}), new
