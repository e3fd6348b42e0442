"""Changes in a played Business Central company, as people there make them.

Each change keeps to Business Central's rules (rules.md): it moves the stamps, stock, quantities
and documents that the real one moves, and is refused where the real one refuses.
"""

from bc_pipeline.sandbox.bookkeeping.documents import Refused
from bc_pipeline.sandbox.changes.catalogue import (
    CHANGES,
    NAMES,
    SETUP_CHANGES,
    apply_to,
)
from bc_pipeline.sandbox.changes.postings import Posting, Postings
from bc_pipeline.sandbox.changes.random_changes import random_changes

__all__ = [
    "CHANGES",
    "NAMES",
    "SETUP_CHANGES",
    "Posting",
    "Postings",
    "Refused",
    "apply_to",
    "random_changes",
]
