"""One tenant's entry, written into tenants.yaml: comments, order and the other tenants stay as they
are, and what stands there as text stays text (``010``, ``no``; see ``document.py``)."""

from __future__ import annotations

import io
import os
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import Timeout
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from bc_pipeline.errors import ConfigError, TenantBusy
from bc_pipeline.tenants import files
from bc_pipeline.tenants.document import mapping, read, unreadable
from bc_pipeline.tenants.undo import lock_of

LOCK_WAIT_SECONDS = 30.0
_READ_AS_NOTHING = ("", "~", "null", "Null", "NULL")
_BEGINS_A_KEY = "?"
_MERGE = "<<"
_BEGINS = re.compile(r"^---\s", re.MULTILINE)
_ENDS = re.compile(r"^\.\.\.\s*$", re.MULTILINE)
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
        raise ConfigError(
            "tenants.yaml is not valid YAML, or has tabs between its words, so no entry can be "
            "added"
        ) from None
    entry = _inner(_inner(document, "tenants"), tenant)
    for (*sections, key), value in change.items():
        place = entry
        for section in sections:
            place = _inner(place, section)
        if value is None:
            place.pop(key, None)
        else:
            place[key] = _written(value)
    yaml.explicit_start = bool(_BEGINS.search(text))
    yaml.explicit_end = bool(_ENDS.search(text))
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps every other writer from tenants.yaml meanwhile.

    Raises:
        TenantBusy: another process is writing it.
        OSError: its directory cannot be written.
    """
    target = path.resolve()  # a link stays a link
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = lock_of(target, LOCK_WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise TenantBusy(f"another process is writing {path}; end it if it hangs") from None
    try:
        yield
    finally:
        lock.release()


def write(path: Path, tenant: str, change: Change, check: Callable[[Path], None]) -> None:
    """Change one tenant's entry in the file, as a whole or not at all. To be called inside of
    ``locked``.

    Args:
        path: of tenants.yaml, which need not exist.
        check: is shown the new file before it takes the place of the old one; raises to refuse.

    Raises:
        ConfigError: the file cannot be read, has no place for an entry, or would say something
            else of somebody else.
        OSError: it cannot be written; the old one is still there.
    """
    target = path.resolve()
    before = target.read_bytes() if target.exists() else b""
    like = target.stat() if target.exists() else None
    try:
        text = before.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{target}: {unreadable(error)}") from None
    content = _as_before(before, changed(text.replace("\r\n", "\n"), tenant, change))
    trial = target.with_name(f".{target.name}.{os.getpid()}.trial")
    try:
        files.replace(trial, content)
        if like is not None and _without(tenant, target) != _without(tenant, trial):
            raise ConfigError(
                f"{path}: the entry of {tenant} cannot be written without changing what the file "
                "says elsewhere: it uses YAML in a way that cannot be kept, such as an alias. "
                "Write the entry by hand"
            )
        check(trial)
    finally:
        trial.unlink(missing_ok=True)
    files.replace(target, content, like=like)


def _as_before(before: bytes, text: str) -> bytes:
    """The bytes of a text, with the line ends and the mark at the beginning that the file had."""
    if b"\r\n" in before:
        text = text.replace("\n", "\r\n")
    return (BOM_UTF8 if before.startswith(BOM_UTF8) else b"") + text.encode()


def _without(tenant: str, path: Path) -> dict[str, Any]:
    """What a file says, but of one tenant."""
    document, top = read(path)
    entries = mapping(document.pop("tenants", None), top.inner("tenants"))
    others = {key: entry for key, entry in entries.items() if key != tenant}
    return {**document, "tenants": others}


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
    if not text.isprintable():
        return DoubleQuotedScalarString(text)
    misread = text in _READ_AS_NOTHING or text.startswith(_BEGINS_A_KEY)
    return SingleQuotedScalarString(text) if misread else text
