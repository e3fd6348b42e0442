"""The data-quality report: what in the company's records Optiply gets wrong, or not at all, and
what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from bc_pipeline.report import AsJson
from bc_pipeline.run.figures import NEWEST

SAMPLES = 5

OF_THIS_RUN = "FROM ops.warnings WHERE run_no = (SELECT max(run_no) FROM ops.runs)"
"""What a run that is not over yet has been warned of."""
OF_NEWEST_RUNS = f"SELECT w.* FROM ops.warnings w JOIN ({NEWEST}) USING (entity, run_no)"
"""What the newest run of each entity was warned of."""


@dataclass(frozen=True)
class FlawKind:
    """One kind of flaw.

    Attributes:
        name: in JSON.
        text: what is wrong with the records counted.
        todo: what to do about it.
        sql: SELECT of one text for each record, as people know it.
    """

    name: str
    text: str
    todo: str
    sql: str


@dataclass(frozen=True)
class Flaw(AsJson):
    """How often one kind was found, with examples."""

    name: str
    text: str
    todo: str
    count: int
    samples: tuple[str, ...]


def _warned(*kinds: str) -> str:
    """Records that the mapping has warned about."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return f"SELECT message FROM warned WHERE kind IN ({listed})"


FLAW_KINDS: tuple[FlawKind, ...] = (
    FlawKind(
        "blank_names",
        "items and vendors without a name",
        "Name them in Business Central; Optiply shows the number until then",
        "SELECT 'item ' || number FROM bc.items WHERE trim(coalesce(displayName, '')) = '' "
        "UNION ALL "
        "SELECT 'vendor ' || number FROM bc.vendors WHERE trim(coalesce(displayName, '')) = ''",
    ),
    FlawKind(
        "duplicate_gtins",
        "GTINs that stand on more than one item",
        "Correct them in Business Central; Optiply cannot tell such products apart by barcode",
        "SELECT trim(gtin) || ' on ' || string_agg(number, ', ' ORDER BY number) FROM bc.items "
        "WHERE trim(coalesce(gtin, '')) <> '' GROUP BY trim(gtin) HAVING count(*) > 1",
    ),
    FlawKind(
        "items_without_vendor",
        "products without a supplier",
        "Set a vendor on the item card where the item is bought, or order it once: nobody can be "
        "advised to buy it until then",
        "SELECT reference FROM optiply.products p WHERE p.decision = 'write' AND NOT EXISTS "
        "(FROM optiply.supplier_products s WHERE s.decision IN ('write', 'defer') "
        "AND (s.remote_id = p.remote_id OR starts_with(s.remote_id, p.remote_id || '_')))",
    ),
    FlawKind(
        "unknown_vat",
        "prices left out because their VAT is not known",
        "Name the percentage of their tax group in sync.vat_percent_by_tax_group",
        _warned("unknown_vat_rate"),
    ),
    FlawKind(
        "fractional_quantities",
        "quantities that are rounded, for Optiply counts in whole numbers",
        "Where it matters, name a factor for the item category in sync.quantity_scale, such as "
        "1000 for grams instead of kilos",
        _warned("fractional_quantity"),
    ),
    FlawKind(
        "unlinked_receipts",
        "receipt lines whose purchase order line is not to be found",
        "Nothing, where their order is old: Business Central deletes orders that are done. "
        "sync.buy_order_history_from_receipts: true makes orders of them",
        "SELECT coalesce(reference, remote_id) || coalesce(': ' || reason, '') "
        "FROM optiply.receipt_lines WHERE decision IN ('defer', 'skip')",
    ),
    FlawKind(
        "other_warnings",
        "other things the mapping could not take as they are",
        "Each says what it is",
        "SELECT message FROM warned WHERE entity LIKE 'optiply/%' AND kind NOT IN "
        "('duplicate_gtin', 'unknown_vat_rate', 'fractional_quantity')",
    ),
)


def flaws(cursor: duckdb.DuckDBPyConnection, warned: str = OF_NEWEST_RUNS) -> list[Flaw]:
    """Every kind of flaw with what was found of it; those whose tables a failed read left away are
    left out.

    Args:
        cursor: of a tenant's snapshot.
        warned: SELECT of the warnings that count.
    """
    found = []
    for kind in FLAW_KINDS:
        try:
            rows = cursor.execute(
                f"WITH warned AS ({warned}) "
                f"SELECT text, count(*) OVER () FROM ({kind.sql}) AS each(text) "
                f"ORDER BY text LIMIT {SAMPLES}"
            ).fetchall()
        except duckdb.CatalogException:
            continue
        texts = tuple(str(text) for text, _ in rows)
        found.append(Flaw(kind.name, kind.text, kind.todo, rows[0][1] if rows else 0, texts))
    return found
