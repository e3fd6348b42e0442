"""The three kinds of sales documents a tenant may count as sales (mapping.md 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bc_pipeline.catalogue.columns import extra
from bc_pipeline.mapping import foreign_keys
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.mapping.order_lines import AMOUNT, ITEM_BY_ID, ITEM_BY_NUMBER
from bc_pipeline.mapping.values import literal
from bc_pipeline.tenants.settings import SyncOptions


@dataclass(frozen=True)
class Source:
    """One source of sell orders.

    Args:
        documents: SELECT of the documents: remote_id, reference, kind (what to call it), decision,
            reason, placed (date), completed, currency, modified, extra, includes_tax (whether
            prices of lines hold VAT), and the ids of the documents (``part_ids``) whose lines in
            ``line_table`` are the order's.
        line_tables: the tables of lines documents may name.
        item: how a line names its item.
        amount: value of a line ``l`` of the document ``a`` without VAT after discounts.
    """

    documents: Callable[[SyncOptions, MappingInput], str]
    line_tables: tuple[str, ...]
    item: str = ITEM_BY_ID
    amount: str = AMOUNT


def _invoices(options: SyncOptions, inputs: MappingInput) -> str:
    del options, inputs
    return """
        SELECT guid(id) AS remote_id, code(number) AS reference, 'invoice' AS kind,
            CASE WHEN member(status) IN ('Open', 'Paid') THEN 'write'
                WHEN member(status) = 'Canceled' THEN 'remove' ELSE 'skip' END AS decision,
            CASE WHEN member(status) IN ('Open', 'Paid') THEN NULL
                WHEN member(status) = 'Canceled' THEN 'the invoice was canceled'
                ELSE 'status ' || coalesce(member(status), '(blank)') || ' is no sale' END
                AS reason,
            coalesce(day(invoiceDate), day(postingDate)) AS placed,
            midnight(coalesce(day(postingDate), day(invoiceDate))) AS completed,
            code(currencyCode) AS currency, stamp(lastModifiedDateTime) AS modified,
            json_object('number', code(number)) AS extra, false AS includes_tax, [id] AS part_ids,
            'sales_invoice_lines' AS line_table
        FROM bc.sales_invoices
    """


def _shipments(options: SyncOptions, inputs: MappingInput) -> str:
    del options, inputs
    return """
        SELECT guid(id) AS remote_id, code(number) AS reference, 'shipment' AS kind,
            'write' AS decision, CAST(NULL AS VARCHAR) AS reason,
            day(postingDate) AS placed, midnight(day(postingDate)) AS completed,
            code(currencyCode) AS currency, stamp(lastModifiedDateTime) AS modified,
            json_object('number', code(number)) AS extra,
            coalesce(pricesIncludeTax, false) AS includes_tax,
            [id] AS part_ids, 'sales_shipment_lines' AS line_table
        FROM bc.sales_shipments
    """


def _orders(options: SyncOptions, inputs: MappingInput) -> str:
    """Orders in BC's list, and those that left it because they were invoiced.

    ``extra`` keeps the order number, the order date and the moment the order was first seen fully
    shipped: they are still needed when the order is gone.
    """
    shipped = "coalesce(o.fullyShipped, false)"
    taken = literal(True) if options.pull_all_orders else shipped
    return f"""
        WITH known AS (
            SELECT remote_id, {extra("s", "order_number")} AS order_number,
                {extra("s", "placed", "DATE")} AS placed,
                {extra("s", "first_shipped", "TIMESTAMPTZ")} AS first_shipped
            FROM sync.sell_orders s
        ), newest_shipment AS (
            SELECT documentId, max(day(shipmentDate)) AS shipped_on FROM bc.sales_order_lines
            WHERE shipmentDate <= {literal(inputs.today)} GROUP BY documentId
        ), listed AS (
            SELECT guid(o.id) AS remote_id, code(o.number) AS reference, 'order' AS kind,
                CASE WHEN {taken} THEN 'write' ELSE 'skip' END AS decision,
                CASE WHEN NOT {taken} THEN 'the order is not fully shipped' END AS reason,
                coalesce(day(o.orderDate), day(o.postingDate)) AS placed,
                CASE WHEN {shipped} THEN coalesce(midnight(n.shipped_on), k.first_shipped,
                    {literal(inputs.now)}) END AS completed,
                code(o.currencyCode) AS currency, stamp(o.lastModifiedDateTime) AS modified,
                CASE WHEN {shipped} THEN coalesce(k.first_shipped, {literal(inputs.now)}) END
                    AS first_shipped,
                [o.id] AS part_ids, 'sales_order_lines' AS line_table
            FROM bc.sales_orders o
            LEFT JOIN known k ON k.remote_id = guid(o.id)
            LEFT JOIN newest_shipment n ON n.documentId = o.id
        ), invoiced AS (
            SELECT code(orderNumber) AS order_number, list(id ORDER BY id) AS part_ids,
                arg_min(guid(id), (coalesce(day(postingDate), day(invoiceDate)), guid(id)))
                    AS first_invoice,
                min(coalesce(day(invoiceDate), day(postingDate))) AS placed,
                max(coalesce(day(postingDate), day(invoiceDate))) AS completed,
                min(code(currencyCode)) AS currency, max(stamp(lastModifiedDateTime)) AS modified
            FROM bc.sales_invoices
            WHERE member(status) IN ('Open', 'Paid') AND code(orderNumber) IS NOT NULL
            GROUP BY code(orderNumber)
        ), vanished AS (
            SELECT coalesce(k.remote_id, v.first_invoice) AS remote_id,
                v.order_number AS reference, 'order' AS kind, 'write' AS decision, NULL AS reason,
                coalesce(k.placed, v.placed) AS placed, midnight(v.completed) AS completed,
                v.currency, v.modified, k.first_shipped, v.part_ids,
                'sales_invoice_lines' AS line_table
            FROM invoiced v
            LEFT JOIN known k ON k.order_number = v.order_number
            WHERE v.order_number NOT IN (SELECT reference FROM listed)
        ), shipped_only AS (
            SELECT s.remote_id, {extra("s", "order_number")} AS reference, 'order' AS kind,
                'write' AS decision, NULL AS reason,
                {extra("s", "placed", "DATE")} AS placed, NULL AS completed,
                NULL AS currency, s.source_modified_at AS modified,
                {extra("s", "first_shipped", "TIMESTAMPTZ")} AS first_shipped,
                [] AS part_ids, 'sales_order_lines' AS line_table
            FROM sync.sell_orders s
            WHERE {foreign_keys.standing("s")}
              AND {extra("s", "order_number")} IN (
                  SELECT code(orderNumber) FROM bc.sales_shipments WHERE orderNumber IS NOT NULL)
              AND s.remote_id NOT IN (SELECT remote_id FROM listed)
              AND s.remote_id NOT IN (SELECT remote_id FROM vanished)
        )
        SELECT * EXCLUDE (first_shipped), false AS includes_tax,
            json_object('order_number', reference, 'placed', CAST(placed AS VARCHAR),
                'first_shipped', strftime(first_shipped, '%Y-%m-%dT%H:%M:%SZ')) AS extra
        FROM (FROM listed UNION ALL BY NAME FROM vanished UNION ALL BY NAME FROM shipped_only)
    """


# A posted shipment line has a price and a line discount, but no amount. Its price holds VAT when
# the prices of its document do; the amount without it is in whole cents, as BC's amounts are.
_SHIPMENT_PRICE = """CAST(l.quantity AS DECIMAL(38,5)) * CAST(l.unitPrice AS DECIMAL(38,5))
        * (1 - CAST(coalesce(l.discountPercent, 0) * 0.01 AS DECIMAL(9,7)))"""
_SHIPMENT_AMOUNT = f"""
    CASE WHEN a.includes_tax AND l.taxPercent > 0
        THEN money_ratio({_SHIPMENT_PRICE}, scaled(100), scaled(100 + l.taxPercent))
        ELSE {_SHIPMENT_PRICE} END
"""

SOURCES: Mapping[str, Source] = {
    "sales_invoices": Source(_invoices, ("sales_invoice_lines",)),
    "sales_orders": Source(_orders, ("sales_order_lines", "sales_invoice_lines")),
    "sales_shipments": Source(
        _shipments, ("sales_shipment_lines",), item=ITEM_BY_NUMBER, amount=_SHIPMENT_AMOUNT
    ),
}
