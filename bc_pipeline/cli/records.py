"""``bc-pipeline records``: which records are behind a number, and why."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import click

from bc_pipeline.catalogue.task import OPTIPLY, OUTBOUND
from bc_pipeline.catalogue.tasks import entity_names
from bc_pipeline.cli import output
from bc_pipeline.cli.selection import must_have_run
from bc_pipeline.errors import ConfigError
from bc_pipeline.run.records import STATES, Record
from bc_pipeline.run.records import records as find
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant

COLUMNS = tuple(field.name for field in fields(Record))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that spreadsheets work out."""


@click.command()
@click.argument("tenant")
@click.argument("entity")
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    metavar="STATE",
    help=f"Only these: {', '.join(STATES)}; by default all that are held back, left out or "
    "refused. created and updated are those of the entity's last run. Repeatable.",
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write them to this file, for a spreadsheet.",
)
@output.json_option
def records(
    tenant: str, entity: str, states: tuple[str, ...], csv_file: Path | None, as_json: bool
) -> int:
    """The records behind a number, each with number, name and reason.

    ENTITY is one of Optiply's (products, optiply/sell_orders) or one written to Business Central
    (outbound/customers, Bills, purchase_orders). Reads only the tenant's own files.
    """
    (name,) = entity_names([entity], (OPTIPLY, OUTBOUND))
    found = of_tenant(registry.load().get(tenant), name, states)
    if csv_file is not None:
        write_csv(csv_file, found)
    if as_json:
        listed = [record.as_json() for record in found]
        output.print_json({"tenant": tenant, "entity": name, "records": listed})
    elif csv_file is not None:
        output.message(f"{len(found)} records written to {csv_file}")
    elif found:
        print_records(f"{tenant}: {name}", found)
    else:
        output.line(f"{tenant}: no record of {name} is {' or '.join(states) or 'held back'}")
    return output.SUCCESS


def of_tenant(tenant: Tenant, task: str, states: Sequence[str] = ()) -> list[Record]:
    """The records as the tenant's snapshot has them.

    Raises:
        ConfigError: the tenant has not run yet.
        TenantBusy: a run holds the snapshot.
    """
    with must_have_run(tenant.name):
        snapshot = Snapshot.open(tenant.snapshot_dir, read_only=True)
    with snapshot, snapshot.cursor() as cursor:
        return find(cursor, task, states)


def print_records(title: str, found: Sequence[Record]) -> None:
    """A table for people: no ids where there is a number or a name."""
    output.print_table(
        title,
        ["number", "name", "state", "tries", "from", "reason"],
        [[each.shown, each.name, each.state, each.tries, each.file, each.reason] for each in found],
        numbers=["tries"],
    )


def write_csv(path: Path, found: Sequence[Record]) -> None:
    """One line per record, with a heading; the byte order mark lets spreadsheets read UTF-8. A text
    that a spreadsheet would take for a formula and work out is marked as text.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(
                {name: _as_text(value) for name, value in record.as_json().items()}
                for record in found
            )
    except OSError as error:
        raise ConfigError(
            f"--csv: {path} cannot be written ({error.strerror}); name another file"
        ) from None


def _as_text(value: object) -> object:
    is_formula = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if is_formula else value
