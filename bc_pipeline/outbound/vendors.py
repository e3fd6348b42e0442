"""Unified ``Vendors`` as vendors of Business Central (target_behaviour.md 5)."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.business_central.reference import KindName
from bc_pipeline.outbound.masters import target as masters
from bc_pipeline.outbound.masters.fields import Field, Master, blocked, needed_kinds
from bc_pipeline.outbound.model import ExportContext, Pending

VENDORS = Master(
    entity="vendors",
    number="vendor_number",
    name="vendor_name",
    name_field="vendorName",
    fields=(
        Field("email", "email"),
        Field("website", "website"),
        Field("is_active", "blocked", blocked),
    ),
    # Orders and payments go to where a vendor bills from; goods are not shipped there.
    addresses=("billing", "shipping"),
    named=False,
)


def needs(pendings: Sequence[Pending]) -> frozenset[KindName]:
    """The reference data these records need."""
    return needed_kinds(VENDORS, pendings)


def validate(context: ExportContext, pending: Pending) -> None:
    """What can be known before anything is written.

    Raises:
        RecordError: the record cannot be written as it is.
    """
    masters.work_of(VENDORS, context, pending)


def write(context: ExportContext, pendings: Sequence[Pending]) -> None:
    """Creates, updates or leaves alone each vendor, and settles or holds its record.

    Raises:
        AuthError, Cancelled: the rest was left alone; the ledger knows where each stands.
    """
    masters.write(VENDORS, context, pendings)
