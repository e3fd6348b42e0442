"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass

from bc_pipeline.report import AsJson

FEWEST_LETTERS = 3
"""Letters of a text for which parts of numbers and names count as hits; shorter ones are all over
the place."""


@dataclass(frozen=True)
class Hit:
    """One thing that has the text somewhere.

    Attributes:
        what: task name of what it is, ``optiply/products``, or ``file``.
        number, name: what people call it.
        key: remote id, key in the ledger, or name of the file.
        by: where the text stands: ``number``, ``name``, ``Optiply's id`` and so on.
        exact: the text is all of it.
        state: as in the id map or the ledger.
        note: what else tells where it counts.
        command: what to go on with.
    """

    what: str
    number: str | None
    name: str | None
    key: str
    by: str
    exact: bool
    state: str | None = None
    note: str | None = None
    command: str | None = None


@dataclass(frozen=True)
class Found(AsJson):
    """The answer to a search.

    Attributes:
        hits: exact ones first, those of a kind together.
        looked_in: where it was looked, a phrase each.
        missing: why a record may not be found, a sentence each.
    """

    text: str
    hits: tuple[Hit, ...]
    looked_in: tuple[str, ...]
    missing: tuple[str, ...]
