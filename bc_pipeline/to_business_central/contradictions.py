"""Records of one file that contradict each other (decisions 7, 39). Pure.

Which of two versions of one record holds, nothing in a file can tell: neither is written. Of two
records that claim one number the first keeps it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.export_types import Pending, Source
from bc_pipeline.to_business_central.inbox.streams import STREAMS
from bc_pipeline.values import by_code


def contradictions(pendings: Sequence[Pending]) -> dict[Source, RecordError]:
    """What cannot be written because of another line of its file.

    Args:
        pendings: of one entity, in the order they came.

    Returns:
        The reason by the line it is about.
    """
    return {**_one_number(pendings), **_two_contents(pendings)}


def _two_contents(pendings: Sequence[Pending]) -> dict[Source, RecordError]:
    """Lines with one key that do not say the same."""
    lines: defaultdict[tuple[str, int, str], list[tuple[Source, Pending]]] = defaultdict(list)
    for pending in pendings:
        if source := pending.source:
            lines[source.file, source.generation, pending.key].append((source, pending))
    return {
        source: _different(same)
        for same in lines.values()
        if len({pending.payload_hash for _, pending in same}) > 1
        for source, _ in same
    }


def _different(same: Sequence[tuple[Source, Pending]]) -> RecordError:
    (source, pending), *_ = same
    *most, last = [str(each.line) for each, _ in same]
    named = f"externalId {pending.external_id}" if pending.external_id else pending.key
    return RecordError(
        "DuplicatedRecord",
        f"lines {', '.join(most)} and {last} of {source.file} have {named} and different content; "
        "none of them was written: send the one that holds",
    )


def _one_number(pendings: Sequence[Pending]) -> dict[Source, RecordError]:
    """Later lines with the number of another record, where the number is who the record is."""
    first: dict[tuple[str, int, str, str], tuple[Source, Pending]] = {}
    found: dict[Source, RecordError] = {}
    for pending in pendings:
        source, number = pending.source, _number(pending)
        if source is None or not by_code(number):
            continue
        place = (source.file, source.generation, pending.company.id, by_code(number))
        before, other = first.setdefault(place, (source, pending))
        if other.key != pending.key:
            found[source] = _taken(number, before, other)
    return found


def _number(pending: Pending) -> str | None:
    field = STREAMS[pending.entity].number
    value: str | None = getattr(pending.record, field) if field else None
    return value


def _taken(number: str | None, source: Source, other: Pending) -> RecordError:
    return RecordError(
        "DuplicatedRecord",
        f"number {number} is that of {other.name} in line {source.line} of {source.file} "
        f"({_number(other)}): give one of them another number, or send one of them only",
    )
