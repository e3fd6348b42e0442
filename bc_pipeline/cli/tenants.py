"""``bc-pipeline tenants``: the registry."""

from __future__ import annotations

import click

from bc_pipeline.cli import output
from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.schema import tenants_schema


@click.group()
def tenants() -> None:
    """The tenants of tenants.yaml."""


@tenants.command("list")
@output.json_option
def list_tenants(as_json: bool) -> int:
    """Tenants with their company and account, and what is wrong with their settings."""
    found = registry.load()
    listed = {name: _describe(found, name) for name in found.names()}
    if as_json:
        output.print_json(
            {"file": str(found.path), "tenants": listed, "warnings": list(found.warnings)}
        )
    elif not listed:
        click.echo(found.how_to_add())
    else:
        columns = ["enabled", "environment", "company", "optiply_account", "snapshot_dir", "error"]
        output.print_table(
            str(found.path),
            ["tenant", *columns],
            [[name, *(about[column] for column in columns)] for name, about in listed.items()],
        )
        for warning in found.warnings:
            output.message(f"Warning: {warning}")
    return output.SOME_FAILED if found.errors else output.SUCCESS


def _describe(found: registry.Registry, name: str) -> dict[str, object]:
    if name in found.errors:
        nothing = dict.fromkeys(
            ("enabled", "environment", "company", "optiply_account", "snapshot_dir")
        )
        return {**nothing, "error": str(found.errors[name])}
    tenant = found.tenants[name]
    return {
        "enabled": tenant.enabled,
        "environment": tenant.business_central.environment_name,
        "company": tenant.business_central.company,
        "optiply_account": tenant.optiply.account_id,
        "snapshot_dir": str(tenant.snapshot_dir),
        "error": None,
    }


@tenants.command()
@output.json_option
def schema(as_json: bool) -> int:
    """JSON Schema of tenants.yaml, for editors (the same with and without --json)."""
    output.print_json(tenants_schema())
    return output.SUCCESS


@tenants.command()
@click.argument("tenant")
@output.json_option
def remove(tenant: str, as_json: bool) -> int:
    """Delete a tenant's partition from Dagster. Its files and its history of runs stay.

    Take the tenant out of tenants.yaml first: what stands there gets its partition back.
    """
    from bc_pipeline.cli.runs import instance_for
    from bc_pipeline.orchestration import partitions

    found = registry.load()
    if tenant in found.names():
        raise ConfigError(
            f"{tenant} still stands in {found.path}; take it out first, else the sensor adds its "
            "partition again (enabled: false only stops its schedule)"
        )
    with instance_for(found.home) as instance:
        if not instance.has_dynamic_partition(partitions.NAME, tenant):
            known = ", ".join(instance.get_dynamic_partitions(partitions.NAME)) or "none"
            raise ConfigError(f"Dagster has no partition {tenant!r}; it has: {known}")
        instance.delete_dynamic_partition(partitions.NAME, tenant)
    told = f"{tenant}: partition removed; its files are still there"
    return output.answer({"removed": tenant}, told, as_json=as_json)
