"""Buy orders whose purchase order left BC's list (mapping.md 5): BC deletes an order that is
received and invoiced, so "gone" may mean finished, finished in part, or cancelled.

The statements are complete in themselves: the run executes them before it asks BC, by id, whether
the order is really gone.
"""

from __future__ import annotations

from bc_pipeline.catalogue.columns import extra, sent
from bc_pipeline.mapping import foreign_keys, receipt_history
from bc_pipeline.mapping.values import MONEY, NUMBER
from bc_pipeline.tenants.settings import SyncOptions

_LISTED = "(SELECT lower(id) FROM bc.purchase_orders WHERE id IS NOT NULL)"

# What was received under an order number, line number and item. Undone receipts are negative
# lines, so the sum is what stayed.
_RECEIVED = """
    SELECT trim(r.orderNumber) AS po_number, trim(l.lineObjectNumber) AS item_number, l.sequence,
        sum(l.quantity) AS quantity
    FROM bc.purchase_receipt_lines l JOIN bc.purchase_receipts r ON r.id = l.documentId
    WHERE l.lineType = 'Item' AND trim(r.orderNumber) <> ''
    GROUP BY ALL
"""


# A receipt that was undone altogether does not count: what is left of each item is nothing.
NEWEST_RECEIPTS = """
    SELECT trim(orderNumber) AS po_number, max(nullif(postingDate, DATE '0001-01-01')) AS newest
    FROM bc.purchase_receipts
    WHERE trim(orderNumber) <> '' AND id NOT IN (
        SELECT documentId FROM (
            SELECT documentId, sum(quantity) AS quantity FROM bc.purchase_receipt_lines
            WHERE lineType = 'Item' AND quantity <> 0
            GROUP BY documentId, trim(lineObjectNumber), trim(coalesce(unitOfMeasureCode, '')))
        WHERE documentId IS NOT NULL
        GROUP BY documentId HAVING max(quantity) <= 0)
    GROUP BY trim(orderNumber)
"""
"""SELECT po_number, newest: the date of the newest receipt of each order that still counts
(mapping.md 5, 7)."""


def buy_orders(options: SyncOptions) -> str:
    """SELECT remote_id, reference, outcome, newest_posting_date of vanished, uncompleted orders.

    Listed are orders that stand in Optiply, are not completed there and are not in
    ``bc.purchase_orders``. ``outcome``: ``completed`` (all received), ``partial`` or ``cancelled``
    (nothing received); ``newest_posting_date`` (timestamp) is that of the newest receipt.
    """
    return f"""
        SELECT remote_id, reference, outcome, newest_posting_date
        FROM ({outcomes(options)}) WHERE NOT is_completed
    """


def outcomes(options: SyncOptions) -> str:
    """As ``buy_orders``, with those that are completed in Optiply already (``is_completed``)."""
    return f"""
        WITH outcome AS (
            SELECT order_id, bool_and(received >= ordered) AS all_received,
                bool_or(received > 0) AS any_received
            FROM ({buy_order_lines(options)}) GROUP BY order_id
        ), posted AS ({NEWEST_RECEIPTS})
        SELECT s.remote_id, {extra("s", "po_number")} AS reference,
            CASE WHEN NOT coalesce(o.any_received, false) THEN 'cancelled'
                WHEN coalesce(o.all_received, false) THEN 'completed'
                ELSE 'partial' END AS outcome,
            CAST(p.newest AS TIMESTAMP) AT TIME ZONE 'UTC' AS newest_posting_date,
            {sent("s", "completed", "VARCHAR")} IS NOT NULL AS is_completed
        FROM sync.buy_orders s
        LEFT JOIN outcome o ON o.order_id = s.remote_id
        LEFT JOIN posted p ON p.po_number = {extra("s", "po_number")}
        WHERE {foreign_keys.standing("s")} AND s.remote_id NOT IN {_LISTED}
          AND NOT {receipt_history.is_rebuilt("s.remote_id")}
    """


def buy_order_lines(options: SyncOptions) -> str:
    """SELECT the lines standing in Optiply of orders that are not in ``bc.purchase_orders``.

    Columns: remote_id, order_id, reference, ordered and received (in the order's unit),
    sent_quantity and sent_subtotal (as Optiply has them), quantity and subtotal (cut down to what
    was received; 0 when nothing was).
    """
    return f"""
        WITH known AS (
            SELECT s.remote_id, {extra("s", "document_id")} AS order_id,
                {extra("s", "po_number")} AS po_number,
                {extra("s", "item_number")} AS item_number,
                {extra("s", "sequence", "BIGINT")} AS sequence,
                {extra("s", "ordered_quantity", NUMBER)} AS ordered,
                {extra("s", "factor", NUMBER)} AS factor,
                {sent("s", "quantity", "BIGINT")} AS sent_quantity,
                {sent("s", "subtotalValue", MONEY)} AS sent_subtotal
            FROM sync.buy_order_lines s
            WHERE {foreign_keys.standing("s")}
              AND coalesce({extra("s", "document_id")} NOT IN {_LISTED}, false)
        ), received AS ({_RECEIVED}
        ), received_of_item AS (
            SELECT po_number, item_number, sum(quantity) AS quantity FROM received GROUP BY ALL
        ), line AS (
            SELECT k.*, {_received_quantity(options)} AS received
            FROM known k
            LEFT JOIN received r ON r.po_number = k.po_number
                AND r.item_number = k.item_number AND r.sequence = k.sequence
            LEFT JOIN received_of_item a ON a.po_number = k.po_number
                AND a.item_number = k.item_number
        ), cut AS (
            SELECT *, CASE WHEN received >= ordered OR ordered IS NULL THEN sent_quantity
                ELSE least(CAST(round(greatest(received, 0) * factor, 0) AS BIGINT), sent_quantity)
                END AS quantity
            FROM line
        )
        SELECT remote_id, order_id, concat_ws(' line ', po_number, sequence) AS reference,
            ordered, received, sent_quantity, sent_subtotal, quantity,
            CASE WHEN quantity = sent_quantity OR sent_quantity <= 0 THEN sent_subtotal
                ELSE {_share("sent_subtotal", "quantity", "sent_quantity")} END AS subtotal
        FROM cut
    """


def _received_quantity(options: SyncOptions) -> str:
    """The line's own receipts; those of the item when it is the item's only line."""
    of_receipts = """CAST(coalesce(
        CASE WHEN count(*) OVER (PARTITION BY k.order_id, k.item_number) = 1
            THEN a.quantity ELSE r.quantity END, 0) AS DECIMAL(38,10))"""
    if options.receipt_source == "purchase_receipts":
        return of_receipts
    # Without readable receipts the last quantity told to Optiply is all that is known.
    return f"""greatest({of_receipts}, coalesce((
        SELECT CASE WHEN {sent("t", "quantity", "BIGINT")} >= k.sent_quantity THEN k.ordered
            ELSE CAST({sent("t", "quantity", "BIGINT")} / k.factor AS {NUMBER}) END
        FROM sync.receipt_lines t
        WHERE t.remote_id = k.remote_id || '_r' AND {foreign_keys.standing("t")}), 0))"""


def _share(amount: str, part: str, whole: str) -> str:
    """SQL: amount * part / whole in exact cents, half a cent up."""
    cents = f"CAST(abs({amount}) * 100 AS HUGEINT)"
    return (
        f"CAST((CASE WHEN {amount} < 0 THEN -1 ELSE 1 END) * "
        f"((2 * {cents} * {part} + {whole}) // (2 * {whole})) AS DECIMAL(38,0)) "
        "* CAST(0.01 AS DECIMAL(3,2))"
    )
