"""From a raw record to its model: strict types, unknown fields dropped and counted
(target_behaviour.md 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from types import UnionType
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from bc_pipeline.outbound.inbox.formats import Unreadable, json_value
from bc_pipeline.outbound.inbox.streams import Stream
from bc_pipeline.outbound.model import RecordError
from bc_pipeline.outbound.unified import (
    DIMENSION_SUFFIXES,
    Unified,
    UnifiedRecord,
    WithDimensions,
)

STRUCTURE_ERROR = "InvalidStructure"
_NAMED_ERRORS = 3
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def structure_error(stream: str, reason: str) -> RecordError:
    """A record that is not what its stream says (target_behaviour.md 2)."""
    return RecordError(
        STRUCTURE_ERROR, f"Failed Structure/Datatype validation for {stream}: {reason}"
    )


def read_record(
    stream: Stream,
    fields: Mapping[str, Any],
    prefixes: Collection[str],
    *,
    as_text: bool = False,
) -> tuple[UnifiedRecord, Counter[str]]:
    """The record, and how often each unknown field was dropped (``lineItems.colour``).

    Args:
        fields: as read.
        prefixes: record field prefixes of the mapped dimensions.
        as_text: every value is text, as in CSV.

    Raises:
        RecordError: types do not fit.
    """
    dropped: Counter[str] = Counter()
    try:
        prepared = _prepared(stream.model, fields, frozenset(prefixes), as_text, "", dropped)
        return stream.model.model_validate(prepared), dropped
    except Unreadable as error:
        raise structure_error(stream.name, str(error)) from None
    except ValidationError as error:
        raise structure_error(stream.name, _told(error)) from None


def _prepared(
    model: type[Unified],
    fields: Mapping[str, Any],
    prefixes: frozenset[str],
    as_text: bool,
    path: str,
    dropped: Counter[str],
) -> dict[str, Any]:
    """What the model knows of the fields; dimension fields apart."""
    known = {field.alias or name: field for name, field in model.model_fields.items()}
    known.pop("dimensionFields", None)
    prepared: dict[str, Any] = {}
    dimension_fields: dict[str, Any] = {}
    for name, value in fields.items():
        is_dimension = issubclass(model, WithDimensions) and _is_dimension(name, prefixes)
        if is_dimension and not _blank(value):
            dimension_fields[name] = value
        if name in known:
            prepared[name] = _value(known[name], value, prefixes, as_text, f"{path}{name}", dropped)
        elif not is_dimension and value is not None:
            dropped[f"{path}{name}"] += 1
    if dimension_fields:
        prepared["dimensionFields"] = dimension_fields
    return prepared


def _is_dimension(name: str, prefixes: frozenset[str]) -> bool:
    return any(name.removesuffix(suffix) in prefixes for suffix in DIMENSION_SUFFIXES)


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _value(
    field: FieldInfo,
    value: Any,  # noqa: ANN401 - any JSON
    prefixes: frozenset[str],
    as_text: bool,
    path: str,
    dropped: Counter[str],
) -> Any:  # noqa: ANN401 - any JSON
    part = _part(field)
    if part is not None:
        if isinstance(value, str) and value.strip():
            value = _cell(value, path)
        if isinstance(value, list):
            return [
                _prepared(part, entry, prefixes, False, f"{path}.", dropped)
                if isinstance(entry, Mapping)
                else entry
                for entry in value
            ]
    elif as_text and isinstance(value, str) and field.annotation == (bool | None):
        return _FLAGS.get(value.strip().lower(), value)
    return value


def _cell(text: str, path: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json_value(text)
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None


def _part(field: FieldInfo) -> type[Unified] | None:
    """The model of the entries, when the field is a list of parts."""
    if isinstance(field.annotation, UnionType):
        return None
    entry = next(iter(get_args(field.annotation)), None)
    return entry if isinstance(entry, type) and issubclass(entry, Unified) else None


def _told(error: ValidationError) -> str:
    """The first few things wrong, without values: they may be private."""
    errors = error.errors(include_url=False, include_input=False)
    told = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in errors[:_NAMED_ERRORS]]
    if len(errors) > _NAMED_ERRORS:
        told.append(f"and {len(errors) - _NAMED_ERRORS} more")
    return "; ".join(told)
