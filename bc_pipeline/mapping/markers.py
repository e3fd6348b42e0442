"""``OP-<id>`` in a purchase order: Optiply's own reference to the buy order it was made from
(mapping.md 8.3)."""

from __future__ import annotations

import re

PREFIX = "OP-"
_PATTERN = rf"{PREFIX}([1-9]\d{{0,17}})"


def marker(buy_order_id: int) -> str:
    """The marker of a buy order."""
    return f"{PREFIX}{buy_order_id}"


def marked_id(text: object) -> int | None:
    """The buy order a text stands for, when it is a marker and nothing else."""
    found = re.fullmatch(_PATTERN, text.strip().upper()) if isinstance(text, str) else None
    return int(found[1]) if found else None


IN_COMMENTS = f"""
    SELECT DISTINCT guid(documentId) AS order_id,
        CAST(regexp_extract(upper(trim(description)), '^{_PATTERN}$', 1) AS BIGINT) AS buy_order_id
    FROM bc.purchase_order_lines
    WHERE lineType = 'Comment' AND regexp_full_match(upper(trim(description)), '{_PATTERN}')
"""
"""SELECT order_id, buy_order_id of the purchase orders with a marker as a comment line."""

IN_NUMBERS = f"""
    SELECT guid(id) AS order_id,
        CAST(regexp_extract(upper(trim(number)), '^{_PATTERN}$', 1) AS BIGINT) AS buy_order_id
    FROM bc.purchase_orders WHERE regexp_full_match(upper(trim(number)), '{_PATTERN}')
"""
"""The same of those whose number is a marker."""
