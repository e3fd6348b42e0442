"""The changes by name: what people, tests and the control surface apply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bc_pipeline.sandbox.changes import (
    masters,
    prices,
    purchases,
    receiving,
    sales,
    setup,
    transfers,
)
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.transaction import Transaction

Change = Callable[..., Row]


def _by_name(*changes: Change) -> dict[str, Change]:
    return {change.__name__: change for change in changes}


CHANGES = _by_name(
    masters.move_stock,
    transfers.transfer_stock,
    masters.new_item,
    masters.new_variant,
    masters.rename_item,
    masters.change_price,
    masters.change_gtin,
    masters.block_item,
    masters.unblock_item,
    masters.change_item_type,
    masters.change_item_card,
    masters.change_main_vendor,
    masters.delete_item,
    masters.new_vendor,
    masters.rename_vendor,
    masters.change_vendor_email,
    masters.block_vendor,
    masters.unblock_vendor,
    masters.delete_vendor,
    sales.new_sales_order,
    sales.change_sales_order_line,
    sales.ship_sales_order,
    sales.post_sales_order,
    sales.delete_sales_order,
    sales.new_sales_invoice,
    sales.pay_sales_invoice,
    sales.cancel_sales_invoice,
    purchases.new_purchase_order,
    purchases.add_purchase_line,
    purchases.change_purchase_line,
    purchases.remove_purchase_line,
    purchases.change_vendor_of_purchase_order,
    purchases.change_purchase_order_status,
    purchases.change_requested_date,
    purchases.delete_purchase_order,
    receiving.receive_purchase_order,
    receiving.undo_receipt,
    receiving.invoice_purchase_order,
    receiving.new_purchase_invoice,
)

NAMES: tuple[str, ...] = tuple(CHANGES)

# What is changed rarely and on purpose; random business leaves it alone.
SETUP_CHANGES = _by_name(
    setup.new_dimension,
    setup.new_dimension_value,
    setup.delete_dimension,
    setup.block_dimension,
    setup.unblock_dimension,
    setup.block_dimension_value,
    setup.unblock_dimension_value,
    setup.block_account,
    setup.unblock_account,
    masters.block_customer,
    masters.unblock_customer,
    masters.clear_posting_groups,
    purchases.enter_vendor_invoice_number,
    prices.new_purchase_price,
    prices.new_sales_price,
)


def change_called(name: str) -> Change:
    """The change of this name. Raises KeyError for an unknown one."""
    return (CHANGES | SETUP_CHANGES)[name]


def apply_to(company: Company, name: str, params: dict[str, Any]) -> str:
    """Applies one change to a company and describes it.

    Args:
        name: one of :data:`NAMES` or of :data:`SETUP_CHANGES`.
        params: the change's keyword arguments; items, vendors, orders ... by number or id.

    Raises:
        KeyError: no such change.
        TypeError: parameters it does not take.
        Refused: Business Central would not allow it; nothing has changed.
    """
    with Transaction([company]):
        result = change_called(name)(company, **params)
    told = ", ".join(f"{key}={value!r}" for key, value in params.items())
    outcome = result.get("number") or result.get("documentNumber") or result.get("code") or ""
    return f"{name}({told})" + (f" -> {outcome}" if outcome else "")
