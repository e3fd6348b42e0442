"""Checks over the records in a tenant's snapshot."""

from __future__ import annotations

from dataclasses import dataclass

from bc_pipeline.catalogue import states, stock_source
from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.mapping import stock, values
from bc_pipeline.orchestration.checks.check import CheckInput, Finding
from bc_pipeline.reading import mirror_state
from bc_pipeline.run.figures import COUNT_TOLERANCE, wanted_and_there
from bc_pipeline.run.records import records

NO_GUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Reference:
    """A column of the mirror that must point to a row of another table.

    ``label`` is what people call the row pointed to, as far as the pointing one knows.
    """

    table: str
    column: str
    target: str
    target_column: str
    label: str = "NULL"

    def dangling(self) -> str:
        """SQL: what points nowhere, by number and name where they are known, with the number of
        rows that have each."""
        called = f"coalesce(nullif({self.label}, ''), source.{self.column})"
        return (
            f"SELECT '{self.table}.{self.column}' AS reference, {called} AS value, "
            f"count(*) AS rows FROM bc.{self.table} AS source "
            f"ANTI JOIN bc.{self.target} AS target "
            f"ON source.{self.column} = target.{self.target_column} "
            f"WHERE coalesce(source.{self.column}, '') NOT IN ('', '{NO_GUID}') "
            "GROUP BY ALL"
        )


_LINE = "source.lineObjectNumber"
_DESCRIBED = "concat_ws(' ', source.lineObjectNumber, source.description)"

REFERENCES: dict[str, tuple[Reference, ...]] = {
    "optiply/products": (Reference("item_variants", "itemId", "items", "id", "source.itemNumber"),),
    "optiply/suppliers": (
        Reference("purchase_orders", "vendorId", "vendors", "id", "source.vendorNumber"),
    ),
    "optiply/sell_orders": (
        Reference("sales_invoice_lines", "documentId", "sales_invoices", "id"),
        Reference("sales_invoice_lines", "itemId", "items", "id", _LINE),
        Reference("sales_order_lines", "itemId", "items", "id", _LINE),
        Reference("sales_shipment_lines", "documentId", "sales_shipments", "id"),
    ),
    "optiply/buy_orders": (
        Reference("purchase_orders", "vendorId", "vendors", "id", "source.vendorNumber"),
        Reference("purchase_order_lines", "documentId", "purchase_orders", "id"),
        Reference("purchase_order_lines", "itemId", "items", "id", _DESCRIBED),
    ),
    "optiply/receipt_lines": (
        Reference("purchase_receipt_lines", "documentId", "purchase_receipts", "id"),
        Reference("purchase_receipts", "vendorNumber", "vendors", "number"),
    ),
}


def unique_gtin(given: CheckInput) -> Finding:
    """No two items have the same GTIN (mapping.md 2)."""
    query = (
        "SELECT gtin, count(*) AS items, string_agg(number, ', ' ORDER BY number) AS numbers "
        "FROM bc.items WHERE trim(coalesce(gtin, '')) <> '' "
        "GROUP BY gtin HAVING count(*) > 1 ORDER BY gtin"
    )
    return Finding.of_rows(
        given.rows(query),
        "Every GTIN belongs to one item",
        "GTINs stand on more than one item",
        "gtins",
    )


def stock_sums_agree(given: CheckInput) -> Finding:
    """What lies at all locations together is the inventory of each item (platform 2)."""
    of_one_run = {"bc/items", stock_source.ENTRIES}
    if not stock_source.reads_analytics(given.tenant):
        return Finding(True, "Not compared: stock is not taken from the Analytics API")
    if not mirror_state.of_one_run(given.cursor, of_one_run):
        return Finding(True, "Not compared: items and open entries are not of one run")
    values.install(given.cursor)
    sums = f"SELECT number, inventory, lying FROM ({stock.SUMS}) ORDER BY number"
    return Finding.of_rows(
        given.rows(sums),
        "The inventory of every item lies somewhere",
        "items have another inventory than lies at all locations together. Goods that moved "
        "between the two reads differ once; if it stays, look for entries that the user in "
        "Business Central may not see",
        "items",
    )


def references_resolve(given: CheckInput) -> Finding:
    """Every row the asset is made from points to rows that exist."""
    union = " UNION ALL ".join(reference.dangling() for reference in REFERENCES[given.name])
    dangling = given.rows(f"SELECT * FROM ({union}) ORDER BY reference, value")
    return Finding.of_rows(
        dangling,
        "Everything referred to exists",
        "references point to nothing",
        "dangling",
        rows=sum(row["rows"] for row in dangling),
    )


def counts_agree(given: CheckInput) -> Finding:
    """Optiply has as many records as the mapping wants (flows.md 8)."""
    entity = BY_NAME[given.name].entity
    wanted, standing = wanted_and_there(given.cursor, entity)
    missing = wanted - standing
    return Finding(
        missing <= wanted * COUNT_TOLERANCE,
        f"{standing} of {wanted} wanted records stand in Optiply",
        metadata={"wanted": wanted, "in_optiply": standing, "missing": missing},
    )


def none_quarantined(given: CheckInput) -> Finding:
    """No record is held back because Optiply or the mapping refused it (flows.md 4)."""
    held = records(given.cursor, given.name, ("quarantined",))
    return Finding.of_rows(
        [
            {"number": each.shown, "name": each.name, "reason": each.reason, "tries": each.tries}
            for each in held
        ],
        "No record is in quarantine",
        "records are in quarantine. "
        + states.advice(given.name, "quarantined", given.tenant.name, ()),
        "quarantined",
    )
