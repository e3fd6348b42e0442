"""The stories of the records that an operator asks for."""

from __future__ import annotations

from bc_pipeline.catalogue.task import OUTBOUND
from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.story import export_record, meant, optiply_record
from bc_pipeline.story.model import Story
from bc_pipeline.story.opening import Tell, looking
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.values import storable

MOST_SHOWN = 10


def show(tenant: Tenant, task: str, given: str, tell: Tell | None = None) -> list[Story]:
    """The records that a number, id or name means; empty when the tenant knows none.

    Args:
        task: an Optiply entity, or an ``outbound/*`` one.
        given: of Optiply's entities an id of either system, a number or a name; of the others the
            producer's id, Business Central's number or id, or the buy order's id.
        tell: told what is waited for.

    Raises:
        FileNotFoundError: the tenant has not run yet.
        TenantBusy: a run holds the snapshot.
    """
    entry, given = BY_NAME[task], storable(given)
    with looking(tenant, tell=tell) as cursor:
        if entry.prefix == OUTBOUND:
            keys = meant.keys(cursor, entry.entity, given)[:MOST_SHOWN]
            return [export_record.story(cursor, tenant, entry.entity, key) for key in keys]
        ids = meant.remote_ids(cursor, entry.entity, given)[:MOST_SHOWN]
        return [optiply_record.story(cursor, tenant, entry.entity, each) for each in ids]
