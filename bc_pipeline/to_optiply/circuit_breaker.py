"""Stops an entity before damage is done: one cause failing many records, a wrong account
(flows.md 4, optiply.md 4)."""

from __future__ import annotations

from collections import Counter

from bc_pipeline.errors import EntityFailed
from bc_pipeline.to_optiply.outcome import Outcome

MOST_ALIKE = 20
ALIKE_SHARE = 0.20
FEWEST_ALIKE = 5
MOST_UNKNOWN = 5
UNKNOWN_SHARE = 0.20
ENOUGH_TRIED = 25
"""A share means something only after this many records, or after all of a smaller number."""


class CircuitBreaker:
    """Stops an entity when one cause fails many of its records.

    Args:
        entity: task name, for the message.
        planned: how many records will be tried.
        approved: an operator has looked; the check for a wrong account is off for this run.
    """

    def __init__(self, entity: str, planned: int, *, approved: bool = False) -> None:
        self._entity = entity
        self._enough = min(planned, ENOUGH_TRIED)
        self._approved = approved
        self._tried = 0
        self._alike: Counter[str] = Counter()
        self._patched = 0
        self._unknown = 0

    def note(self, outcome: Outcome) -> None:
        """Take one more outcome into account. Raises EntityFailed when it is one too many."""
        self._tried += 1
        if outcome.followed_by == "resolve":
            self._unknown += 1
        if outcome.row.action == "update":
            self._patched += 1
            if self._tried >= self._enough:
                self.check_account()
        if outcome.failed:
            self._alike[outcome.signature] += 1
            self._check_alike(outcome)

    def check_account(self) -> None:
        """Raise EntityFailed when too many of the changed records are unknown in Optiply."""
        many = self._unknown > MOST_UNKNOWN and self._unknown > UNKNOWN_SHARE * self._patched
        if many and not self._approved:
            raise EntityFailed(
                f"{self._entity}: Optiply does not know {self._unknown} of the {self._patched} "
                "records that changed. Wrong account? Check account_id; if the records were "
                "really removed there, approve it with approve-deletions"
            )

    def _check_alike(self, outcome: Outcome) -> None:
        alike = self._alike[outcome.signature]
        share = (
            alike >= FEWEST_ALIKE
            and self._tried >= self._enough
            and alike > ALIKE_SHARE * self._tried
        )
        if alike > MOST_ALIKE or share:
            raise EntityFailed(
                f"{self._entity}: stopped, {alike} of {self._tried} records failed alike: "
                f"{outcome.reason}"
            )
