"""Who writes each entity to Business Central."""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.catalogue.exports import Export
from bc_pipeline.to_business_central.bill_payments import writer as bill_payments
from bc_pipeline.to_business_central.bills import writer as bills
from bc_pipeline.to_business_central.buy_orders import source as buy_orders
from bc_pipeline.to_business_central.customers_vendors import masters
from bc_pipeline.to_business_central.journal_entries import writer as journal_entries
from bc_pipeline.to_business_central.writer import Writer

WRITERS: Mapping[str, Writer] = {
    "customers": masters.CUSTOMER_WRITER,
    "vendors": masters.VENDOR_WRITER,
    "purchase_invoices": bills.WRITER,
    "vendor_payments": bill_payments.WRITER,
    "general_journal_lines": journal_entries.WRITER,
    "purchase_orders": buy_orders.WRITER,
}
"""By entity, as the catalogue names them."""


def writer_of(export: Export) -> Writer:
    """The writer of an entity."""
    return WRITERS[export.entity]
