"""Every key of tenants.yaml, of the configuration model."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.reference.markdown import code, codes, prose, table
from bc_pipeline_tests.reference.markdown import page as whole

_PLAIN = {
    str: "text",
    SecretStr: "secret",
    int: "whole number",
    float: "number",
    Decimal: "number",
    bool: "true or false",
    date: "date",
    datetime: "date and time",
    Path: "path",
}
NOT_WRITTEN = ("name", "home")
"""Of a tenant: its key in the file, and where the file is."""


def every_key(model: type[BaseModel] = Tenant, before: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Each key with its full name; those of a section after it."""
    for name, field in model.model_fields.items():
        if model is Tenant and name in NOT_WRITTEN:
            continue
        if section := _section_of(field):
            yield from every_key(section, f"{before}{name}.")
        else:
            yield before + name, field
            if entry := _entry_of(field):
                yield from every_key(entry, f"{before}{name}[].")


def page() -> str:
    """The page."""
    sections: dict[str, list[tuple[str, ...]]] = {}
    for name, field in every_key():
        section, _, key = name.rpartition(".")
        sections.setdefault(section.removesuffix("[]"), []).append(
            (code(key), _kind(field), _default(field), prose(field.description or ""))
        )
    heads = ("key", "takes", "default", "means")
    return whole(
        "Settings",
        "Every key of a tenant in `tenants.yaml`; each may stand under `defaults` as well. How the "
        "file is written, and what belongs together: [Configuration](../configuration.md). Any "
        "value may be `{env: NAME}` or `{file: path}` instead.",
        "`bc-pipeline tenants schema` prints the same as JSON Schema, for editors.",
        *(
            f"## {section or 'The tenant itself'}\n\n{_about(section)}{table(heads, rows)}"
            for section, rows in sections.items()
        ),
    )


def _about(section: str) -> str:
    field = Tenant.model_fields.get(section)
    model = field and (_section_of(field) or _entry_of(field))
    return f"{prose((model.__doc__ or '').replace('``', '`'))}\n\n" if model else ""


def _section_of(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _entry_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of the entries of a list."""
    inner = [each for each in get_args(field.annotation) if isinstance(each, type)]
    return next((each for each in inner if issubclass(each, BaseModel)), None)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given" if "default" not in (field.description or "") else ""
    value = field.default
    if value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, bool):
        return code(str(value).lower())
    return codes(value) if isinstance(value, tuple) else code(value)


def _kind(field: FieldInfo) -> str:
    bounds = {
        name: getattr(each, name)
        for each in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(each, name, None) is not None
    }
    return _named(field.annotation) + _within(bounds)


def _within(bounds: dict[str, Any]) -> str:
    words = {"ge": "from", "gt": "more than", "le": "to", "lt": "less than"}
    return "".join(f" {words[name]} {bounds[name]}" for name in words if name in bounds)


def _named(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _named(inner[0])
    if origin is Literal:
        return " or ".join(code(each) for each in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(_named(each) for each in inner if each is not type(None))
    if origin is tuple:
        return f"list of {_named(inner[0])}"
    if origin is dict:
        return f"{_named(inner[0])}: {_named(inner[1])}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "entries"
    return _PLAIN[kind]
