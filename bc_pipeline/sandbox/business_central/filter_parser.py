"""``$filter`` text to a tree: a small recursive-descent parser (behaviour.md 3.1).

Only grammar lives here; whether properties exist and types agree is ``filter_check.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal as OneOf
from typing import NoReturn

from bc_pipeline.sandbox.odata_errors import bad_request, not_implemented

LiteralKind = OneOf["string", "number", "boolean", "guid", "date", "datetime", "null"]

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
MAX_DEPTH = 100


@dataclass(frozen=True)
class Literal:
    """A constant: text for string, guid, date and datetime, else the value itself."""

    kind: LiteralKind
    value: str | Decimal | bool | None


@dataclass(frozen=True)
class Property:
    """A property of the entity, by name."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function with its arguments, such as ``startswith(number,'A')``."""

    function: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True)
class Comparison:
    """``left operator right``; ``in`` has a tuple of literals on the right."""

    left: Operand
    operator: str
    right: Operand | tuple[Literal, ...]


@dataclass(frozen=True)
class Junction:
    """``and`` or ``or`` of two or more terms."""

    operator: OneOf["and", "or"]
    terms: tuple[Node, ...]


@dataclass(frozen=True)
class Lambda:
    """``any``/``all`` over a collection: accepted and without effect, as in BC."""


Operand = Literal | Property | Call
Node = Comparison | Junction | Call | Lambda

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^']|'')*')
    | (?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?!\w)
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+-]\d\d:\d\d))(?!\w)
    | (?P<date>\d{4}-\d\d-\d\d)(?!\w)
    | (?P<number>[+-]?\d+(?:\.\d+)?)(?![\w.])
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<mark>[(),/:])
    )""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


_LITERALS: Mapping[str, Callable[[str], Literal]] = {
    "string": lambda text: Literal("string", text[1:-1].replace("''", "'")),
    "number": lambda text: Literal("number", Decimal(text)),
    "guid": lambda text: Literal("guid", text.lower()),
    "date": lambda text: Literal("date", text),
    "datetime": lambda text: Literal("datetime", text),
}


def parse_filter(text: str) -> Node:
    """The tree of a ``$filter``.

    Raises:
        BcError: 400 with the position, when the text is not a filter.
    """
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._or()
        if self._peek().kind != "end":
            self._fail()
        return node

    # --- grammar -------------------------------------------------------------------------------

    def _or(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise bad_request("The node count limit of the filter has been exceeded.")
        terms = [self._and()]
        while self._take("name", "or"):
            terms.append(self._and())
        self._depth -= 1
        return terms[0] if len(terms) == 1 else Junction("or", tuple(terms))

    def _and(self) -> Node:
        terms = [self._term()]
        while self._take("name", "and"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else Junction("and", tuple(terms))

    def _term(self) -> Node:
        if self._take("mark", "("):
            node = self._or()
            self._expect_mark(")")
            return node
        if self._peek().text == "not":
            raise not_implemented("The operator 'not' is not supported in a filter.")
        left = self._operand()
        if isinstance(left, Lambda):
            return left
        operator = self._peek()
        if operator.kind == "name" and operator.text in COMPARISONS:
            self._next += 1
            right = self._operand()
            if isinstance(right, Lambda):
                self._fail()
            return Comparison(left, operator.text, right)
        if self._take("name", "in"):
            return Comparison(left, "in", self._literals())
        if not isinstance(left, Call):
            self._fail()
        return left

    def _operand(self) -> Operand | Lambda:
        token = self._peek()
        if token.kind != "name":
            return self._literal()
        self._next += 1
        if token.text in ("true", "false"):
            return Literal("boolean", token.text == "true")
        if token.text == "null":
            return Literal("null", None)
        if self._take("mark", "/"):
            return self._path(token)
        if self._take("mark", "("):
            return Call(token.text, self._arguments())
        return Property(token.text)

    def _path(self, first: _Token) -> Lambda:
        step = self._peek()
        self._next += 1
        if step.text not in ("any", "all") or not self._take("mark", "("):
            raise bad_request(f"The path '{first.text}/{step.text}' is not supported in a filter.")
        depth = 1
        while depth:
            token = self._peek()
            if token.kind == "end":
                self._fail()
            depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "mark" else 0
            self._next += 1
        return Lambda()

    def _arguments(self) -> tuple[Operand, ...]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise bad_request("The node count limit of the filter has been exceeded.")
        arguments: list[Operand] = []
        while not self._take("mark", ")"):
            if arguments:
                self._expect_mark(",")
            argument = self._operand()
            if isinstance(argument, Lambda):
                self._fail()
            arguments.append(argument)
        self._depth -= 1
        return tuple(arguments)

    def _literals(self) -> tuple[Literal, ...]:
        self._expect_mark("(")
        literals = [self._constant()]
        while self._take("mark", ","):
            literals.append(self._constant())
        self._expect_mark(")")
        return tuple(literals)

    def _constant(self) -> Literal:
        operand = self._operand()
        if not isinstance(operand, Literal):
            self._fail()
        return operand

    def _literal(self) -> Literal:
        token = self._peek()
        if token.kind not in _LITERALS:
            self._fail()
        self._next += 1
        return _LITERALS[token.kind](token.text)

    # --- tokens --------------------------------------------------------------------------------

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, kind: str, text: str) -> bool:
        token = self._peek()
        if token.kind == kind and token.text == text:
            self._next += 1
            return True
        return False

    def _expect_mark(self, mark: str) -> None:
        if not self._take("mark", mark):
            self._fail()

    def _fail(self) -> NoReturn:
        position = self._peek().position
        raise bad_request(f"Syntax error at position {position} in '{self._text}'.")


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise bad_request(f"Syntax error at position {position} in '{text}'.")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens
