"""Customers and vendors, field by field: what of a record becomes which property in BC.

Decisions where the reference leaves room or is wrong (target_behaviour.md 3-5, 10):

* Only what the record gives and what BC does not show yet is sent. Nothing is ever cleared.
* ``isActive`` false blocks all; true lifts only that. A block of one kind (Ship, Invoice, Payment)
  is a decision made in BC about an active customer or vendor, and stays.
* Phone: the number of type ``unknown`` or without a type, else the first. Address: by
  ``addressType`` in the entity's order, else the first; parts it lacks are left alone in BC.
* A currency or payment method that is given and not found is refused: without it, or with its
  text, the record would say something else. The local currency is stored as blank, so only
  ``currencyCode`` is sent, which takes it (rules.md 0.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic.alias_generators import to_camel

from bc_pipeline.business_central.lookup.reference_data import KindName, ReferenceData
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central import properties
from bc_pipeline.to_business_central.documents.amounts import currency_code
from bc_pipeline.to_business_central.documents.lookups import kinds_needed
from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.properties import differences
from bc_pipeline.to_business_central.unified import Address, Party, PhoneNumber
from bc_pipeline.values import member

NUMBER_LENGTH = 20
ALL, NOT_BLOCKED = "All", "_x0020_"

_PROPERTIES = properties.by_name(
    properties.texts("displayName", "addressLine1", "addressLine2", "city", "state"),
    properties.texts("phoneNumber", "email", "website"),
    properties.codes("number", "country", "postalCode", "currencyCode"),
    properties.members("type", "blocked"),
    properties.flags("taxLiable"),
    properties.guids("paymentMethodId"),
)

_ADDRESS: Mapping[str, str] = {
    "line1": "addressLine1",
    "line2": "addressLine2",
    "city": "city",
    "state": "state",
    "country": "country",
    "postal_code": "postalCode",
}


def _as_given(value: Any, _: ReferenceData) -> Any:  # noqa: ANN401 - text or flag
    return value.strip() if isinstance(value, str) else value


@dataclass(frozen=True)
class Field:
    """One field of the record and the property it becomes.

    Args:
        source: attribute of the unified record.
        target: property in BC.
        value: what is sent for what the record gives.
    """

    source: str
    target: str
    value: Callable[[Any, ReferenceData], Any] = _as_given


@dataclass(frozen=True)
class Master:
    """What makes customers and vendors differ.

    Args:
        entity: as in the ledger; also the entity set.
        number: attribute of the record that is the natural key, ``number`` in BC.
        name: attribute of the record that becomes ``displayName``.
        fields: besides number and name.
        addresses: types of address, the best one first.
        named: BC takes none without a name (rules.md 1.1, 2.1).
    """

    entity: str
    number: str
    name: str
    fields: tuple[Field, ...]
    addresses: tuple[str, ...]
    named: bool

    @property
    def name_field(self) -> str:
        """What the name is called in the file."""
        return to_camel(self.name)


def blocked(active: bool, _: ReferenceData) -> str:
    """``isActive`` as ``blocked``; see the module for what lifts which block."""
    return NOT_BLOCKED if active else ALL


def person(is_person: bool, _: ReferenceData) -> str:
    """``isPerson`` as the customer's type."""
    return "Person" if is_person else "Company"


def payment_method(text: str, reference: ReferenceData) -> str:
    """Id of the payment method with this id, code or name.

    Raises:
        RecordError: RecordNotFound.
    """
    row = reference.find("payment_methods", id=text, code=text, name=text)
    if row is None:
        raise RecordError("RecordNotFound", f"there is no payment method {text!r}")
    return str(row["id"])


def needed_kinds(master: Master, pendings: Sequence[Pending]) -> frozenset[KindName]:
    """The reference data these records need."""
    paid = [field.source for field in master.fields if field.value is payment_method]
    by_method = any(getattr(pending.record, source) for pending in pendings for source in paid)
    return kinds_needed(pendings) | ({"payment_methods"} if by_method else set())


def body_of(master: Master, record: Party, reference: ReferenceData) -> dict[str, Any]:
    """The properties the record gives; what it does not give is not in it.

    Raises:
        RecordError: a number that is too long, a currency or payment method nobody knows.
    """
    number, name = getattr(record, master.number), getattr(record, master.name)
    if number and len(number.strip()) > NUMBER_LENGTH:
        raise RecordError(
            "InvalidInputError", f"the number {number!r} is longer than {NUMBER_LENGTH} characters"
        )
    body: dict[str, Any] = {
        "number": number and number.strip(),
        "displayName": name and name.strip(),
    }
    for field in master.fields:
        given = getattr(record, field.source)
        body[field.target] = None if given is None else field.value(given, reference)
    body["phoneNumber"] = phone_number(record.phone_numbers)
    body |= address_parts(record.addresses, master.addresses)
    body["currencyCode"] = currency_code(record, reference)
    return {name: value for name, value in body.items() if value is not None}


def phone_number(numbers: Sequence[PhoneNumber]) -> str | None:
    """The number of type ``unknown`` or without a type, else the first."""
    given = [(each.type or "unknown", each.phone_number) for each in numbers if each.phone_number]
    plain = [number for kind, number in given if kind.strip().casefold() == "unknown"]
    chosen = plain or [number for _, number in given]
    return chosen[0].strip() if chosen else None


def address_parts(addresses: Sequence[Address], types: Sequence[str]) -> dict[str, str]:
    """The parts the best address has, by property; missing parts are not in it.

    Args:
        addresses: of the record.
        types: the best one first; without one of these the first address counts.
    """
    given = [
        (address, parts)
        for address in addresses
        if (
            parts := {
                target: value.strip()
                for source, target in _ADDRESS.items()
                if (value := getattr(address, source))
            }
        )
    ]
    for wanted in types:
        for address, parts in given:
            if (address.address_type or "").strip().casefold() == wanted:
                return parts
    return given[0][1] if given else {}


def wanted_changes(body: Mapping[str, Any], row: Mapping[str, Any] | None) -> dict[str, Any]:
    """What of ``body`` the row does not show; without a row, what a new record is made of.

    Only a block of everything is ever lifted.
    """
    changes = dict(body) if row is None else differences(_PROPERTIES, row, body)
    if changes.get("blocked") == NOT_BLOCKED and member((row or {}).get("blocked")) != ALL:
        del changes["blocked"]
    return changes
