"""Names of assets (``bc/items``) in Dagster's terms: asset keys, steps, selections."""

from __future__ import annotations

from collections.abc import Collection

from dagster import AssetKey, DagsterRun

from bc_pipeline.catalogue.tasks import BY_NAME, OUTBOUND_NAMES, reference_data
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.tenants.settings import Tenant


def asset_key(name: str) -> AssetKey:
    """Dagster's key of an asset given by name."""
    return AssetKey(name.split("/"))


def configured_keys(tenant: Tenant) -> list[AssetKey]:
    """The assets a tenant's settings ask for; the others would only say that they are not."""
    return [asset_key(name) for name in dependencies(tenant)]


def export_names(tenant: Tenant, entities: Collection[str] = ()) -> list[str]:
    """What writing to Business Central takes: outbound assets and the reference data they read.

    Args:
        tenant: whose; empty when its settings switch no export on.
        entities: only these outbound assets; empty means all.
    """
    configured = dependencies(tenant)
    wanted = [name for name in entities or OUTBOUND_NAMES if name in configured]
    chosen = set(wanted) | reference_data(wanted)
    return [name for name in BY_NAME if name in configured and name in chosen]


def export_keys(tenant: Tenant, entities: Collection[str] = ()) -> list[AssetKey]:
    """``export_names`` in Dagster's terms."""
    return [asset_key(name) for name in export_names(tenant, entities)]


def selected_names(run: DagsterRun | None) -> list[str]:
    """The assets a Dagster run executes: its steps when it is a re-execution, else its selection,
    else all."""
    if run is None or not (run.step_keys_to_execute or run.asset_selection):
        return list(BY_NAME)
    if run.step_keys_to_execute:
        steps = set(run.step_keys_to_execute)
        return [name for name in BY_NAME if step_key(name) in steps]
    chosen = {key.to_user_string() for key in run.asset_selection or ()}
    return [name for name in BY_NAME if name in chosen]


def step_key(name: str) -> str:
    """Dagster's name for the step of an asset."""
    return name.replace("/", "__")
