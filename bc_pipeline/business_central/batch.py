"""``$batch``: many requests in one, each with exactly one answer (behaviour.md 4.2).

BC runs the parts one after another. *Independent*: each is its own transaction; a server that
stops at the first failure is asked again for those it never got to. *Atomic*: one transaction, so
any failure means that nothing was done, whatever the earlier parts were told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from bc_pipeline.business_central.batch_exchange import Exchange
from bc_pipeline.business_central.batch_model import BatchMode, Part, PartAnswer
from bc_pipeline.business_central.transport import Connection
from bc_pipeline.errors import PipelineError

__all__ = ["MAX_PARTS", "BatchMode", "Part", "PartAnswer", "chunks", "send_batch"]

MAX_PARTS = 100
"""Operations BC takes in one batch (behaviour.md 6)."""

Item = TypeVar("Item")
COMMITTING = "Microsoft.NAV."
"""Bound actions: posting commits, so a batch with one cannot be rolled back as a whole."""


def send_batch(
    bc: Connection, parts: Sequence[Part], *, mode: BatchMode = "independent"
) -> dict[str, PartAnswer]:
    """Sends the parts in as few requests as possible and finds out how each ended.

    GETs are asked again as behaviour.md 6 allows. A part that writes is sent again only when BC
    certainly did nothing with it: answered 401 or 429, or never reached because an earlier one
    failed. Answers are matched by part id; nothing is concluded from their order.

    Args:
        bc: where to.
        parts: any number; ``atomic`` at most 100.
        mode: see the module.

    Returns:
        One answer for each part, by its id, in the order of ``parts``.

    Raises:
        ValueError: two parts with one id; too many, or a bound action, for one transaction.
        AuthError, Cancelled, RequestFailed: the first request got no usable answer, so nothing is
            known of any part; ``uncertain`` when BC may have done some. Once something is known,
            trouble is told in the answers instead.
    """
    if len({part.id for part in parts}) != len(parts):
        raise ValueError("two parts of the batch have the same id")
    if mode == "atomic":
        _refuse_impossible(parts)
    done: dict[str, PartAnswer] = {}
    # Made beforehand: a part that cannot be sent shows before the first one is.
    for exchange in [Exchange(bc, chunk, mode) for chunk in chunks(parts)]:
        try:
            exchange.run()
        except PipelineError as error:
            if not done and not exchange.done:
                raise
            exchange.give_up(error)
            done |= exchange.done
            done |= {part.id: _never_sent(part, error) for part in parts if part.id not in done}
            break
        done |= exchange.done
    return {part.id: done[part.id] for part in parts}


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Parts, or records with one part each, in order: as many at once as BC takes."""
    for start in range(0, len(items), MAX_PARTS):
        yield items[start : start + MAX_PARTS]


def _never_sent(part: Part, error: PipelineError) -> PartAnswer:
    return PartAnswer(part.id, None, error_message=f"not sent, because: {error}", sent=False)


def _refuse_impossible(parts: Sequence[Part]) -> None:
    if len(parts) > MAX_PARTS:
        raise ValueError(f"{len(parts)} parts in one transaction; BC takes {MAX_PARTS}")
    if any(COMMITTING in part.path for part in parts):
        raise ValueError("a bound action commits, so it cannot be part of one transaction")
