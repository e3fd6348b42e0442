"""JSON bodies of writes, checked against the entity's type before any rule runs (behaviour.md 4,
7)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn

from bc_pipeline.sandbox.business_central.query_options import EntityOf
from bc_pipeline.sandbox.company.metadata import EntityType, Field, Navigation
from bc_pipeline.sandbox.company.settings import PropertyOrder
from bc_pipeline.sandbox.company.values import BLANK_ENUM, ZERO_STAMP, encode_enum, stamp_text
from bc_pipeline.sandbox.json_text import JsonValue, check_characters
from bc_pipeline.sandbox.odata_errors import (
    BcError,
    bad_request,
    field_error,
    read_only,
    unknown_property,
)

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_INTEGERS = {"Int32": 2**31, "Int64": 2**63}
# An AL decimal holds less than this.
_DECIMALS_END = Decimal(10) ** 15
# Further properties that are Codes in Business Central although their name does not say so.
_CODES = {"country", "buyFromCountry", "payToCountry", "shipToCountry", "purchaser"}


@dataclass(frozen=True)
class Body:
    """A checked body: values by property in the order they are applied in, and the children of a
    deep insert."""

    values: dict[str, JsonValue]
    children: tuple[tuple[Navigation, tuple[Body, ...]], ...] = ()


def parse_json(text: bytes) -> JsonValue:
    """JSON with exact decimals.

    Raises:
        BcError: 400, it is none, a property is there twice, or a text holds half a character.
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        check_characters(text)
        return json.loads(
            text, parse_float=Decimal, parse_constant=refuse, object_pairs_hook=_no_duplicates
        )
    except (ValueError, RecursionError) as error:
        raise bad_request(f"Invalid JSON. {error}") from error


def check_body(
    given: JsonValue,
    entity: EntityType,
    entity_of: EntityOf,
    *,
    new: bool,
    known: Mapping[str, JsonValue] | None = None,
    order: PropertyOrder = "page",
) -> Body:
    """Check a body against the type of what it is to become.

    Args:
        given: parsed JSON.
        entity_of: gives the type of an entity set, to check children.
        new: a POST, which may carry children; a PATCH may not.
        known: the key the URL names; repeated in the body it means nothing.
        order: the order in which properties are applied: of the page's controls, or of the body.

    Raises:
        BcError: 400.
    """
    if not isinstance(given, dict):
        raise bad_request("The request body must be a JSON object.")
    values: dict[str, JsonValue] = {}
    children = []
    for name, value in given.items():
        if name.startswith("@"):
            continue  # annotations are none of the page's business
        navigation = entity.navigations.get(name)
        if navigation is not None:
            below = _children(navigation, value, entity_of, new=new, order=order)
            children.append((navigation, below))
            continue
        field = entity.fields.get(name)
        if field is None:
            raise unknown_property(name, entity.name)
        if known is not None and name in known and _same_key(value, known[name]):
            continue
        if field.read_only:
            raise read_only(name)
        values[name] = _value(field, value)
    if order == "page":
        values = {name: values[name] for name in entity.fields if name in values}
    return Body(values, tuple(children))


def _same_key(given: JsonValue, known: JsonValue) -> bool:
    return isinstance(given, str) and given.lower() == known


def _no_duplicates(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("A property is given more than once.")
    return result


def _children(
    navigation: Navigation,
    value: JsonValue,
    entity_of: EntityOf,
    *,
    new: bool,
    order: PropertyOrder,
) -> tuple[Body, ...]:
    if not new:
        raise bad_request(f"'{navigation.name}' cannot be changed together with its parent.")
    if not (navigation.many and navigation.part):
        raise bad_request(f"'{navigation.name}' cannot be inserted together with its parent.")
    if not isinstance(value, list):
        raise bad_request(f"'{navigation.name}' must be an array.")
    entity = entity_of(navigation.entity_set)
    return tuple(check_body(child, entity, entity_of, new=True, order=order) for child in value)


def _value(field: Field, value: JsonValue) -> JsonValue:
    reader = _READERS.get(field.type)
    if value is None and field.type == "String":
        return ""  # null clears a text, and only a text
    if value is None and field.type == "Boolean":
        text = f"A value must be provided for the property '{field.name}'."
        raise bad_request(text, "BadRequest_RequiredParamNotProvided")
    if reader is None or value is None:
        raise _unreadable(field, value)
    return reader(field, value)


def _text(field: Field, value: JsonValue) -> str:
    if not isinstance(value, str):
        raise _unreadable(field, value)
    if field.max_length is not None and len(value) > field.max_length:
        raise BcError(
            400,
            "Application_StringExceededLength",
            f"The length of the string is {len(value)}, but it must be less than or equal to "
            f"{field.max_length} characters. Value: {value}",
        )
    return value.strip().upper() if field.is_code or field.name in _CODES else value


def _decimal(field: Field, value: JsonValue) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _unreadable(field, value)
    number = Decimal(value)
    if abs(number) >= _DECIMALS_END:
        raise _unreadable(field, value)
    if field.minimum is not None and number < field.minimum:
        raise field_error(f"The value of {field.name} must be at least {field.minimum}.")
    if field.maximum is not None and number > field.maximum:
        raise field_error(f"The value of {field.name} must be at most {field.maximum}.")
    return number


def _integer(field: Field, value: JsonValue) -> int:
    end = _INTEGERS[field.type]
    if isinstance(value, bool) or not isinstance(value, int) or not -end <= value < end:
        raise _unreadable(field, value)
    return value


def _boolean(field: Field, value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise _unreadable(field, value)
    return value


def _guid(field: Field, value: JsonValue) -> str:
    if not isinstance(value, str):
        raise _unreadable(field, value)
    if not _GUID.fullmatch(value):
        raise bad_request(f"Invalid format of GUID string: '{value}'.", "Application_InvalidGUID")
    return value.lower()


def _date(field: Field, value: JsonValue) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _unreadable(field, value)
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise _unreadable(field, value) from error


def _moment(field: Field, value: JsonValue) -> str:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise _unreadable(field, value)
    if value == ZERO_STAMP:
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise _unreadable(field, value) from error
    # A moment without a zone is read as UTC.
    return stamp_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _enum(field: Field, value: JsonValue) -> str:
    """An enum's member, encoded or plain: ``Same_x0020_Code`` or ``Same Code``."""
    if not isinstance(value, str):
        raise _unreadable(field, value)
    for member in (value, encode_enum(value) if value else ""):
        if member in field.enum or (member == BLANK_ENUM and not field.enum):
            return member
    allowed = ", ".join(field.enum)
    raise bad_request(f"'{value}' is not an option. The existing options are: {allowed}", "Unknown")


def _unreadable(field: Field, value: JsonValue) -> BcError:
    shown = "null" if value is None else f"{value}"
    return bad_request(
        f"Cannot convert the value '{shown}' of property '{field.name}' to type 'Edm.{field.type}'."
    )


_READERS: Mapping[str, Callable[[Field, Any], JsonValue]] = {
    "String": _text,
    "Decimal": _decimal,
    "Int32": _integer,
    "Int64": _integer,
    "Boolean": _boolean,
    "Guid": _guid,
    "Date": _date,
    "DateTimeOffset": _moment,
    "Enum": _enum,
}
