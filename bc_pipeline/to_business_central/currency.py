"""The currency a record names, by id, code or name (target_behaviour.md 3, 10 D10)."""

from __future__ import annotations

from bc_pipeline.business_central.lookup.reference_data import ReferenceData
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.unified import WithCurrency
from bc_pipeline.values import by_code


def names_currency(record: WithCurrency) -> bool:
    """Whether the record says anything about its currency."""
    return bool(record.currency_id or record.currency or record.currency_name)


def currency_code(record: WithCurrency, reference: ReferenceData) -> str | None:
    """Code of the currency; None when the record names none.

    The local currency need not be among BC's currencies (behaviour.md 7): its code is enough.

    Raises:
        RecordError: RecordNotFound, the company does not have it; InvalidInputError, several are
            called so.
    """
    if not names_currency(record):
        return None
    local = reference.local_currency
    row = reference.find(
        "currencies", id=record.currency_id, code=record.currency, name=record.currency_name
    )
    if row is not None:
        return by_code(row.get("code"))
    if local and by_code(record.currency) == local:
        return local
    told = record.currency or record.currency_name or record.currency_id
    raise RecordError("RecordNotFound", f"the company has no currency {told!r}")


def refuse_foreign(record: WithCurrency, reference: ReferenceData, what: str) -> None:
    """Refuses a currency other than the local one where BC's page has no field for it.

    Args:
        what: what would be booked, such as ``payment``.

    Raises:
        RecordError: InvalidInputError; RecordNotFound as ``currency_code``.
    """
    named = currency_code(record, reference)
    local = reference.local_currency
    if named is not None and named != local:
        raise RecordError(
            "InvalidInputError",
            f"the {what} is in {named}; Business Central's page has no currency field, so it would "
            f"be booked as {local or 'the local currency'}",
        )
