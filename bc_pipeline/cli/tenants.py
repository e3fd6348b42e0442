"""``bc-pipeline tenants``: the registry."""

from __future__ import annotations

from pathlib import Path

import click

from bc_pipeline.cli import output
from bc_pipeline.cli.asking import CREDENTIALS_HELP, CREDENTIALS_VARIABLE, read_secret
from bc_pipeline.cli.private_directory import private_directory
from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.schema import tenants_schema


@click.group()
def tenants() -> None:
    """The tenants of tenants.yaml."""


@tenants.command("list", short_help="The tenants there are, and what is wrong with them.")
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


@tenants.command(short_help="JSON Schema of tenants.yaml, for editors.")
@output.json_option
def schema(as_json: bool) -> int:
    """JSON Schema of tenants.yaml, for editors (the same with and without --json)."""
    output.print_json(tenants_schema())
    return output.SUCCESS


@tenants.command("import", short_help="Take a tenant over from HotGlue.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Of the tenant; by default that of the folder the file is in.")
@click.option(
    "--snapshots",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="HotGlue's snapshot folder; by default its snapshot_dir.",
)
@click.option(
    "--optiply-credentials", type=click.Path(dir_okay=False, allow_dash=True), help=CREDENTIALS_HELP
)
@output.json_option
def import_tenant(
    file: Path,
    name: str | None,
    snapshots: Path | None,
    optiply_credentials: str | None,
    as_json: bool,
) -> int:
    """Take a tenant over from HotGlue: its config.json and snapshot folder become an entry.

    Tells what could not be carried over, and what is still missing. Asks no system anything:
    `bc-pipeline connect` does that next.
    """
    from bc_pipeline.connecting import hotglue
    from bc_pipeline.connecting.draft import begin

    key = name or file.resolve().parent.name
    credentials = read_secret("--optiply-credentials", optiply_credentials, CREDENTIALS_VARIABLE)
    with private_directory("import") as work:
        draft = begin(key, work)
        if draft.existed:
            raise ConfigError(f"{key} stands in {draft.file} already; name another with --name")
        taken = hotglue.take(draft, file, snapshots, credentials)
        hotglue.save(draft, taken)
    lines = [f"Written: {written}" for written in taken.files]
    lines += [f"Not carried over: {key}: {why}" for key, why in taken.left.items()]
    lines += [f"Missing: {', '.join(taken.missing)}"] if taken.missing else []
    switched_off = " --set enabled=true" if taken.missing else ""
    consent = " --keep-consent" if draft.text("business_central", "refresh_token") else ""
    lines.append(f"Next: bc-pipeline connect {key}{consent}{switched_off}")
    return output.answer({"tenant": key, **taken.as_json()}, "\n".join(lines), as_json=as_json)


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
