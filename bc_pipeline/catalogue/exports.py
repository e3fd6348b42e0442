"""The entities written to Business Central."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bc_pipeline.tenants.settings import Tenant


@dataclass(frozen=True)
class Export:
    """One entity that is written.

    Args:
        entity: as in the ledger.
        description: for the people who read the page of its asset.
        switch: the setting under ``exports`` that turns it on.
        after: entities that come first in a run.
        shown_after: those of them that are upstream of its asset.
        refers_to: entities whose records its own refer to, so that they wait when those do.
        stream: the unified records its files carry, as in file names and Singer messages; None:
            its records come in no files, its writer finds them.
    """

    entity: str
    description: str
    switch: str
    after: tuple[str, ...] = ()
    shown_after: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()
    stream: str | None = None

    @property
    def from_files(self) -> bool:
        """Whether its records come in files."""
        return self.stream is not None

    def is_on(self, tenant: Tenant) -> bool:
        """Whether the tenant's settings switch it on."""
        return bool(getattr(tenant.exports, self.switch))

    @property
    def task(self) -> str:
        """Name of its task and asset."""
        return f"outbound/{self.entity}"


_DECLARED = (
    Export(
        "customers",
        "Unified customers from files, created or updated.",
        "accounting",
        stream="Customers",
    ),
    Export(
        "vendors",
        "Unified vendors from files, created or updated.",
        "accounting",
        stream="Vendors",
    ),
    Export(
        "purchase_invoices",
        "Unified bills from files as purchase invoices with their lines: drafts, unless "
        "`exports.post_documents` allows posting.",
        "accounting",
        stream="Bills",
        after=("customers", "vendors"),
        shown_after=("vendors",),
        refers_to=("vendors",),
    ),
    Export(
        "vendor_payments",
        "Unified bill payments from files as lines of a vendor payment journal, never posted here.",
        "accounting",
        stream="BillPayments",
        after=("purchase_invoices",),
        shown_after=("purchase_invoices",),
        refers_to=("vendors", "purchase_invoices"),
    ),
    Export(
        "general_journal_lines",
        "Unified journal entries from files as general journals, posted and verified in the "
        "ledger when `exports.post_documents` allows it.",
        "accounting",
        stream="JournalEntries",
        after=("vendor_payments",),
    ),
    Export(
        "purchase_orders",
        "Buy orders that users made in Optiply as purchase orders, each with a marker by which it "
        "is known again.",
        "buy_orders",
    ),
)
EXPORTS: Mapping[str, Export] = {export.entity: export for export in _DECLARED}
"""By entity, in the order of a run."""


def export_named(task: str) -> Export:
    """The export behind a task name, ``outbound/customers``.

    Raises:
        KeyError: there is none.
    """
    return EXPORTS[task.removeprefix("outbound/")]
