"""Working on many documents: a few at a time, each to its own end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bc_pipeline.business_central import retry
from bc_pipeline.errors import PipelineError, ReadFailed, RecordError, RequestFailed
from bc_pipeline.to_business_central.documents.changes import refusal
from bc_pipeline.to_business_central.export_types import Outcome, Pending
from bc_pipeline.to_business_central.writer import ExportContext

Work = TypeVar("Work")
Identity = tuple[str, ...]
"""Something that only one document in BC can be."""
THREADS = 4
"""Documents worked on at once; the client keeps BC's limits whatever this is."""
CHANGED_MEANWHILE = "Request_EntityChanged"
"""Somebody else was at work on the same document: that says nothing about the record."""
LOOKS = 3
"""How often BC is looked at for something whose answer was lost, before it counts as absent."""


class Unclear(PipelineError):
    """What Business Central shows allows no decision; nothing may be repeated."""

    kind = "ambiguous"


@dataclass
class Progress:
    """How far a record has come, should it fail now.

    Args:
        remains: what stays in BC, in words; empty when nothing does.
    """

    bc_id: str | None = None
    bc_number: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    remains: str = ""


def in_groups(
    context: ExportContext, groups: Sequence[Sequence[Work]], work: Callable[[Work], None]
) -> None:
    """Does ``work`` for all: the members of a group one after another, groups side by side.

    Raises:
        PipelineError: the first one that ``work`` raised; what had not begun was left alone.
    """
    stop = threading.Event()

    def one_group(members: Sequence[Work]) -> None:
        for member in members:
            if stop.is_set():
                return
            try:
                work(member)
            except BaseException:
                stop.set()
                raise

    if not groups:
        return
    threads = 1 if context.dry_run else min(THREADS, len(groups))
    with ThreadPoolExecutor(threads, thread_name_prefix=context.result.name) as pool:
        running = [pool.submit(one_group, members) for members in groups]
    for each in running:
        each.result()


def joined(works: Iterable[tuple[frozenset[Identity], Work]]) -> list[list[Work]]:
    """Works in groups for ``in_groups``: those that share one of their identities, directly or by
    way of others, are in one, in the order given."""
    place: dict[Identity, int] = {}
    groups: dict[int, tuple[set[Identity], list[tuple[int, Work]]]] = {}
    for number, (identities, work) in enumerate(works):
        met = {place[each] for each in identities if each in place}
        largest = max(met, key=lambda group: len(groups[group][1]), default=number)
        own, members = groups.setdefault(largest, (set(), []))
        own |= identities
        members.append((number, work))
        for other in met - {largest}:
            its_own, its_members = groups.pop(other)
            own |= its_own
            members += its_members
            place |= dict.fromkeys(its_own, largest)
        place |= dict.fromkeys(identities, largest)
    return [
        [work for _, work in sorted(members, key=lambda member: member[0])]
        for _, members in groups.values()
    ]


def to_an_end(
    context: ExportContext, pending: Pending, work: Callable[[Progress], Outcome]
) -> None:
    """Does ``work``, which keeps its progress, and settles or holds the record by how it ended.

    Raises:
        AuthError, Cancelled: the ledger knows where the record stands.
    """
    progress = Progress()
    try:
        outcome = work(progress)
    except RecordError as error:
        outcome = failed(error, progress)
    except Unclear as error:
        context.ledger.hold(pending, str(error), kind="ambiguous")
        return
    except ReadFailed as error:
        context.ledger.hold(pending, str(error), kind="deferred")
        return
    except RequestFailed as error:
        if error.uncertain:
            reason = f"the answer was lost and the document could not be found again: {error}"
            context.ledger.hold(pending, reason, kind="ambiguous")
            return
        if passes(error):
            context.ledger.hold(pending, str(error), kind="deferred")
            return
        outcome = failed(refusal(error), progress)
    context.ledger.settle([(pending, outcome)])


def failed(error: RecordError, progress: Progress) -> Outcome:
    """The outcome of a refused record, saying what of it remains in BC."""
    said = f"{error.message}; {progress.remains}" if progress.remains else error.message
    return Outcome.failed(
        RecordError(error.error_class, said),
        bc_id=progress.bc_id,
        bc_number=progress.bc_number,
        detail=progress.detail or None,
    )


def passes(error: RequestFailed) -> bool:
    """Whether a later run may have more luck with the same request."""
    if error.status is None or error.code == CHANGED_MEANWHILE:
        return True
    return retry.passes(error.status, error.code, error.explanation)


def looked_for(
    context: ExportContext, look: Callable[[], Work | None], *, patient: bool = True
) -> Work | None:
    """What ``look`` finds.

    Args:
        context: of the call.
        look: looks into BC; None when it is not there.
        patient: look again a little later, BC may still be at work on it.
    """
    for attempt in range(1, LOOKS + 1):
        found = look()
        if found is not None or context.dry_run or not patient:
            return found
        if attempt < LOOKS:
            context.bc.throttle.wait(context.bc.backoff.seconds(attempt))
    return None


def text_map(detail: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object kept in a ledger entry's detail; empty when there is none."""
    value = detail.get(name)
    return dict(value) if isinstance(value, Mapping) else {}
