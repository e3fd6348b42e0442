"""Who writes each entity to Business Central."""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.catalogue.exports import Export
from bc_pipeline.to_business_central.bill_payments import writer as bill_payments
from bc_pipeline.to_business_central.bills import writer as bills
from bc_pipeline.to_business_central.buy_orders import source as buy_orders
from bc_pipeline.to_business_central.customers_vendors import masters
from bc_pipeline.to_business_central.journal_entries import writer as journal_entries
from bc_pipeline.to_business_central.writer import Stream, Writer

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


# The streams of unified records, by what they are called in files and Singer messages.

STREAMS: dict[str, Stream] = {
    entity: writer.stream for entity, writer in WRITERS.items() if writer.stream
}
"""By entity."""

_BY_NAME = {stream.name.casefold(): stream for stream in STREAMS.values()}


def stream_named(name: str) -> Stream | None:
    """The stream of a file name or Singer message, upper and lower case alike; None if unknown."""
    return _BY_NAME.get(name.casefold())
