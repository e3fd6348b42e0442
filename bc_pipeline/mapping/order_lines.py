"""Lines of sales and purchase documents as lines about products of Optiply (mapping.md 4, 5)."""

from __future__ import annotations

from collections.abc import Iterable

from bc_pipeline.mapping import foreign_keys, units
from bc_pipeline.tenants.settings import SyncOptions

AMOUNT = "coalesce(l.netAmount, l.amountExcludingTax - coalesce(l.invoiceDiscountAllocation, 0), 0)"
"""Value of a line ``l`` without VAT after all discounts (mapping.md 4.1)."""


def discounted(cost: str) -> str:
    """SQL: a cost or price of a line ``l`` after its line discount.

    The discount is at most 100 % with five decimals, so the product is exact.
    """
    return f"""CAST(CAST({cost} AS DECIMAL(38,5))
        * (1 - CAST(coalesce(l.discountPercent, 0) * 0.01 AS DECIMAL(9,7))) AS DECIMAL(38,10))"""


ITEM_BY_ID = "i.item_id = guid(r.itemId)"
ITEM_BY_NUMBER = "i.number = code(r.lineObjectNumber)"
_ITEM_IDS = {ITEM_BY_ID: "guid(r.itemId)", ITEM_BY_NUMBER: "i.item_id"}

_COLUMNS = ("itemId", "itemVariantId", "lineObjectNumber", "unitOfMeasureCode")


def keys(tables: Iterable[str], options: SyncOptions, *, item: str, where: str = "true") -> str:
    """SELECT what lines are about, once for all lines that say the same: a document has many
    lines, a company few items and units.

    Columns: the line's own columns (see ``JOIN_KEYS``), item_id, item_number, product (remote id),
    product_id (null while it does not stand in Optiply), multiplier (Optiply units per unit).
    Product and multiplier are null when unknown. A product of Optiply is known whether or not its
    item is still listed.

    Args:
        tables: mirror tables of the lines.
        item: how a line names its item: ``ITEM_BY_ID`` or ``ITEM_BY_NUMBER``.
        where: which lines matter.
    """
    columns = ", ".join(_COLUMNS)
    lines = " UNION ".join(
        f"SELECT DISTINCT {columns} FROM bc.{table} WHERE lineType = 'Item' AND {where}"
        for table in tables
    )
    item_id = _ITEM_IDS[item]
    product = foreign_keys.product_key(item_id, "guid(r.itemVariantId)", options)
    return f"""
        SELECT r.*, {item_id} AS item_id,
            coalesce(i.number, code(r.lineObjectNumber), '(blank)') AS item_number,
            p.remote_id AS product, p.optiply_id AS product_id, u.multiplier
        FROM ({lines}) r
        LEFT JOIN m_items i ON {item}
        LEFT JOIN m_products p ON p.remote_id = {product}
        LEFT JOIN m_units u
            ON u.item_id = i.item_id AND u.unit = {units.unit_name("r.unitOfMeasureCode")}
    """


JOIN_KEYS = "l.lineType = 'Item' AND " + " AND ".join(
    f"l.{column} IS NOT DISTINCT FROM k.{column}" for column in _COLUMNS
)
"""SQL: a line ``l`` is about what the row ``k`` of ``keys`` says."""


UNKNOWN_UNIT = (
    "'line ' || coalesce(CAST(l.sequence AS VARCHAR), '?') || ': unit ' || "
    "coalesce(l.unitOfMeasureCode, '') || ' of item ' || k.item_number || ' is not known'"
)
"""SQL: why a line ``l`` cannot be counted, to be put behind the name of its document."""
