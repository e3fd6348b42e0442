"""The assets that write to Business Central, and the reference data only they read."""

from __future__ import annotations

from bc_pipeline.assets.entry import OUTBOUND, AssetEntry, read
from bc_pipeline.outbound.inbox.streams import STREAMS

ENTITY_OF_STREAM: dict[str, str] = {
    **{stream.name.lower(): entity for entity, stream in STREAMS.items()},
    "buyorders": "purchase_orders",
}
"""How producers call an entity, in lower case -> the asset's name without its group."""

ACCOUNTING = "exports.accounting"
"""The key that switches the files on."""

REFERENCE_ENTRIES: tuple[AssetEntry, ...] = (
    read("accounts", "The chart of accounts, for bills and journal entries.", setting=ACCOUNTING),
    read("currencies", "Currencies, for customers, vendors and bills.", setting=ACCOUNTING),
    read("payment_methods", "Payment methods, for customers.", setting=ACCOUNTING),
    read(
        "vendor_payment_journals",
        "The journals that bill payments are written into; an accountant posts them.",
        setting=ACCOUNTING,
    ),
)


_REFERENCE = tuple(entry.name for entry in REFERENCE_ENTRIES)


def _from_files(entity: str, description: str, *after: str) -> AssetEntry:
    """An entity whose records come in files; ``after`` are those its records may refer to."""
    needs = ("bc/dimensions", "bc/locations", *_REFERENCE, *after)
    return AssetEntry(f"{OUTBOUND}/{entity}", description, needs, ACCOUNTING)


OUTBOUND_ENTRIES: tuple[AssetEntry, ...] = (
    _from_files("customers", "Unified customers from files, created or updated."),
    _from_files("vendors", "Unified vendors from files, created or updated."),
    _from_files(
        "purchase_invoices",
        "Unified bills from files as purchase invoices with their lines: drafts, unless "
        "`exports.post_documents` allows posting.",
        "outbound/vendors",
    ),
    _from_files(
        "vendor_payments",
        "Unified bill payments from files as lines of a vendor payment journal, never posted here.",
        "outbound/purchase_invoices",
    ),
    _from_files(
        "general_journal_lines",
        "Unified journal entries from files as general journals, posted and verified in the "
        "ledger when `exports.post_documents` allows it.",
    ),
    AssetEntry(
        f"{OUTBOUND}/purchase_orders",
        "Buy orders that users made in Optiply as purchase orders, each with a marker by which it "
        "is known again.",
        (
            "bc/dimensions",
            "bc/locations",
            "optiply/products",
            "optiply/suppliers",
            "optiply/buy_orders",
            "optiply/buy_order_lines",
        ),
        "exports.buy_orders",
    ),
)
