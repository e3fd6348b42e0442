"""Business Central's values: what an empty one looks like and how stamps and tags are written."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from bc_pipeline.sandbox.company.metadata import EntityType, Field
from bc_pipeline.sandbox.json_text import JsonValue

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
ZERO_DATE = "0001-01-01"
ZERO_STAMP = "0001-01-01T00:00:00Z"
BLANK_ENUM = "_x0020_"

_EMPTY: Mapping[str, JsonValue] = {
    "Guid": ZERO_GUID,
    "String": "",
    "Decimal": Decimal(0),
    "Int32": 0,
    "Int64": 0,
    "Boolean": False,
    "Date": ZERO_DATE,
    "DateTimeOffset": ZERO_STAMP,
    "Duration": "PT0S",
}


def empty_value(field: Field) -> JsonValue:
    """What Business Central shows for a property nobody filled (behaviour.md 7)."""
    if field.type == "Enum":
        return field.enum[0] if field.enum else BLANK_ENUM
    return _EMPTY.get(field.type)


def empty_row(entity: EntityType) -> dict[str, JsonValue]:
    """A row of ``entity`` with every stored property empty; streams and ``inventory`` are left out.

    Streams have URLs of their own, and ``inventory`` is computed from ledger entries.
    """
    return {
        field.name: empty_value(field)
        for field in entity.fields.values()
        if field.type != "Stream" and not is_computed(entity, field)
    }


def is_computed(entity: EntityType, field: Field) -> bool:
    """True for the one property that no row stores: ``items.inventory``."""
    return entity.entity_set == "items" and field.name == "inventory"


def stored_value(field: Field, value: JsonValue) -> JsonValue:
    """``value`` in the form rows hold: Decimal for decimals, text for dates and stamps."""
    if value is None:
        return empty_value(field)
    if field.type == "Decimal" and not isinstance(value, Decimal):
        return Decimal(str(value))
    if field.type == "DateTimeOffset" and isinstance(value, datetime):
        return stamp_text(value)
    if field.type == "Date" and hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def stamp_text(moment: datetime) -> str:
    """UTC with milliseconds, trailing zeros of the fraction dropped (behaviour.md 3.2)."""
    moment = moment.astimezone(UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
    fraction = f"{moment.microsecond // 1000:03d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def etag_text(version: int) -> str:
    """A weak, opaque tag that is different for every version of a row (behaviour.md 3)."""
    inner = base64.b64encode(f"19;{version:019d};1;00;".encode()).decode()
    return f'W/"{inner}"'


def encode_enum(caption: str) -> str:
    """An enum caption as OData writes it, ``Sales Order`` -> ``Sales_x0020_Order``."""
    if not caption.strip():
        return BLANK_ENUM
    return "".join(c if c.isalnum() or c == "_" else f"_x{ord(c):04X}_" for c in caption)
