"""Putting requests of many records into batches, and telling whose request was refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bc_pipeline.business_central.batch import MAX_PARTS, Part, PartAnswer
from bc_pipeline.business_central.retry import worth_repeating
from bc_pipeline.to_business_central.upsert.work import Work

AnyWork = TypeVar("AnyWork", bound=Work)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Unit(Generic[AnyWork]):
    """A record and the requests that change it."""

    work: AnyWork
    parts: tuple[Part, ...]


def passes(answer: PartAnswer) -> bool:
    """A refusal that says that the same may work a little later, such as a lost lock."""
    return answer.status is not None and worth_repeating(
        answer.status, answer.error_code, answer.error_message or ""
    )


def refused(
    units: Sequence[Unit[AnyWork]], answers: Mapping[str, PartAnswer]
) -> list[tuple[Unit[AnyWork], PartAnswer]]:
    """Who leaves a batch that was taken back: the record refused, or all when nobody was."""
    first = [(unit, answers[unit.parts[0].id]) for unit in units]
    if any(answer.uncertain or answer.later for _, answer in first):
        return first
    for unit in units:
        for part in unit.parts:
            # The others are only told that they were taken back along with it.
            if answers[part.id].body is not None:
                return [(unit, answers[part.id])]
    return first if len(units) == 1 else []


def chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    """As many at once as BC takes."""
    for start in range(0, len(items), MAX_PARTS):
        yield list(items[start : start + MAX_PARTS])


def packs(units: Iterable[Unit[AnyWork]]) -> Iterator[list[Unit[AnyWork]]]:
    """As many records as fit into one batch, whole."""
    pack: list[Unit[AnyWork]] = []
    size = 0
    for unit in units:
        if size + len(unit.parts) > MAX_PARTS:
            yield pack
            pack, size = [], 0
        pack.append(unit)
        size += len(unit.parts)
    if pack:
        yield pack
