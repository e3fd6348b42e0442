"""The deletion guard: mass deletions wait for an operator (flows.md 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bc_pipeline.values import listed

FEWEST_GUARDED = 10
GUARDED_SHARE = 0.05
MOST_NAMED = 20
"""Records named in the text of a problem; ``held.held_deletions`` has them all."""


@dataclass(frozen=True)
class Deletions:
    """What a run would take away of one entity.

    Args:
        gone: records that would be taken away.
        absent: those of them that are only missing from what Business Central lists; of the others
            it says itself that they are gone.
        standing: records we keep alive in Optiply now.
        staying: those of them that stay.
        coming: records that are to be created.
        waiting: those of the ones gone that wait for an approval since an earlier run.
        parts: the records are parts of documents, which say themselves what they are made of.
    """

    gone: int
    absent: int
    standing: int
    staying: int
    coming: int
    waiting: int = 0
    parts: bool = False

    @property
    def are_too_many(self) -> bool:
        """Whether they need an operator's approval (flows.md 6, decisions 25)."""
        many = too_many_deletions(self.gone, self.standing)
        return many or self._are_all or self.waiting > 0

    @property
    def are_more_than_was_seen(self) -> bool:
        """Whether an operator who approved what waited could not know of most of it: so much has
        gone since then that it needs an approval of its own. An approval given while nothing waited
        is for whatever comes."""
        return self.waiting > 0 and too_many_deletions(self.gone - self.waiting, self.standing)

    @property
    def _are_all(self) -> bool:
        """However few: a list that is empty, or about other records altogether, is no proof. Nor is
        it when several say at once that they are gone and nothing takes their place."""
        if self.parts or self.staying or not self.gone:
            return False
        return self.absent > 0 or (self.gone > 1 and not self.coming)


def too_many_deletions(deletions: int, standing: int) -> bool:
    """Whether so many deletions need an operator's approval (flows.md 6).

    Args:
        deletions: records that would be taken away.
        standing: records we keep alive in Optiply now.
    """
    return deletions >= max(FEWEST_GUARDED, standing * GUARDED_SHARE)


def guard_reason(
    entity: str, tenant: str, deletions: int, standing: int, names: Sequence[str] = ()
) -> str:
    """Why nothing was deleted, and what to do.

    Args:
        names: what people call the records, as far as that is known.
    """
    return (
        f"{deletions} of {standing} records would be taken away in Optiply; nothing was. Look "
        "whether Business Central really lost them (company renamed, permission or filter "
        f"changed?){listing(names, deletions)}. If so: "
        f"bc-pipeline approve-deletions {tenant} {entity}"
    )


def listing(names: Sequence[str], total: int) -> str:
    """``: a, b and 3 more``, at most ``MOST_NAMED``; nothing when there are no names."""
    return f": {listed(names, MOST_NAMED, total)}" if names else ""
