"""Which records stand in Optiply, for the foreign keys of others (flows.md 1)."""

from __future__ import annotations

from bc_pipeline.tenants.settings import SyncOptions


def step(resource: str) -> str:
    """SELECT remote_id, optiply_id of the records of ``resource`` that matter as parents.

    ``optiply_id`` is null for a parent that is wanted but does not stand yet (its creation is
    pending or failed): what refers to it waits. A remote id that is not listed is out of scope:
    what refers to it is left out.
    """
    return f"""
        SELECT coalesce(s.remote_id, w.remote_id) AS remote_id,
            CASE WHEN {standing("s")} THEN s.optiply_id END AS optiply_id
        FROM sync.{resource} s
        FULL JOIN optiply.{resource} w ON w.remote_id = s.remote_id
        WHERE {standing("s")}
           OR s.state = 'intent'
           OR w.decision IN ('write', 'defer', 'quarantine')
           OR (s.state IN ('deferred', 'quarantined')
               AND NOT EXISTS (SELECT 1 FROM optiply.{resource}))
    """


def standing(alias: str) -> str:
    """SQL: the row of an id map stands in Optiply, whatever became of its latest update."""
    return f"({alias}.optiply_id IS NOT NULL AND {alias}.state IS DISTINCT FROM 'deleted')"


def product_key(item: str, variant: str | None, options: SyncOptions) -> str:
    """SQL: remote id of the product a line is about (mapping.md 2).

    Args:
        item: expression of the item's id.
        variant: expression of the variant's id; null there, or None, means the bare item.
    """
    if options.variant_mode == "item" or variant is None:
        return item
    return f"CASE WHEN {variant} IS NULL THEN {item} ELSE {item} || '_' || {variant} END"
