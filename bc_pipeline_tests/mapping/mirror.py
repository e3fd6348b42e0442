"""A small Business Central company in the mirror, written the way BC encodes values, and what its
mapping makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from bc_pipeline.mapping import MappingInput, MappingReport, prepare, rebuild
from bc_pipeline.snapshot.schema import migrate
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import MODIFIED, ZERO_GUID, Documents, guid

BLANK = "_x0020_"
TODAY = date(2026, 8, 22)
NOW = datetime(2026, 8, 22, 9, 30, tzinfo=UTC)
ALL_SOURCES = frozenset(
    {
        "bc.item_page",
        "bc.item_units_of_measure",
        "bc.inventory_by_locations",
        "bc.stock_by_location",
        "bc.outstanding_sales",
        "bc.bom_components",
    }
)


@dataclass
class Company(Documents):
    """The mirror of one company; every method adds to it."""

    report: MappingReport = field(default_factory=lambda: MappingReport(0))

    @contextmanager
    def undone(self) -> Iterator[Company]:
        """The same company, in which everything is undone at the end of a ``with`` block."""
        self.cursor.execute("BEGIN")
        try:
            yield Company(self.cursor)
        finally:
            self.cursor.execute("ROLLBACK")

    def clear(self) -> None:
        """Nothing is left but empty tables, as in a new snapshot."""
        for row in self.rows("SELECT schema_name, table_name, temporary FROM duckdb_tables()"):
            table = f"{row['schema_name']}.{row['table_name']}"
            if row["temporary"]:
                self.cursor.execute(f"DROP TABLE temp.{table}")
            else:
                self.cursor.execute(f"DELETE FROM {table}")

    # -- master data ------------------------------------------------------------------------------

    def item(self, number: str, **values: Any) -> str:
        self.add(
            "bc.items",
            **{
                "id": guid(number),
                "number": number,
                "displayName": f"Name of {number}",
                "type": "Inventory",
                "itemCategoryCode": "",
                "blocked": False,
                "gtin": "",
                "inventory": 10,
                "unitPrice": 5,
                "priceIncludesTax": False,
                "unitCost": 0,
                "taxGroupCode": "",
                "baseUnitOfMeasureCode": "PCS",
                "lastModifiedDateTime": MODIFIED,
                **values,
            },
        )
        return guid(number)

    def variant(self, item: str, code: str, description: str = "") -> str:
        self.add(
            "bc.item_variants",
            id=guid(f"{item}/{code}"),
            itemId=guid(item),
            itemNumber=item,
            code=code,
            description=description,
        )
        return guid(f"{item}/{code}")

    def vendor(self, number: str, **values: Any) -> str:
        self.add(
            "bc.vendors",
            **{
                "id": guid(f"vendor {number}"),
                "number": number,
                "displayName": f"Name of {number}",
                "email": "",
                "blocked": BLANK,
                "currencyCode": "EUR",
                "lastModifiedDateTime": MODIFIED,
                **values,
            },
        )
        return guid(f"vendor {number}")

    def page(self, number: str, **values: Any) -> None:
        self.add("bc.item_page", **{"No": number, "Vendor_No": "", **values})

    def unit(self, item: str, code: str, factor: Any) -> None:
        self.add(
            "bc.item_units_of_measure", Item_No=item, Code=code, Qty_per_Unit_of_Measure=factor
        )

    def location(self, code: str) -> str:
        self.add("bc.locations", id=guid(f"location {code}"), code=code, displayName=code)
        return guid(f"location {code}")

    def stock(self, item: str, location: str, inventory: Any, variant: str | None = None) -> None:
        self.add(
            "bc.inventory_by_locations",
            ItemId=guid(item),
            ItemNo=item,
            VariantId=guid(f"{item}/{variant}") if variant else ZERO_GUID,
            VariantCode=variant or "",
            LocationCode=location,
            Inventory=inventory,
        )

    def entry(self, item: str, location: str, remaining: Any) -> None:
        """An open item ledger entry of the Analytics API."""
        (known,) = self.rows("SELECT count(*) AS entries FROM bc.stock_by_location")
        self.add(
            "bc.stock_by_location",
            entryNo=known["entries"] + 1,
            itemNo=item,
            locationCode=location,
            remainingQuantity=remaining,
        )

    def sold(self, item: str, location: str, base: Any, **values: Any) -> None:
        """What is outstanding of a sales order, as the Analytics API tells it."""
        self.add(
            "bc.outstanding_sales",
            **{
                "documentNo": "S1",
                "documentType": "Order",
                "itemNo": item,
                "locationCode": location,
                "outstandingQtyBase": base,
                **values,
            },
        )

    def company_currency(self, code: str = "EUR") -> None:
        self.add("bc.company_information", id=guid("company"), currencyCode=code)

    def rate(self, currency: str, since: date, exchange: Any, to: Any, via: str = "") -> None:
        self.add(
            "bc.currency_exchange_rates",
            id=guid(f"{currency}{since}"),
            currencyCode=currency,
            startingDate=since,
            exchangeRateAmount=exchange,
            relationalCurrencyCode=via,
            relationalExchangeRateAmount=to,
        )

    def bom(self, parent: str, part: str, quantity: Any, name: str = "", **values: Any) -> str:
        key = guid(name or f"bom {parent} {part}")
        self.add(
            "bc.bom_components",
            **{
                "id": key,
                "parentItemNo": parent,
                "no": part,
                "componentType": "Item",
                "quantityPer": quantity,
                "unitOfMeasureCode": "PCS",
                **values,
            },
        )
        return key

    # -- what Optiply has -------------------------------------------------------------------------

    def stands(self, resource: str, remote_id: str, optiply_id: int | None, **values: Any) -> None:
        """A row of the id map; ``last_sent`` and ``extra`` are given as dictionaries."""
        for name in ("last_sent", "extra"):
            if name in values:
                values[name] = json.dumps(values[name])
        values.setdefault("state", "active")
        self.cursor.execute(f"DELETE FROM sync.{resource} WHERE remote_id = ?", [remote_id])
        self.add(f"sync.{resource}", remote_id=remote_id, optiply_id=optiply_id, **values)

    def product(self, number: str, optiply_id: int = 1, **values: Any) -> str:
        """An item that stands in Optiply."""
        item_id = self.item(number, **values)
        self.stands("products", item_id, optiply_id)
        return item_id

    def supplier(self, number: str, optiply_id: int = 100, **values: Any) -> str:
        """A vendor that stands in Optiply."""
        vendor_id = self.vendor(number, **values)
        self.stands("suppliers", vendor_id, optiply_id)
        return vendor_id

    def written(self, resource: str, first_id: int = 1000) -> None:
        """Everything ``optiply.<resource>`` wants to write was written."""
        columns = self.rows(f"SELECT * FROM optiply.{resource} WHERE decision = 'write'")
        keys = ("remote_id", "reference", "decision", "reason", "source_modified_at", "extra")
        for number, row in enumerate(columns):
            known = self.rows(
                f"SELECT optiply_id FROM sync.{resource} WHERE remote_id = ?", [row["remote_id"]]
            )
            sent = {name: as_sent(value) for name, value in row.items() if name not in keys}
            self.stands(
                resource,
                row["remote_id"],
                known[0]["optiply_id"] if known else first_id + number,
                last_sent={name: value for name, value in sent.items() if value is not None},
                extra=json.loads(row["extra"] or "{}"),
            )

    # -- the mapping ------------------------------------------------------------------------------

    def build(
        self,
        resource: str,
        options: SyncOptions | None = None,
        **inputs: Any,
    ) -> dict[str, dict[str, Any]]:
        """The wanted rows by remote id; ``extra`` is decoded."""
        known = {"run_no": 1, "today": TODAY, "now": NOW, **inputs}
        self.report = rebuild(
            self.cursor, resource, options or SyncOptions(), MappingInput(**known)
        )
        found = self.rows(f"SELECT * FROM optiply.{resource} ORDER BY remote_id")
        for row in found:
            row["extra"] = json.loads(row["extra"]) if row["extra"] else None
        assert len({row["remote_id"] for row in found}) == len(found), "remote ids must be unique"
        return {row["remote_id"]: row for row in found}

    def warnings(self, kind: str) -> list[tuple[str, str]]:
        """(remote id, message) of the warnings of a kind."""
        return self.cursor.execute(
            "SELECT remote_id, message FROM ops.warnings WHERE kind = ? ORDER BY message", [kind]
        ).fetchall()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        self.cursor.execute(query, list(values))
        names = [column[0] for column in self.cursor.description]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]


def new_company(*, optimizer: bool = True) -> Company:
    """An empty company, in memory.

    Args:
        optimizer: DuckDB looks for a better plan, as it does in a run. On a handful of rows that
            takes a third of the time.
    """
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET threads = 1")  # more threads only cost time on tiny tables
    if not optimizer:
        connection.execute("PRAGMA disable_optimizer")
    migrate(connection)
    prepare(connection)
    return Company(connection)


def as_sent(value: Any) -> Any:
    """A wanted value as ``last_sent`` has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
