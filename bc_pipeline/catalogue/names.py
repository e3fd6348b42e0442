"""What an operator calls an entity or a record, and what the snapshot calls it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import duckdb

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.errors import ConfigError
from bc_pipeline.values import storable


def resource_names(entity: str | None) -> tuple[str, ...]:
    """``products`` or ``optiply/products`` as table names; None means all.

    Raises:
        ConfigError: no such entity.
    """
    if entity is None:
        return tuple(RESOURCES)
    name = entity.removeprefix("optiply/")
    if name not in RESOURCES:
        known = ", ".join(f"optiply/{resource}" for resource in RESOURCES)
        raise ConfigError(f"there is no Optiply entity {entity!r}; known are: {known}")
    return (name,)


def find(cursor: duckdb.DuckDBPyConnection, name: str, given: str) -> list[str]:
    """The remote ids an operator may mean: a remote id, a BC number or an Optiply id."""
    given = storable(given)
    found = cursor.execute(
        f"SELECT remote_id FROM sync.{name} "
        "WHERE remote_id = lower($given) OR remote_id = $given "
        "OR CAST(optiply_id AS VARCHAR) = $given",
        {"given": given},
    ).fetchall()
    if has_table(cursor, "optiply", name):
        found += cursor.execute(
            f"SELECT remote_id FROM optiply.{name} "
            "WHERE remote_id = lower($given) OR remote_id = $given OR reference = $given",
            {"given": given},
        ).fetchall()
    return sorted({row[0] for row in found})


def has_table(cursor: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    """Wanted tables exist only after the first run."""
    row = cursor.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = ? AND table_name = ?",
        [schema, name],
    ).fetchone()
    return bool(row and row[0])


_SENT = "json_extract_string({0}.last_sent, '$.{1}')"
_EXTRA = "json_extract_string(s.extra, '$.{0}')"


def _sent(name: str, alias: str = "s") -> str:
    return _SENT.format(alias, name)


_PRODUCT = "LEFT JOIN sync.products {0} ON {0}.optiply_id = CAST({1} AS BIGINT)"
_SUPPLIER = "LEFT JOIN sync.suppliers v ON v.optiply_id = CAST({0} AS BIGINT)"
_LABELS: dict[str, tuple[str, str, str]] = {
    # resource -> number, name, joins
    "products": (_sent("skuCode"), _sent("name"), ""),
    "suppliers": (_EXTRA.format("number"), _sent("name"), ""),
    "supplier_products": (
        f"concat_ws(' from ', {_sent('skuCode', 'p')}, json_extract_string(v.extra, '$.number'))",
        f"concat_ws(' from ', {_sent('name', 'p')}, {_sent('name', 'v')})",
        f"{_PRODUCT.format('p', _sent('productId'))} {_SUPPLIER.format(_sent('supplierId'))}",
    ),
    "sell_orders": (
        f"coalesce({_EXTRA.format('number')}, {_EXTRA.format('order_number')}, {_sent('placed')})",
        _sent("totalValue"),
        "",
    ),
    "buy_orders": (
        _EXTRA.format("po_number"),
        _sent("name", "v"),
        _SUPPLIER.format(_sent("supplierId")),
    ),
    "buy_order_lines": (
        f"concat_ws(' line ', {_EXTRA.format('po_number')}, {_EXTRA.format('sequence')})",
        f"coalesce({_sent('name', 'p')}, {_EXTRA.format('item_number')})",
        _PRODUCT.format("p", _sent("productId")),
    ),
    "receipt_lines": (
        f"coalesce({_EXTRA.format('receipt_number')}, {_EXTRA.format('order_number')})",
        f"coalesce({_sent('name', 'p')}, json_extract_string(l.extra, '$.item_number'))",
        "LEFT JOIN sync.buy_order_lines l ON l.optiply_id = "
        f"CAST({_sent('buyOrderLineId')} AS BIGINT) "
        f"{_PRODUCT.format('p', _sent('productId', 'l'))}",
    ),
    "product_compositions": (
        f"concat_ws(' / ', {_sent('skuCode', 'c')}, {_sent('skuCode', 'p')})",
        f"concat_ws(' / ', {_sent('name', 'c')}, {_sent('name', 'p')})",
        f"{_PRODUCT.format('c', _sent('composedProductId'))} "
        f"{_PRODUCT.format('p', _sent('partProductId'))}",
    ),
}


def labelled(
    name: str,
    condition: str = "true",
    *,
    further: Mapping[str, str] = MappingProxyType({}),
    ordered: bool = True,
) -> str:
    """SELECT remote_id, number, name: what people call the records of a resource that stand in
    Optiply, also those Business Central lists no more. Both may be null.

    Args:
        name: resource.
        condition: SQL on the row ``s`` of the id map.
        further: columns besides, with their SQL.
        ordered: by number; of a million records that takes most of the time.
    """
    number, called, joins = _LABELS.get(name) or (_EXTRA.format("number"), _sent("name"), "")
    return (
        f"SELECT s.remote_id, nullif({number}, '') AS number, nullif({called}, '') AS name"
        + "".join(f", {sql} AS {column}" for column, sql in further.items())
        + f" FROM sync.{name} s {joins} WHERE {condition}"
        + (" ORDER BY number NULLS LAST, s.remote_id" if ordered else "")
    )


def spoken(number: str | None, name: str | None, remote_id: str) -> str:
    """Number and name as one text; the id only where there is neither."""
    return " ".join(part for part in (number, name) if part) or remote_id
