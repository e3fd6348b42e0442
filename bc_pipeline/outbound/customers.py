"""Unified ``Customers`` as customers of Business Central (target_behaviour.md 4)."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.business_central.reference import KindName
from bc_pipeline.outbound.masters import target as masters
from bc_pipeline.outbound.masters.fields import (
    Field,
    Master,
    blocked,
    needed_kinds,
    payment_method,
    person,
)
from bc_pipeline.outbound.model import ExportContext, Pending

CUSTOMERS = Master(
    entity="customers",
    number="customer_number",
    name="company_name",
    name_field="companyName",
    fields=(
        Field("email", "email"),
        Field("website", "website"),
        Field("taxable", "taxLiable"),
        Field("is_person", "type", person),
        Field("is_active", "blocked", blocked),
        Field("payment_method", "paymentMethodId", payment_method),
    ),
    addresses=("shipping", "billing"),
    named=True,
)


def needs(pendings: Sequence[Pending]) -> frozenset[KindName]:
    """The reference data these records need."""
    return needed_kinds(CUSTOMERS, pendings)


def validate(context: ExportContext, pending: Pending) -> None:
    """What can be known before anything is written.

    Raises:
        RecordError: the record cannot be written as it is.
    """
    masters.work_of(CUSTOMERS, context, pending)


def write(context: ExportContext, pendings: Sequence[Pending]) -> None:
    """Creates, updates or leaves alone each customer, and settles or holds its record.

    Raises:
        AuthError, Cancelled: the rest was left alone; the ledger knows where each stands.
    """
    masters.write(CUSTOMERS, context, pendings)
