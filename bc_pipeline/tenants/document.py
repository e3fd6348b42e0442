"""tenants.yaml as it is written: every value a text, every key with its line.

YAML 1.1 guesses: ``010`` is 8, ``12:30`` is 750, ``NO`` is false. Here a value written without
quotes stays the text it is; the configuration model makes numbers, dates and yes or no of it where
it wants them (decisions 15).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

import yaml
from pydantic import BaseModel
from yaml.constructor import SafeConstructor

from bc_pipeline.errors import ConfigError

Keys = tuple[object, ...]

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"
_GUESSED = (_NULL, _MERGE)
"""Of what YAML reads into a plain value, the rest is text."""
_KEY = re.compile(r"(?P<indent> *)(?P<key>[\w-]+):(\s|$)")
_QUOTED = re.compile(r"'([^']*)'")


@dataclass(frozen=True)
class Place:
    """Somewhere in the file.

    Args:
        file: its path.
        keys: the way there from the top of the file.
        lines: of each way, the line of its last key, from 1.
    """

    file: Path
    keys: Keys = ()
    lines: Mapping[Keys, int] = field(default_factory=dict, repr=False)

    def inner(self, *keys: object) -> Place:
        """Somewhere inside."""
        return Place(self.file, (*self.keys, *keys), self.lines)

    def error(self, message: str) -> ConfigError:
        """What is wrong there, with file, key and line."""
        name = ".".join(str(key) for key in self.keys)
        return ConfigError(f"{self.file}: {name}{': ' if name else ''}{message}{self._line()}")

    def _line(self) -> str:
        """The line of the key; of one that stands in ``defaults`` or nowhere, that or the nearest
        one around."""
        if self.keys in self.lines:
            return f" (line {self.lines[self.keys]})"
        common = ("defaults", *self.keys[2:])
        if self.keys[:1] == ("tenants",) and len(common) > 1 and common in self.lines:
            return f" (line {self.lines[common]}, in defaults)"
        around = (self.keys[:n] for n in range(len(self.keys) - 1, 0, -1))
        return next((f" (line {self.lines[keys]})" for keys in around if keys in self.lines), "")


class Nothing(str):
    """A plain value that YAML reads as nothing (``null``, ``~``, an empty one), as written."""


def read(path: Path) -> tuple[dict[str, Any], Place]:
    """The file as mappings, lists and texts, and its top as a place.

    Raises:
        ConfigError: it cannot be read, or is not a mapping; names the line, never a value.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        node, document = _loaded(text)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}: not valid YAML{_explained(error, text)}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
        raise ConfigError(
            f"{path}: not valid YAML at line {line}: it holds a character that no text has"
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read ({type(error).__name__})") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {unreadable(error)}") from None
    lines: dict[Keys, int] = {}
    if node is not None:
        _note_lines(node, (), lines)
    place = Place(path, (), lines)
    return mapping(document, place), place


def _loaded(text: str) -> tuple[yaml.Node | None, Any]:
    """The file as nodes, which know their lines, and as what they say."""
    try:
        return _read_by(_QuickLoader, text)
    except yaml.YAMLError:
        # Of what is wrong the one in Python tells more, and where it begins.
        return _read_by(_Loader, text)


