"""One tenant's entry, written into tenants.yaml: comments, order and the other tenants stay as they
are, and what stands there as text stays text (``010``, ``no``; see ``document.py``)."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import SingleQuotedScalarString

from bc_pipeline.errors import ConfigError, TenantBusy
from bc_pipeline.tenants import files
from bc_pipeline.tenants.document import unreadable

LOCK_WAIT_SECONDS = 30.0
_READ_AS_NOTHING = ("", "~", "null", "Null", "NULL")
_MERGE = "<<"
_INDENTED = re.compile(r"^( +)[^\s#-]", re.MULTILINE)
_LISTED = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n( *)- ", re.MULTILINE)

Change = Mapping[tuple[str, ...], object]
"""Way to a key below the tenant -> its new value: a text, a list of texts, a mapping of texts, or
None to take the key away."""


class _AsText(VersionedResolver):
    """No plain value is anything but the text it is."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:  # noqa: ANN401 - as in the base
        if kind is ScalarNode and value != _MERGE:
            return self.DEFAULT_SCALAR_TAG
        return super().resolve(kind, value, implicit)


def changed(text: str, tenant: str, change: Change) -> str:
    """The text of a tenants.yaml in which one tenant's entry has other values.

    Args:
        text: as it is now; may be empty.
        tenant: its key; an entry is added at the end when there is none.
        change: what is different.

    Raises:
        ConfigError: it is no mapping of mappings, so there is no place for an entry.
    """
    yaml = _yaml(text)
    try:
        document = yaml.load(text) or CommentedMap()
    except YAMLError:
        # Its text quotes the file, secrets included.
        raise ConfigError("tenants.yaml is not valid YAML, so no entry can be added") from None
    entry = _inner(_inner(document, "tenants"), tenant)
    for (*sections, key), value in change.items():
        place = entry
        for section in sections:
            place = _inner(place, section)
        if value is None:
            place.pop(key, None)
        else:
            place[key] = _written(value)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def write(path: Path, tenant: str, change: Change, check: Callable[[Path], None]) -> None:
    """Change one tenant's entry in the file, as a whole or not at all.

    Args:
        path: of tenants.yaml, which need not exist.
        check: is shown the new file before it takes the place of the old one; raises to refuse.

    Raises:
        ConfigError: the file cannot be read, or has no place for an entry.
        TenantBusy: another process is writing it.
        OSError: it cannot be written; the old one is still there.
    """
    target = path.resolve()  # a link stays a link
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(target.with_name(f".{target.name}.lock"), timeout=LOCK_WAIT_SECONDS):
            _write(target, tenant, change, check)
    except Timeout:
        raise TenantBusy(f"another process is writing {path}; end it if it hangs") from None


def _write(target: Path, tenant: str, change: Change, check: Callable[[Path], None]) -> None:
    before, mode = "", None
    if target.exists():
        mode = target.stat().st_mode & 0o777
        try:
            before = target.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{target}: {unreadable(error)}") from None
    content = changed(before, tenant, change).encode()
    trial = target.with_name(f".{target.name}.{os.getpid()}.trial")
    try:
        files.replace(trial, content)
        check(trial)
    finally:
        trial.unlink(missing_ok=True)
    files.replace(target, content)
    if mode is not None:
        target.chmod(mode)


def _yaml(text: str) -> YAML:
    """Reads and writes it, indented as it is."""
    first, listed = _INDENTED.search(text), _LISTED.search(text)
    step = len(first[1]) if first else 2
    offset = max(0, len(listed[2]) - len(listed[1])) if listed else 2
    yaml = YAML()
    yaml.Resolver = _AsText
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # no line is broken that was none
    yaml.indent(mapping=step, sequence=offset + 2, offset=offset)
    return yaml


def _inner(outer: object, key: str) -> CommentedMap:
    """The mapping below a key, made where there is nothing."""
    if not isinstance(outer, CommentedMap):
        raise ConfigError("tenants.yaml must be a mapping of keys to values, down to the entry")
    found = outer.get(key)
    if found is None or found in _READ_AS_NOTHING:
        outer[key] = found = CommentedMap()
    if not isinstance(found, CommentedMap):
        raise ConfigError(f"tenants.yaml: {key} must be a mapping of keys to values")
    if not found:
        found.fa.set_block_style()
    return found


def _written(value: object) -> object:
    if isinstance(value, Mapping):
        entry = CommentedMap({key: _written(inner) for key, inner in value.items()})
        entry.fa.set_flow_style()
        return entry
    if isinstance(value, list | tuple):
        sequence = CommentedSeq([_written(each) for each in value])
        sequence.fa.set_flow_style()
        return sequence
    text = str(value)
    return SingleQuotedScalarString(text) if text in _READ_AS_NOTHING else text
