"""The fields of the records that files carry, of their models."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import get_annotations
from typing import Annotated, get_args, get_origin

from pydantic.fields import FieldInfo

from bc_pipeline.to_business_central import unified
from bc_pipeline.to_business_central.unified import Unified
from bc_pipeline.to_business_central.writers import STREAMS
from bc_pipeline_tests.reference.markdown import code, table
from bc_pipeline_tests.reference.markdown import page as whole

_NOT_IN_FILES = "dimension_fields"
_KINDS = {
    unified.Text: "text",
    unified.WholeText: "text, or a whole number",
    unified.Amount: "amount",
    unified.Day: "date",
    unified.Flag: "true or false",
}


def page() -> str:
    """The page."""
    return whole(
        "Files of records",
        "The fields of each kind of file in `outbound/`, as they are called there. Which of them a "
        "record needs, Business Central and its writer say: one that lacks it fails with the "
        "reason in its results file. Naming and formats of the files: "
        "[Operations](../operations.md#writing-to-business-central).",
        "Besides these, what has `dimensions` takes `<field>Id`, `<field>Number` and `<field>Name` "
        "for each dimension mapped in "
        "[tenant-config.json](../configuration.md#tenant-configjson).",
        *(_section(stream.name, stream.model) for stream in STREAMS.values()),
    )


def _section(name: str, model: type[Unified]) -> str:
    rows = [(code(field), kind) for field, kind in fields(model)]
    return f"## {name}\n\n{table(('field', 'takes'), rows)}"


def fields(model: type[Unified], before: str = "") -> Iterator[tuple[str, str]]:
    """Each field as in the file, those of a list's entries after it, and what it takes."""
    for name, field in model.model_fields.items():
        if name == _NOT_IN_FILES:
            continue
        called = before + (field.alias or name)
        if entry := _entry(field):
            yield called, "list"
            yield from fields(entry, f"{called}[].")
        else:
            yield called, _kind(model, name)


def _kind(model: type[Unified], name: str) -> str:
    for each in model.__mro__:
        written = getattr(unified, str(get_annotations(each).get(name)), None)
        if written is not None:
            return _KINDS[written]
    raise KeyError(name)


def _entry(field: FieldInfo) -> type[Unified] | None:
    kind = field.annotation
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    inner = [each for each in get_args(kind) if isinstance(each, type)]
    return next((each for each in inner if issubclass(each, Unified)), None)