def _read_by(kind: Any, text: str) -> tuple[yaml.Node | None, Any]:  # noqa: ANN401 - PyYAML's C loader has no type
    loader = kind(text)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Why a file of settings cannot be read, for whoever wrote it; nothing of what is in it."""
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8; save it as UTF-8"
    return f"cannot be read ({error.strerror or type(error).__name__})"


def mapping(value: object, place: Place) -> dict[str, Any]:
    """The value as a mapping; nothing is an empty one.

    Raises:
        ConfigError: it is something else.
    """
    if value is None or isinstance(value, Nothing):
        return {}
    if not isinstance(value, dict):
        raise place.error("must be a mapping of keys to values")
    return value


def wanted(values: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """The values with ``null`` told apart: nothing as the value of a key, so that one that needs a
    text is missed; elsewhere a text like any other, such as a location ``NULL``."""
    return {key: _wanted(value, model.model_fields.get(key)) for key, value in values.items()}


def _wanted(value: object, info: Any) -> object:  # noqa: ANN401 - pydantic's FieldInfo or None
    annotation = getattr(info, "annotation", None)
    section = annotation if _is_section(annotation) else None
    if isinstance(value, Nothing):
        return None if info is not None or value == "" else str(value)
    if isinstance(value, dict):
        if section is not None:
            return wanted(value, section)
        return {
            str(key) if isinstance(key, str) else key: _wanted(inner, None)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_wanted(inner, None) for inner in value]
    return value


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _nothing(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Nothing:
    return Nothing(loader.construct_scalar(node))


class _AsWritten(SafeConstructor):
    """Plain values as text, and no key twice: the second of two tenants of one name must not win
    silently."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        first: [(tag, form) for tag, form in resolvers if tag in _GUESSED]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise _KeyTwice(
                    None, None, f"the key {str(key)!r} stands here twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_AsWritten.add_constructor(_NULL, _nothing)


_QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_AsWritten, yaml.SafeLoader):
    """In Python."""


class _QuickLoader(_AsWritten, _QUICK):
    """In C, where PyYAML was built with it: hundreds of tenants in a tenth of the time."""


class _KeyTwice(yaml.constructor.ConstructorError):
    """The same key twice in one mapping."""


def _note_lines(node: yaml.Node, keys: Keys, lines: dict[Keys, int]) -> None:
    if len(keys) > 8:  # deeper than any setting; an alias may lead in circles
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*keys, key.value)
            lines[inner] = key.start_mark.line + 1
            _note_lines(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*keys, index)] = value.start_mark.line + 1
            _note_lines(value, (*keys, index), lines)


def _explained(error: yaml.MarkedYAMLError, text: str) -> str:
    """Where and why, without the error's own text: that quotes the file, secrets included."""
    mark, begin = error.problem_mark, error.context_mark
    problem = str(error.problem)
    if not isinstance(error, _KeyTwice):
        problem = _QUOTED.sub(_mark_only, problem)
    where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    opened = ""
    if begin and mark and begin.line != mark.line and error.context:
        opened = f" ({error.context} that begins at line {begin.line + 1})"
    line = min(each.line for each in (mark, begin) if each) if mark else 0
    near = _near(text, line)
    at = f"{where}{f', near {near}' if near else ''}: "
    if isinstance(error, _KeyTwice):
        return f"{at}{problem}. Keep one of them, or indent the second one to where it belongs"
    spoilt = text.splitlines()[mark.line : mark.line + 1] if mark else []
    if any("\t" in each[: len(each) - len(each.lstrip())] for each in spoilt):
        return f"{at}the line begins with a tab. Indent with spaces"
    return f"{at}{problem}{opened}. {_advice(problem)}"


def _advice(problem: str) -> str:
    """What to do about it, from what the parser says: where it wanted a block to end, or a key,
    the indentation is wrong more often than anything else."""
    if "<block end>" in problem:
        return (
            "Keys that belong together begin in the same column; "
            "and a value with special characters needs quotes"
        )
    return "A value with special characters needs quotes"


def _mark_only(quoted: re.Match[str]) -> str:
    """Of what an error quotes, the marks of YAML; never a piece of a value."""
    text = quoted[1]
    return quoted[0] if len(text) < 2 or text.startswith(("<", "\\")) else "'…'"


def _near(text: str, line: int) -> str:
    """The key that a line belongs to, by indentation: the file itself cannot be parsed."""
    way: list[tuple[int, str]] = []
    for each in text.splitlines()[: line + 1]:
        if found := _KEY.match(each):
            indent = len(found["indent"])
            way = [(depth, key) for depth, key in way if depth < indent]
            way.append((indent, found["key"]))
    return ".".join(key for _, key in way)
