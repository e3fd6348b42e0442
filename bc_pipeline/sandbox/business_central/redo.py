"""What transactions leave behind, to be done again elsewhere or later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from bc_pipeline.sandbox.business_central.company import Company

# (entity set, key, the row as it stands after the transaction, None when it is gone). Of a row
# that is there already, what is given of it changes.
Redo = list[tuple[str, str, dict[str, Any] | None]]


class Follower(Protocol):
    """A replica of a company; see ``replica``."""

    seconds: float
    heeds_parts: bool

    def now(self) -> Company:
        """The company as reads see it that may be answered by the replica."""

    def commit(self, redo: Redo) -> None:
        """Take note of what a transaction left behind."""
