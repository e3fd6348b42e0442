"""From a raw record to its model: strict types, unknown fields dropped and counted
(target_behaviour.md 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.inbox.cells import (
    CODES,
    Amount,
    Mark,
    is_amount,
    means_nothing,
    plain,
    unspoilt,
)
from bc_pipeline.to_business_central.inbox.formats import RawLine, Unreadable, json_value
from bc_pipeline.to_business_central.unified import (
    DIMENSION_SUFFIXES,
    Unified,
    UnifiedRecord,
    WithDimensions,
    is_given,
)
from bc_pipeline.to_business_central.writer import Stream
from bc_pipeline.values import storable

# The names of fields as the models have them, however a file spells them.
#
# A column ``IsDraft`` that went unread would turn a draft into a bill that is posted: upper and
# lower case say nothing in a name. Only ``id`` is meant when it is spelled so: a column ``ID`` is
# mostly the producer's own number of a row, not an id in Business Central.

_EXACT = frozenset({"id"})


def respelled(fields: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """``fields`` by the names that are known; a name nobody knows stays as it is.

    Raises:
        Unreadable: a known name stands there twice, in two spellings.
    """
    by_letters = {name.casefold(): name for name in known if name not in _EXACT}
    names = {name: _spelt(name, by_letters, fields) for name in fields}
    if len(set(names.values())) < len(names):
        twice = Counter(names.values()).most_common(1)[0][0]
        spellings = [repr(given) for given, name in names.items() if name == twice]
        raise Unreadable(f"{' and '.join(spellings)} are one field, {twice}; leave one of them")
    return {names[name]: value for name, value in fields.items()}


def _spelt(name: str, by_letters: Mapping[str, str], fields: Mapping[str, Any]) -> str:
    known = by_letters.get(name.casefold(), name)
    # Beside the name itself another spelling of it is a column of the producer's own.
    return name if known in fields else known


STRUCTURE_ERROR = "InvalidStructure"
_NAMED_ERRORS = 3
_YES = ("true", "1", "1.0", "yes", "waar", "ja", "wahr", "vrai", "oui")
_NO = ("false", "0", "0.0", "no", "onwaar", "nee", "falsch", "nein", "faux", "non")
_FLAGS = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
"""What a spreadsheet makes of a flag is in its own language."""


def structure_error(stream: str, reason: str) -> RecordError:
    """A record that is not what its stream says (target_behaviour.md 2)."""
    return RecordError(
        STRUCTURE_ERROR, f"Failed Structure/Datatype validation for {stream}: {storable(reason)}"
    )


@dataclass(frozen=True)
class Reading:
    """How the rows of one file are read.

    Args:
        prefixes: record field prefixes of the mapped dimensions.
        table: they are rows of a spreadsheet or frame.
        mark: decimal mark of amounts that are text.
    """

    prefixes: frozenset[str]
    table: bool = False
    mark: Mark = "."


def with_lists(stream: Stream, raw: RawLine, prefixes: Collection[str]) -> RawLine:
    """The line by the names the model has, with its lists, where these stand as JSON in a cell; or
    why that cannot be made out."""
    try:
        listed = _with_lists(stream, raw, prefixes)
        return replace(listed, value=_respelled(stream.model, listed.value or {}, prefixes))
    except Unreadable as error:
        return replace(raw, error=str(error))


def _respelled(
    model: type[Unified], fields: Mapping[str, Any], prefixes: Collection[str]
) -> dict[str, Any]:
    """The fields by the names that are known, those of its parts too."""
    found = respelled(fields, _names(model, prefixes))
    for name, field in _known(model).items():
        part, value = _part(field), found.get(name)
        if part is not None and isinstance(value, list):
            found[name] = [
                _respelled(part, entry, prefixes) if isinstance(entry, Mapping) else entry
                for entry in value
            ]
    return found


def _names(model: type[Unified], prefixes: Collection[str]) -> set[str]:
    """What a file may name."""
    names = set(_known(model))
    if issubclass(model, WithDimensions):
        names |= {prefix + suffix for prefix in prefixes for suffix in DIMENSION_SUFFIXES}
    return names


def _with_lists(stream: Stream, raw: RawLine, prefixes: Collection[str]) -> RawLine:
    fields = respelled(raw.value or {}, _names(stream.model, prefixes))
    for name, field in _known(stream.model).items():
        value = fields.get(name)
        if _part(field) is None or not isinstance(value, str) or not value.strip():
            continue
        if raw.table and means_nothing(value):
            del fields[name]
            continue
        try:
            fields[name] = json_value(value)
        except Unreadable as error:
            return replace(raw, value=fields, error=f"{name}: {error}")
    return replace(raw, value=fields)


def amounts(stream: Stream, raw: RawLine) -> Iterator[Amount]:
    """The amounts of a line that are text, those of its parts too."""
    return (Amount(raw.number, text) for text in _amounts(stream.model, raw.value or {}))


def _amounts(model: type[Unified], fields: Mapping[str, Any]) -> Iterator[str]:
    for name, field in _known(model).items():
        value, part = fields.get(name), _part(field)
        if is_amount(field) and isinstance(value, str):
            yield value.strip()
        elif part is not None and isinstance(value, list):
            for entry in value:
                if isinstance(entry, Mapping):
                    yield from _amounts(part, entry)


def read_record(
    stream: Stream, fields: Mapping[str, Any], reading: Reading
) -> tuple[UnifiedRecord, Counter[str]]:
    """The record, and how often each unknown field was dropped (``lineItems.colour``).

    Args:
        fields: as read, with their lists.

    Raises:
        RecordError: types do not fit.
    """
    dropped: Counter[str] = Counter()
    try:
        prepared = _prepared(stream.model, fields, reading, "", dropped)
        return stream.model.model_validate(prepared), dropped
    except Unreadable as error:
        raise structure_error(stream.name, str(error)) from None
    except ValidationError as error:
        raise structure_error(stream.name, _what_is_wrong(error)) from None


def external_id(fields: Mapping[str, Any] | None, reading: Reading) -> str | None:
    """That of a record that does not fit, when it can be made out."""
    given = (fields or {}).get("externalId")
    if isinstance(given, bool) or not isinstance(given, str | int):
        return None
    try:
        return _text("externalId", str(given), reading) if reading.table else str(given)
    except Unreadable:
        return str(given)


def _prepared(
    model: type[Unified],
    fields: Mapping[str, Any],
    reading: Reading,
    path: str,
    dropped: Counter[str],
) -> dict[str, Any]:
    """What the model knows of the fields; dimension fields apart."""
    known = _known(model)
    prepared: dict[str, Any] = {}
    dimension_fields: dict[str, Any] = {}
    for name, value in fields.items():
        is_dimension = issubclass(model, WithDimensions) and _is_dimension(name, reading.prefixes)
        if is_dimension:
            given = _text(name, value, reading, code=name.endswith("Number"))
            if is_given(given):
                dimension_fields[name] = given
        if name in known:
            prepared[name] = _value(name, known[name], value, reading, path, dropped)
        elif not is_dimension and value is not None:
            dropped[f"{path}{name}"] += 1
    if dimension_fields:
        prepared["dimensionFields"] = dimension_fields
    return prepared


def _known(model: type[Unified]) -> dict[str, FieldInfo]:
    """The fields a file may give, by their names there."""
    known = {field.alias or name: field for name, field in model.model_fields.items()}
    known.pop("dimensionFields", None)
    return known


def _is_dimension(name: str, prefixes: frozenset[str]) -> bool:
    return any(name.removesuffix(suffix) in prefixes for suffix in DIMENSION_SUFFIXES)


def _value(
    name: str,
    field: FieldInfo,
    value: Any,  # noqa: ANN401 - any JSON
    reading: Reading,
    path: str,
    dropped: Counter[str],
) -> Any:  # noqa: ANN401 - any JSON
    part = _part(field)
    if part is not None and isinstance(value, list):
        return [
            _prepared(part, entry, reading, f"{path}{name}.", dropped)
            if isinstance(entry, Mapping)
            else entry
            for entry in value
        ]
    given = _text(name, value, reading, code=name in CODES)
    if not (reading.table and isinstance(given, str)):
        return given
    if is_amount(field):
        return plain(given, reading.mark)
    if field.annotation == (bool | None):
        return _FLAGS.get(given.lower(), given)
    return given


def _text(name: str, value: Any, reading: Reading, *, code: bool = False) -> Any:  # noqa: ANN401
    """A value as it was meant; a ``code`` may be a word that elsewhere means nothing."""
    if not (reading.table and isinstance(value, str)):
        return value
    text = unspoilt(value, name)
    return None if means_nothing(text) and not code else text


def _part(field: FieldInfo) -> type[Unified] | None:
    """The model of the entries, when the field is a list of parts."""
    if isinstance(field.annotation, UnionType):
        return None
    entry = next(iter(get_args(field.annotation)), None)
    return entry if isinstance(entry, type) and issubclass(entry, Unified) else None


def _what_is_wrong(error: ValidationError) -> str:
    """The first few things wrong, without values: they may be private."""
    errors = error.errors(include_url=False, include_input=False)
    told = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in errors[:_NAMED_ERRORS]]
    if len(errors) > _NAMED_ERRORS:
        told.append(f"and {len(errors) - _NAMED_ERRORS} more")
    return "; ".join(told)
