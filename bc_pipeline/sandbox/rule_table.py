"""What the sandbox takes for Business Central's and Optiply's rules, and how sure each one is.

The rules stand in ``rule_table.jsonl``, one a line: a new one is one more line. The page in
``docs`` is made from them by ``python -m bc_pipeline.sandbox.rule_table``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path

PAGE = Path("docs") / "sandbox_rules.md"
HERE = Path(__file__).resolve().parent


class Certainty(StrEnum):
    """How a rule is known, surest first."""

    RECORDING = "recording"
    SOURCE_CODE = "source code"
    DOCUMENTATION = "documentation"
    ASSUMPTION = "assumption"


_MEANS = {
    Certainty.RECORDING: "seen on the wire, in recordings or in what clients rely on",
    Certainty.SOURCE_CODE: "read in Microsoft's published AL code",
    Certainty.DOCUMENTATION: "written by the maker of the system",
    Certainty.ASSUMPTION: "inferred, simplified or chosen; check it against a live system",
}


@dataclass(frozen=True)
class Rule:
    """One rule of the sandbox.

    Attributes:
        part: what it is about.
        rule: how the code cites it.
        says: the rule.
        sure: how it is known.
        source: where, and what is left open.
        code: the module that keeps it, below the sandbox.
    """

    part: str
    rule: str
    says: str
    sure: Certainty
    source: str
    code: str


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order of the file.

    Raises:
        ValueError: a line that is no rule.
    """
    text = resources.files(__package__).joinpath("rule_table.jsonl").read_text("utf-8")
    return tuple(_rule(number, line) for number, line in enumerate(text.splitlines(), start=1))


def _rule(number: int, line: str) -> Rule:
    try:
        values = json.loads(line)
        if list(values) != [field.name for field in fields(Rule)] or not all(values.values()):
            raise ValueError("a rule has part, rule, says, sure, source and code, in this order")
        return Rule(**values | {"sure": Certainty(values["sure"])})
    except (ValueError, AttributeError) as error:
        raise ValueError(f"rule_table.jsonl, line {number}: {error}") from error


def page() -> str:
    """The rules as a page for people, what is assumed first."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# What the sandbox plays"
    yield ""
    yield "Tests lean on the sandbox, so each of its rules says where it comes from. Made from"
    yield "`bc_pipeline/sandbox/rule_table.jsonl` by `python -m bc_pipeline.sandbox.rule_table`."
    yield ""
    yield from _table(("how sure", "means", "rules"), (_counted(kind) for kind in Certainty))
    yield "## Assumptions"
    yield ""
    yield "A live system may differ here. What a test shows with one of these, it shows for no more"
    yield "than the sandbox."
    yield ""
    assumed = [rule for rule in rules() if rule.sure is Certainty.ASSUMPTION]
    yield from _table(
        ("about", "rule", "what is known", "in"),
        ((rule.part, rule.says, rule.source, _code(rule)) for rule in assumed),
    )
    for part in dict.fromkeys(rule.part for rule in rules()):
        known = [r for r in rules() if r.part == part and r.sure is not Certainty.ASSUMPTION]
        if known:
            yield f"## {part}"
            yield ""
            yield from _table(
                ("rule", "how sure", "source", "in"),
                ((rule.says, str(rule.sure), rule.source, _code(rule)) for rule in known),
            )


def _counted(kind: Certainty) -> tuple[str, str, str]:
    return str(kind), _MEANS[kind], str(sum(rule.sure is kind for rule in rules()))


def _code(rule: Rule) -> str:
    return f"`{rule.code}`"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def main() -> None:
    """Writes the page into the project's ``docs``."""
    (HERE.parents[1] / PAGE).write_text(page().rstrip("\n") + "\n", "utf-8")


if __name__ == "__main__":
    main()
