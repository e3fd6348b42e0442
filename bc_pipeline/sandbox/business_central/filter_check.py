"""A ``$filter`` tree, checked against an entity's properties, as a test of rows.

The rules are Business Central's, narrower than OData's (behaviour.md 3.1).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from bc_pipeline.sandbox.business_central.filter_parser import (
    Call,
    Comparison,
    Junction,
    Lambda,
    Literal,
    Node,
    Operand,
    Property,
)
from bc_pipeline.sandbox.company.metadata import EntityType, Field
from bc_pipeline.sandbox.json_text import JsonValue
from bc_pipeline.sandbox.odata_errors import BcError, bad_request, not_implemented, unknown_property

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
Value = Callable[[Row], Any]

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": operator.contains,
}
_CHANGES: Mapping[str, Callable[[str], str]] = {"tolower": str.lower, "toupper": str.upper}
# What a literal must look like for a property of each type.
_LITERAL_OF: Mapping[str, str] = {
    "String": "string",
    "Enum": "string",
    "Guid": "guid",
    "Decimal": "number",
    "Int32": "number",
    "Int64": "number",
    "Boolean": "boolean",
    "Date": "date",
    "DateTimeOffset": "datetime",
}


class FilterChecker:
    """Compiles filters of one entity.

    Args:
        newer_schema: ``$schemaversion=2.1`` was asked for: ``in`` and nested functions work.
    """

    def __init__(self, entity: EntityType, *, newer_schema: bool = False) -> None:
        self._entity = entity
        self._newer = newer_schema

    def test(self, node: Node) -> Test:
        """A function that says whether a row passes.

        Raises:
            BcError: unknown or unfilterable property, types that do not agree, OR over distinct
                properties, a function that is not supported.
        """
        match node:
            case Lambda():
                return lambda row: True
            case Junction("and", terms):
                tests = [self.test(term) for term in terms if not isinstance(term, Lambda)]
                return lambda row: all(test(row) for test in tests)
            case Junction(_, terms):
                self._check_one_property(node)
                tests = [self.test(term) for term in terms]
                return lambda row: any(test(row) for test in tests)
            case Comparison(left, sign, right):
                return self._comparison(left, sign, right)
            case Call():
                return self._text_test(node)

    def _check_one_property(self, node: Node) -> None:
        if len(set(properties(node))) > 1:
            raise not_implemented("The 'OR' operator is not supported on distinct fields.")

    def _comparison(self, left: Operand, sign: str, right: Operand | tuple[Literal, ...]) -> Test:
        field, value = self._value(left)
        if isinstance(right, tuple):
            if not self._newer:
                raise not_implemented("The operator 'in' needs schema version 2.1.")
            wanted = {self._constant(field, literal) for literal in right}
            return lambda row: value(row) in wanted
        if not isinstance(right, Literal):
            raise bad_request("A property can only be compared with a constant.")
        if field.type in ("Boolean", "Enum") and sign not in ("eq", "ne"):
            _incompatible(field, right, sign)
        constant = self._constant(field, right)
        compare = _OPERATORS[sign]
        return lambda row: compare(value(row), constant)

    def _text_test(self, call: Call) -> Test:
        compare = _TESTS.get(call.function)
        if compare is None:
            raise bad_request(f"An unknown function with name '{call.function}' was found.")
        if len(call.arguments) != 2 or not isinstance(call.arguments[1], Literal):
            raise bad_request(f"The arguments of '{call.function}' are not valid.")
        field, value = self._value(call.arguments[0], inside_function=True)
        part = str(self._text_constant(field, call.arguments[1]))
        return lambda row: compare(value(row), part)

    def _value(self, operand: Operand, *, inside_function: bool = False) -> tuple[Field, Value]:
        match operand:
            case Property(name):
                field = self.field(name)
                return field, _reader(field)
            case Call(function, arguments) if function in (*_CHANGES, "substring"):
                if inside_function and not self._newer:
                    raise bad_request("Nested function calls need schema version 2.1.")
                return self._changed_text(function, arguments)
            case Call(function):
                raise bad_request(f"An unknown function with name '{function}' was found.")
        raise bad_request("A comparison must start with a property.")

    def _changed_text(self, function: str, arguments: tuple[Operand, ...]) -> tuple[Field, Value]:
        if not arguments:
            raise bad_request(f"The arguments of '{function}' are not valid.")
        field, value = self._value(arguments[0], inside_function=True)
        if field.type != "String":
            raise bad_request(f"The function '{function}' needs a text property.")
        # The result is text of its own, no longer a Code that is compared upper-case.
        plain = Field(field.name + " text", "String")
        if function == "substring":
            start, length = self._positions(arguments[1:])
            return plain, lambda row: value(row)[start : None if length is None else start + length]
        if len(arguments) != 1:
            raise bad_request(f"The arguments of '{function}' are not valid.")
        change = _CHANGES[function]
        return plain, lambda row: change(value(row))

    def _positions(self, arguments: tuple[Operand, ...]) -> tuple[int, int | None]:
        numbers = [
            int(argument.value)
            for argument in arguments
            if isinstance(argument, Literal)
            and isinstance(argument.value, Decimal)
            and argument.value >= 0
            and argument.value == int(argument.value)
        ]
        if len(numbers) != len(arguments) or not 1 <= len(numbers) <= 2:
            raise bad_request("The arguments of 'substring' are not valid.")
        return numbers[0], numbers[1] if len(numbers) == 2 else None

    def field(self, name: str) -> Field:
        """The property of that name, if a filter may use it."""
        field = self._entity.fields.get(name)
        if field is None:
            raise unknown_property(name, self._entity.name)
        if field.source == "variable" or field.type == "Stream":
            raise bad_request(f"The property '{name}' cannot be used in $filter or $orderby.")
        return field

    def _text_constant(self, field: Field, literal: Literal) -> JsonValue:
        if field.type != "String" or literal.kind != "string":
            _incompatible(field, literal, "a text function")
        return _fitting(field, literal)

    def _constant(self, field: Field, literal: Literal) -> JsonValue:
        if literal.kind == "null" and field.type == "String":
            return ""  # there is no null in the database: it means blank
        if _LITERAL_OF.get(field.type) != literal.kind:
            _incompatible(field, literal, "a comparison")
        if field.type == "Enum":
            member = "_x0020_" if str(literal.value).strip() == "" else literal.value
            if field.enum and member not in field.enum:
                raise BcError(
                    400, "Unknown", f"'{literal.value}' is not an option of '{field.name}'."
                )
            return member
        if field.type in ("DateTimeOffset", "Date"):
            return _moment(str(literal.value), field)
        return _fitting(field, literal)


def properties(node: Node | Operand) -> Iterator[str]:
    """Names of all properties a filter mentions, again for each mention."""
    match node:
        case Property(name):
            yield name
        case Junction(_, terms):
            for term in terms:
                yield from properties(term)
        case Comparison(left):
            yield from properties(left)
        case Call(_, arguments):
            for argument in arguments:
                yield from properties(argument)


def equal_to(node: Node | None, name: str) -> JsonValue | None:
    """The constant ``name`` must equal for any row to pass, None when the filter names none."""
    match node:
        case Comparison(Property(found), "eq", Literal(_, value)) if found == name:
            return value
        case Junction("and", terms):
            return next((v for term in terms if (v := equal_to(term, name)) is not None), None)
    return None


def moment_key(text: str) -> str:
    """A UTC stamp as text that sorts by time: no zone, no trailing zeros of the fraction."""
    text = text.removesuffix("Z")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(text: str, field: Field) -> str:
    """A date or stamp of a filter as rows are compared by; no zone is not valid (3.1)."""
    try:
        moment = datetime.fromisoformat(text)
        if field.type == "Date":
            return moment.date().isoformat()
        return moment_key(moment.astimezone(UTC).replace(tzinfo=None).isoformat())
    except (ValueError, OverflowError) as error:
        raise bad_request(f"'{text}' is not a valid {field.type} literal.") from error


def sort_key(field: Field) -> Value:
    """What rows are compared by for this property."""
    return _reader(field)


def _reader(field: Field) -> Value:
    name = field.name
    if field.type == "DateTimeOffset":
        return lambda row: moment_key(row[name])
    if field.is_code:
        return lambda row: row[name].upper()
    return lambda row: row[name]


def _fitting(field: Field, literal: Literal) -> JsonValue:
    value = literal.value
    if field.max_length and isinstance(value, str) and len(value) > field.max_length:
        raise BcError(
            400,
            "Application_FilterErrorException",
            f"The filter value '{value}' is longer than the field '{field.name}' "
            f"({field.max_length} characters).",
        )
    return value.upper() if field.is_code and isinstance(value, str) else value


def _incompatible(field: Field, literal: Literal, what: str) -> NoReturn:
    raise bad_request(
        "A binary operator with incompatible types was detected. Found operand types "
        f"'Edm.{field.type}' and '{literal.kind}' for {what}."
    )
