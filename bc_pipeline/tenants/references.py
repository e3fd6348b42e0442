"""Values of tenants.yaml that stand somewhere else: ``{env: NAME}`` and ``{file: path}``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeGuard

from bc_pipeline.tenants.document import Place, unreadable

REFERENCE_KEYS = ("env", "file")


def is_reference(value: object) -> TypeGuard[dict[str, str]]:
    """Whether a value is ``{env: NAME}`` or ``{file: path}``."""
    return (
        isinstance(value, dict)
        and len(value) == 1
        and next(iter(value)) in REFERENCE_KEYS
        and isinstance(next(iter(value.values())), str)
    )


def resolve(value: object, home: Path, place: Place) -> object:
    """The value with every reference in it replaced by what it points to."""
    if is_reference(value):
        (kind, target), *_ = value.items()
        return (
            _from_environment(target, place) if kind == "env" else _from_file(home, target, place)
        )
    if isinstance(value, dict):
        return {key: resolve(inner, home, place.inner(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, home, place) for inner in value]
    return value


def _from_environment(name: str, place: Place) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise place.error(f"the environment variable {name} is not set")
    return value


def _from_file(home: Path, target: str, place: Place) -> str:
    file = home / Path(target).expanduser()
    try:
        value = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise place.error(f"{file} {unreadable(error)}") from None
    if not value:
        raise place.error(f"{file} is empty")
    return value
