"""CRONUS from its data files: rows, modification stamps, stock and, on request, published pages."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Literal

from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline.sandbox.companies.cronus.books import add_books
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.metadata import EntityType, entities
from bc_pipeline.sandbox.company.values import ZERO_STAMP, stamp_text

NAME = "CRONUS International Ltd."
Variant = Literal["w1", "nl"]

# The day the data describes as today.
TODAY = datetime(2026, 8, 22, 6, 38, 40, tzinfo=UTC)
_OLDEST_MASTER_DATA_DAYS = 600
_DOCUMENT_DATES = ("postingDate", "orderDate", "invoiceDate")


def build(clock: Callable[[], datetime], *, variant: Variant = "w1") -> Company:
    """The company with all its rows.

    Args:
        clock: sandbox time, for what is changed later on.
        variant: ``w1``, international, GBP; ``nl``, Dutch, EUR.
    """
    company = _first(variant).copy("cronus")
    company.clock = clock
    company.created_at = stamp_text(clock())
    return company


@cache
def _first(variant: Variant) -> Company:
    """The company that all others are copies of: nobody changes it."""
    tables = read_tables(variant)
    currency = tables["companyInformation"][0]["currencyCode"]
    company = Company(NAME, currency_code=currency, clock=lambda: TODAY)
    locations = _opening_locations(tables["openingStock"])
    units = _item_units(tables["itemUnitsOfMeasure"])
    for entity_set, rows in tables.items():
        entity = entities().get(entity_set)
        if entity is None:
            continue
        stamps = _stamps(entity, rows)
        for row, stamp in zip(rows, stamps, strict=True):
            if entity_set == "itemLedgerEntries":
                row = row | {"#locationCode": locations.get(_stock_key(row), "")}
            elif entity_set == "items":
                row = row | {"#units": units[row["number"]]}
            company.insert(entity_set, row, stamp=stamp)
    add_books(company, tables, variant)
    for change in json.loads(resources.files(__package__).joinpath("ours.json").read_bytes()):
        apply_to(company, change["name"], change["params"])
    return company


@cache
def read_tables(variant: Variant) -> dict[str, list[Row]]:
    """All rows of the data file by entity set; properties with an empty value are left out.

    Read once: callers must not change the rows.
    """
    file = resources.files(__package__) / f"{variant}.jsonl.gz"
    tables: dict[str, list[Row]] = defaultdict(list)
    # Items come first: ledger entries are counted for the item they name.
    tables["items"] = []
    for line in gzip.decompress(file.read_bytes()).decode().splitlines():
        entry = json.loads(line, parse_float=Decimal)
        tables[entry["set"]].append(entry["row"])
    return tables


def publish_pages(
    company: Company, *, item_page: str, item_units_page: str, variant: Variant = "w1"
) -> None:
    """Publish the item card and the item units as OData pages under the given names."""
    tables = read_tables(variant)
    cards = {row["No"]: row for row in tables["itemPage"]}
    blank = {name: type(value)() for name, value in tables["itemPage"][0].items()}

    def items(company: Company) -> Iterable[Row]:
        for item in company.find("items"):
            card = cards.get(item["number"], blank)
            yield card | {
                "No": item["number"],
                "Description": item["displayName"],
                "Blocked": item["blocked"],
                "Last_Date_Modified": item["lastModifiedDateTime"][:10],
            }

    def units(company: Company) -> Iterable[Row]:
        base = {row["number"]: row["baseUnitOfMeasureCode"] for row in company.find("items")}
        for row in tables["itemUnitsOfMeasure"]:
            yield {
                "Item_No": row["itemNumber"],
                "Code": row["unitOfMeasureCode"],
                "Qty_per_Unit_of_Measure": Decimal(row["qtyPerUnitOfMeasure"]),
                "Qty_Rounding_Precision": Decimal(row.get("qtyRoundingPrecision", 0)),
                "ItemUnitOfMeasure": base.get(row["itemNumber"], ""),
                "ItemBaseUOMQtyPrecision": Decimal(0),
            }

    company.pages[item_page] = items
    company.pages[item_units_page] = units


def _item_units(rows: list[Row]) -> dict[str, dict[str, Decimal]]:
    """Factor to the base unit by item number and unit; the standard API does not show it."""
    units: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        units[row["itemNumber"]][row["unitOfMeasureCode"]] = Decimal(row["qtyPerUnitOfMeasure"])
    return units


# --- stamps --------------------------------------------------------------------------------------


def _stamps(entity: EntityType, rows: list[Row]) -> list[str | None]:
    """A believable ``lastModifiedDateTime`` per row, the same at every start.

    Documents: their day, in working hours. Master data: some day of the last two years, one in
    sixteen never stamped. One in five shares the stamp of the row before it, as rows written by
    one transaction do.
    """
    if "lastModifiedDateTime" not in entity.fields:
        return [None] * len(rows)
    stamps: list[str | None] = []
    for row in rows:
        dice = zlib.crc32(f"{entity.entity_set}/{row['id']}".encode())
        if dice % 5 == 0 and stamps:
            stamps.append(stamps[-1])
        else:
            stamps.append(_stamp(row, dice))
    return stamps


def _stamp(row: Row, dice: int) -> str:
    day = next((row[name] for name in _DOCUMENT_DATES if name in row), None)
    if day is None:
        if dice % 16 == 1:
            return ZERO_STAMP
        midnight = TODAY.replace(hour=0, minute=0, second=0)
        midnight -= timedelta(days=dice % _OLDEST_MASTER_DATA_DAYS + 1)
    else:
        midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    working_hours = timedelta(hours=7, milliseconds=dice % (10 * 3600 * 1000))
    return stamp_text(min(midnight + working_hours, TODAY))


# --- stock ---------------------------------------------------------------------------------------


def _opening_locations(opening: list[Row]) -> dict[tuple[Any, ...], str]:
    """Where the opening stock lies: ledger entries themselves show no location."""
    return {_stock_key(row): row["locationCode"] for row in opening if "locationCode" in row}


def _stock_key(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(n) for n in ("itemNumber", "documentNumber", "postingDate", "quantity"))
