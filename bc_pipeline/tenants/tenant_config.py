"""``<snapshot_dir>/tenant-config.json``: which dimension a record field stands for.

    {"dynamics-bc": {"dimension_mappings": {"class": "CLASS", "department": "DEPARTMENT"}}}

The file is shared with other connectors of the tenant, so other top-level keys are theirs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants.document import unreadable

FILE_NAME = "tenant-config.json"
SECTION = "dynamics-bc"
KEY = "dimension_mappings"
DEFAULT_MAPPINGS = {"class": "CLASS", "department": "DEPARTMENT"}


@dataclass(frozen=True)
class DimensionMappings:
    """Record field prefix -> dimension code.

    Attributes:
        codes: the mapping; empty switches dimensions in record fields off.
        is_default: the tenant did not choose it: no file, or no ``dynamics-bc`` in it.
        path: the file that was looked for.
    """

    codes: dict[str, str]
    is_default: bool
    path: Path


def load_dimension_mappings(snapshot_dir: Path) -> DimensionMappings:
    """Read the mapping of one tenant (target_behaviour.md 1).

    No file or no ``dynamics-bc`` key gives the default; ``dynamics-bc`` without
    ``dimension_mappings`` gives an empty mapping.

    Raises:
        ConfigError: naming file and key: not JSON, an unknown key, a wrong type, or
            ``dynamics-bc`` set to null.
    """
    path = snapshot_dir / FILE_NAME
    if not path.exists():
        return DimensionMappings(dict(DEFAULT_MAPPINGS), is_default=True, path=path)
    document = _read(path)
    if SECTION not in document:
        _refuse_misspelling(document, path)
        return DimensionMappings(dict(DEFAULT_MAPPINGS), is_default=True, path=path)
    section = _object(document[SECTION], path, SECTION)
    for key in section:
        if key != KEY:
            raise ConfigError(f"{path}: {SECTION}.{key}: unknown key; only {KEY} is known")
    mappings = _object(section.get(KEY, {}), path, f"{SECTION}.{KEY}")
    return DimensionMappings(
        {prefix: _code(mappings, prefix, path) for prefix in mappings},
        is_default=False,
        path=path,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(
            path.read_text(encoding="utf-8-sig"), object_pairs_hook=_without_duplicates
        )
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except _DuplicateKey as error:
        raise ConfigError(f"{path}: {error}: the key stands there twice") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {unreadable(error)}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: must be a JSON object")
    return document


class _DuplicateKey(Exception):
    """The same key twice in one JSON object: one of the two would be lost."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _DuplicateKey(key)
        result[key] = value
    return result


def _refuse_misspelling(document: dict[str, Any], path: Path) -> None:
    for key in document:
        if key.lower().replace("_", "-").strip() in (SECTION, "dynamicsbc", KEY.replace("_", "-")):
            raise ConfigError(f'{path}: {key}: unknown key; the mappings go into "{SECTION}"')


def _object(value: object, path: Path, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {key}: must be an object, not {_json_type(value)}")
    return value


def _code(mappings: dict[str, Any], prefix: str, path: Path) -> str:
    code = mappings[prefix]
    key = f"{SECTION}.{KEY}.{prefix}"
    if not prefix.strip():
        raise ConfigError(f"{path}: {key}: the record field prefix is empty")
    if not isinstance(code, str):
        raise ConfigError(f"{path}: {key}: must be a dimension code, not {_json_type(code)}")
    if not code.strip():
        raise ConfigError(f"{path}: {key}: the dimension code is empty")
    return code


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")
